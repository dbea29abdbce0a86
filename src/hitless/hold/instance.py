"""What a holder is told of an instance: its name, how its processes are known, how long to hold. Pure."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from hitless.errors import UsageError
from hitless.units import parse_duration_s

__all__ = ["InstanceSpec", "parse_spec", "read_spec_document", "spec_document"]

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
_RESERVED = frozenset({"control"})
_PATH_LIMIT = 4096
_LONGEST_S = 7 * 86_400.0
CLOSE_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class InstanceSpec:
    """One instance. Empty fields: not said; then its processes are known by the sockets they have."""

    name: str
    pid: int = 0
    pid_file: str = ""
    configuration: str = ""
    stats_socket: str = ""
    """With `expose-fd listeners`: where to ask before taking."""
    user: str = ""
    """Who may ask, besides root and the holder's own user."""
    close_after_s: float = CLOSE_AFTER_S
    """How long a socket is held on which nobody accepts."""


def parse_spec(text: str) -> InstanceSpec:
    """Return what "web,pid-file=/run/haproxy.pid,close-after=60s" says.

    Raises: UsageError
    """
    name, *words = text.split(",")
    document: dict[str, object] = {"name": name}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"--instance {text}: {word!r} has no value.")
        if key == "close-after":
            document["close_after_s"] = _duration_s(value)
        elif key == "pid" and value.isascii() and value.isdigit():
            document["pid"] = int(value)
        else:
            document[key.replace("-", "_")] = value
    return read_spec_document(document)


def _duration_s(text: str) -> float:
    try:
        return parse_duration_s(text, default_unit="s")
    except ValueError as error:
        raise UsageError(f"close-after={text} is no duration; for example 60s, 5m.") from error


def read_spec_document(document: object) -> InstanceSpec:
    """Return the instance that a JSON object describes.

    Raises: UsageError for anything that is not meant so.
    """
    if not isinstance(document, Mapping):
        raise UsageError("An instance is an object.")
    kinds = {field.name: field.type for field in fields(InstanceSpec)}
    for key, value in document.items():
        if key not in kinds:
            raise UsageError(f"An instance has no {key!r}; there are {', '.join(kinds)}.")
        _check(key, value, float if kinds[key] is float else kinds[key])
    name = document.get("name", "")
    if not _NAME.fullmatch(str(name)) or name in _RESERVED:
        raise UsageError(
            f"{str(name)[:80]!r} is no name of an instance.",
            hint='Letters, digits, ".", "_" and "-", at most 64, and not "control".',
        )
    return InstanceSpec(**document)


def _check(key: str, value: object, kind: object) -> None:
    right = isinstance(value, int | float) if kind is float else isinstance(value, kind)  # type: ignore[arg-type]
    if not right or isinstance(value, bool):
        raise UsageError(f"{key}: {str(value)[:80]!r} is not of its kind.")
    if isinstance(value, str) and (len(value) > _PATH_LIMIT or "\0" in value):
        raise UsageError(f"{key} is too long, or has a NUL byte.")
    if key in {"pid_file", "configuration"} and value and not str(value).startswith("/"):
        raise UsageError(f"{key} needs an absolute path: the holder has a working directory of its own.")
    if key == "pid" and not 0 <= value < 2**31:  # type: ignore[operator]
        raise UsageError(f"{value} is no process.")
    if key == "close_after_s" and not 0 < value <= _LONGEST_S:  # type: ignore[operator]
        raise UsageError("close_after_s is above 0, and at most a week.")


def spec_document(spec: InstanceSpec) -> dict[str, object]:
    """Return an instance as a JSON object."""
    return asdict(spec)
