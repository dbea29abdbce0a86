"""Where `option idle-close-on-response` belongs, and the edits that put it there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section, remove_line, replace_line
from hitless.audit.keep_alive import keeps_http1_alive

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hitless.config.model import Proxy
    from hitless.findings import ConfigEdit
    from hitless.subject import Subject

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
    return _negations(subject).get(where, "")


@lru_cache(maxsize=1)
def _negations(subject: Subject) -> dict[str, str]:
    """Return the lines that turn the option off, by the line of their section; the subject never changes."""
    found: dict[str, str] = {}
    off = ("no", "option", IDLE_CLOSE)
    for file in subject.files:
        lines = [
            n for n, line in enumerate(file.lines, 1) if line.body.startswith(b"no") and line.words[:3] == off
        ]
        for section in file.sections if lines else ():
            for number in lines:
                if section.header < number < section.stop:
                    found.setdefault(file.where(section.header), file.where(number))
    return found
