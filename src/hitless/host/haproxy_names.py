"""Whether a process is a HAProxy. Pure: no process is looked at."""

from collections.abc import Sequence
from pathlib import PurePosixPath

from hitless.config.arguments import parse_arguments

__all__ = ["is_haproxy"]

_NAMES = ("haproxy", "hapee-lb")
"""How its programs begin: haproxy-2.6, haproxy.old; HAProxy Enterprise's is hapee-lb."""
_DELETED = " (deleted)"


def is_haproxy(executable: str, name: str, arguments: Sequence[str]) -> bool:
    """Return whether this is a HAProxy, by its binary, the word it was started by, and the words behind it.

    A script called haproxy-something has its interpreter as both; exporters and ingress controllers that begin with
    the same name have other words: HAProxy always has a configuration (-f, or after "--") and no --long-options.
    Where the binary may not be seen (""), the process's name (comm) stands in.
    """
    if not arguments or not parse_arguments(arguments).files:
        return False
    words = arguments[1:]
    if any(word.startswith("--") and word != "--" for word in words[: _end_of_options(words)]):
        return False
    by_binary = executable or (name if _base(arguments[1]) != name else "")
    return _base(by_binary.removesuffix(_DELETED)).startswith(_NAMES) or _base(arguments[0]).startswith(
        _NAMES
    )


def _end_of_options(words: Sequence[str]) -> int:
    return words.index("--") if "--" in words else len(words)


def _base(path: str) -> str:
    return PurePosixPath(path).name
