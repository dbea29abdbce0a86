"""Advice that circulates and that HAProxy refuses, with the right form.

Each was refused by `haproxy -c` of 2.8, and each right form accepted; the system tests show it again. Rules look at
single lines, before conditionals are decided.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hitless.config.templates import is_template
from hitless.config.tree import ConfigFile, Line

__all__ = ["Mistake", "known_mistakes"]

_PROXIES = frozenset({"defaults", "frontend", "backend", "listen"})
_GLOBAL_ONLY = frozenset(
    {"hard-stop-after", "master-worker", "nbthread", "close-spread-time", "mworker-max-reloads"}
)
_SOCKET = "stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners"
_ADDRESS = re.compile(r"[/@:$]")
_REMOVED_RULES = re.compile(r"(req|rsp)(i?)(add|rep|del|deny|allow|tarpit|pass)")
_REPLACEMENTS = {
    "reqadd": "http-request add-header NAME VALUE",
    "rspadd": "http-response add-header NAME VALUE",
    "reqdel": "http-request del-header NAME",
    "rspdel": "http-response del-header NAME",
    "reqrep": "http-request replace-header NAME REGEX FORMAT",
    "rsprep": "http-response replace-header NAME REGEX FORMAT",
    "reqdeny": "http-request deny if CONDITION",
    "rspdeny": "http-response deny if CONDITION",
    "reqallow": "http-request allow if CONDITION",
    "reqtarpit": "http-request tarpit if CONDITION",
}
_OPTIONS = frozenset({"idle-close-on-response", "redispatch", "httplog", "tcplog", "http-server-close"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that HAProxy refuses, why, and what to write instead."""

    where: str
    line_text: str
    message: str
    right_form: str
    """The line to write, in the section that the message names; "" where the line is to go."""


def known_mistakes(files: Sequence[ConfigFile]) -> list[Mistake]:
    """Return the lines of these files that are known to be wrong, in order."""
    return [mistake for file in files for mistake in _in_file(file)]


def _in_file(file: ConfigFile) -> Iterator[Mistake]:
    for section in file.sections:
        for number in range(section.header, section.stop):
            line = file.line(number)
            words = line.words
            if not words or is_template(words):
                continue
            found = next((f for rule in _RULES if (f := rule(section.kind, words))), None)
            if found:
                yield Mistake(file.where(number), _text(line), *found)


def _text(line: Line) -> str:
    return line.body.decode("utf-8", "backslashreplace")


_Found = tuple[str, str] | None


def _expose_fd_alone(kind: str, words: tuple[str, ...]) -> _Found:
    if words[0] != "expose-fd" or kind not in {"global", *_PROXIES}:
        return None
    return (
        "`expose-fd listeners` is a parameter of `stats socket` in `global`, not a line of its own.",
        _SOCKET,
    )


def _freebind(_: str, words: tuple[str, ...]) -> _Found:
    if "freebind" not in words or words[0] not in {"bind", "server", "freebind", "default-server"}:
        return None
    message = "There is no `freebind` keyword in any version of HAProxy."
    if words[0] in {"server", "default-server"}:
        without = [word for word in words if word != "freebind"]
        return f"{message} A server line binds nothing.", " ".join(without) if len(without) > 1 else ""
    message = f"{message} It is `transparent` on the bind line, or sysctl net.ipv4.ip_nonlocal_bind=1."
    if words[0] == "bind":
        return message, " ".join("transparent" if word == "freebind" else word for word in words)
    return message, "bind ADDRESS:PORT transparent"


def _stats_socket_without_path(kind: str, words: tuple[str, ...]) -> _Found:
    if kind != "global" or words[:2] != ("stats", "socket"):
        return None
    if len(words) > 2 and _ADDRESS.search(words[2]):
        return None
    return "`stats socket` of `global` expects a path or an address first, then its parameters.", _SOCKET


def _process_count(kind: str, words: tuple[str, ...]) -> _Found:
    if words[0] == "nbproc" and kind == "global":
        return "`nbproc` was removed in HAProxy 2.5: threads use all cores by themselves.", ""
    if words[0] == "bind-process":
        return "`bind-process` was removed with `nbproc` in HAProxy 2.5.", ""
    return None


def _wrong_section(kind: str, words: tuple[str, ...]) -> _Found:
    line = " ".join(words)
    if kind in _PROXIES and words[0] in _GLOBAL_ONLY:
        return f"`{words[0]}` belongs to the `global` section.", line
    if kind in _PROXIES and words[:2] in {("stats", "socket"), ("stats", "timeout")}:
        without_address = words[1] == "socket" and not (len(words) > 2 and _ADDRESS.search(words[2]))
        return f"`stats {words[1]}` belongs to the `global` section.", _SOCKET if without_address else line
    if kind == "global" and words[0] in {"timeout", "option"}:
        return f"`{words[0]}` belongs to `defaults` or to a proxy, not to `global`.", line
    return None


def _option_without_word(kind: str, words: tuple[str, ...]) -> _Found:
    if kind not in {"global", *_PROXIES} or words[0] not in _OPTIONS:
        return None
    return f"`{words[0]}` is an option of `defaults` or of a proxy.", f"option {' '.join(words)}"


def _reuseport(_: str, words: tuple[str, ...]) -> _Found:
    if words[0] != "reuseport" and not (words[0] == "bind" and "reuseport" in words):
        return None
    message = "HAProxy shares its ports by itself; there is only `noreuseport`, which forbids it."
    return message, " ".join(word for word in words if word != "reuseport")


def _address_in_header(_: str, words: tuple[str, ...]) -> _Found:
    if words[0] not in {"frontend", "listen"} or len(words) < 3 or words[2] == "from":
        return None
    return (
        f"`{words[0]}` takes a name only; the address has a line of its own.",
        f"bind {' '.join(words[2:])}",
    )


def _removed_rule(kind: str, words: tuple[str, ...]) -> _Found:
    match = _REMOVED_RULES.fullmatch(words[0])
    if kind not in _PROXIES or match is None:
        return None
    return f"`{words[0]}` was removed in HAProxy 2.1.", _REPLACEMENTS.get(match[1] + match[3], "")


_RULES: tuple[Callable[[str, tuple[str, ...]], _Found], ...] = (
    _expose_fd_alone,
    _freebind,
    _stats_socket_without_path,
    _process_count,
    _wrong_section,
    _option_without_word,
    _reuseport,
    _address_in_header,
    _removed_rule,
)
