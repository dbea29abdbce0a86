"""The edits of a configuration that bring its logging to what is recommended, as few as do it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hitless.audit.edits import add_to_section, replace_line
from hitless.audit.log_lines import has_format, logged_frontends
from hitless.audit.logging_setup.formats import (
    UNIQUE_ID_FORMAT,
    UNIQUE_ID_HEADER,
    Form,
    format_line,
    says_enough,
)
from hitless.audit.logging_setup.target_edits import edit_target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitless.config.model import Directive, Proxy
    from hitless.findings import ConfigEdit
    from hitless.subject import Subject

__all__ = ["edit_configuration", "format_of"]

_FORMAT_OPTIONS = ("httplog", "httpslog", "tcplog")
_FORMAT_KEYWORDS = ("log-format", "log-format-sd")
_BESIDE_FORMAT = ("mode", "log", "option", "log-format")
_BESIDE_ID = (*_BESIDE_FORMAT, "unique-id-format")


Current = Callable[["Proxy"], str]
"""Where the line stands that a proxy has of some kind, "" for none."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """A line that a proxy should have."""

    proxy: Proxy
    text: str


def edit_configuration(subject: Subject, form: Form) -> tuple[ConfigEdit, ...]:
    """Return the edits: a target, frontends that use it, formats, and ids of requests."""
    wanted = logged_frontends(subject)
    silent = [proxy for proxy in wanted if not proxy.log_targets and not _has_log_line(subject, proxy)]
    by_id = [proxy for proxy in wanted if proxy.mode == "http" and not _sets_id(proxy)]
    edits = [
        *edit_target(subject),
        *_grant(subject, [_Wish(p, "log global") for p in silent], _target_of, ("mode",)),
        *_grant(subject, _wish_formats(subject, form), _format_where, _BESIDE_FORMAT),
        *_grant_keyword(subject, wanted, UNIQUE_ID_FORMAT),
        *_grant_keyword(subject, by_id, UNIQUE_ID_HEADER),
    ]
    return tuple(dict.fromkeys(edits))


def format_of(proxy: Proxy) -> Directive | None:
    """Return the line that decides the format of a frontend's lines, None for HAProxy's default."""
    own = [d for d in proxy.directives if d.keyword in _FORMAT_KEYWORDS]
    if own:
        return own[-1]
    return next((proxy.options[name] for name in _FORMAT_OPTIONS if name in proxy.options), None)


def _format_where(proxy: Proxy) -> str:
    found = format_of(proxy)
    return found.where if found else ""


def _target_of(proxy: Proxy) -> str:
    return proxy.log_targets[0].where if proxy.log_targets else ""


def _has_log_line(subject: Subject, proxy: Proxy) -> bool:
    """Return whether the proxy or its defaults say `log global` or `no log`: they get the target, or want none."""
    sections = (s for s in subject.active if s.header.where in {proxy.where, proxy.defaults_where})
    said = (d.words[:2] for section in sections for d in section.directives)
    return any(words in {("log", "global"), ("no", "log")} for words in said)


def _sets_id(proxy: Proxy) -> bool:
    """Return whether a rule already gives requests the header."""
    header = UNIQUE_ID_HEADER.split()[1].lower()
    rules = (d for d in proxy.directives if d.keyword != "unique-id-header")
    return any(header in (word.lower() for word in d.words) for d in rules)


def _wish_formats(subject: Subject, form: Form) -> list[_Wish]:
    """Return the wishes of all that log, also of pages about HAProxy itself that have a format."""
    logged = {proxy.where for proxy in logged_frontends(subject)}
    wishes = []
    for proxy in _serving(subject):
        now = format_of(proxy)
        if now is None and (proxy.where not in logged or has_format(proxy)):
            continue  # nothing to replace, or a way of its own (log-steps)
        if now is not None and now.keyword in _FORMAT_KEYWORDS and says_enough(" ".join(now.words[1:]), form):
            continue
        wishes.append(_Wish(proxy, format_line(form, proxy.mode, early="logasap" in proxy.options)))
    return wishes


def _grant_keyword(subject: Subject, wanted: Iterable[Proxy], text: str) -> list[ConfigEdit]:
    """Return the edits that give these proxies a line, if they have none with its keyword."""
    keyword = text.split(maxsplit=1)[0]

    def current(proxy: Proxy) -> str:
        found = proxy.all(keyword)
        return found[-1].where if found else ""

    wishes = [_Wish(proxy, text) for proxy in wanted if not current(proxy)]
    return _grant(subject, wishes, current, _BESIDE_ID)


def _grant(
    subject: Subject, wishes: Sequence[_Wish], current: Current, beside: tuple[str, ...]
) -> list[ConfigEdit]:
    """Return the edits that grant the wishes: once where all can share the line, else in each one's own section."""
    texts = {wish.proxy.where: wish.text for wish in wishes}
    modes = {wish.text: wish.proxy.mode for wish in wishes if wish.text.startswith("log-format")}
    edits: list[ConfigEdit] = []
    for wish in wishes:
        instead, home = current(wish.proxy), wish.proxy.defaults_where
        sharing = [
            other
            for other in _serving(subject)
            if current(other) == instead and (instead or other.defaults_where == home)
        ]
        # Who wishes nothing may have the line, too; a format only where it fits the mode.
        shared = all(
            texts.get(other.where, wish.text) == wish.text and modes.get(wish.text, other.mode) == other.mode
            for other in sharing
        )
        if instead and shared:
            edits += replace_line(subject, instead, wish.text)
        else:
            section = home if home and shared and not instead else wish.proxy.where
            edits += add_to_section(subject, section, wish.text, beside=beside)
    return edits


def _serving(subject: Subject) -> list[Proxy]:
    return [
        p for p in subject.model.proxies if p.kind in {"frontend", "listen"} and p.mode in {"http", "tcp"}
    ]
