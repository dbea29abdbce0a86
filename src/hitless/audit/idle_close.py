"""Where `option idle-close-on-response` belongs, and the edits that put it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section, remove_line, replace_line
from hitless.audit.keep_alive import keeps_http1_alive
from hitless.audit.places import config_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.audit.subject import Subject
    from hitless.config.model import Proxy
    from hitless.findings import ConfigEdit

__all__ = ["IDLE_CLOSE", "OPTION", "instead_of_spreading", "option_section", "sections_without", "turn_on"]

IDLE_CLOSE = "idle-close-on-response"
OPTION = f"option {IDLE_CLOSE}"


def sections_without(subject: Subject) -> dict[str, list[Proxy]]:
    """Return the sections that should have the option, each with the frontends that lack it."""
    found: dict[str, list[Proxy]] = {}
    for proxy in subject.frontends:
        if keeps_http1_alive(subject, proxy) and IDLE_CLOSE not in proxy.options:
            found.setdefault(option_section(subject, proxy), []).append(proxy)
    return found


def option_section(subject: Subject, proxy: Proxy) -> str:
    """Return the line of the section that the option belongs to: the defaults section, if the proxy has one.

    A frontend that says `no option` itself is not reached through its defaults section.
    """
    own = _negation(subject, proxy.where) if proxy.defaults_where else ""
    return proxy.where if own else proxy.defaults_where or proxy.where


def turn_on(subject: Subject, where: str, proxies: Iterable[Proxy]) -> tuple[ConfigEdit, ...]:
    """Return the edits that turn the option on in a section.

    In a defaults section that a frontend in mode tcp takes too, HAProxy would warn that it "ignored" the option there
    (2.6.12 to 3.2.26), and with `zero-warning` refuse it: then it goes to each of the frontends.
    """
    shared = any(
        p.mode != "http" and p.defaults_where == where and p.kind in {"frontend", "listen"}
        for p in subject.model.proxies
    )
    sections = [p.where for p in proxies] if shared else [where]
    return tuple(edit for section in sections for edit in _in_section(subject, section))


def instead_of_spreading(subject: Subject, spread_where: str) -> tuple[ConfigEdit, ...]:
    """Return the edits that take `close-spread-time` away and put the option in its place."""
    edits = list(remove_line(subject, spread_where))
    if subject.version is None or subject.version_in((2, 6)):
        for where, proxies in sections_without(subject).items():
            edits += turn_on(subject, where, proxies)
    return tuple(edits)


def _in_section(subject: Subject, where: str) -> tuple[ConfigEdit, ...]:
    off = _negation(subject, where)
    if off:
        return replace_line(subject, off, OPTION)
    return add_to_section(subject, where, OPTION, beside=("mode", "option"))


def _negation(subject: Subject, where: str) -> str:
    """Return the line of a section that turns the option off, "" without one."""
    found = config_line(subject, where)
    if found is None:
        return ""
    file, header = found
    section = next((s for s in file.sections if s.header == header), None)
    numbers = range(section.header, section.stop) if section else ()
    off = ("no", "option", IDLE_CLOSE)
    return next((file.where(n) for n in numbers if file.line(n).words[:3] == off), "")
