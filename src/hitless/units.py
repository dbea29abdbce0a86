"""Durations and sizes as HAProxy writes them.

Source: HAProxy 2.8 src/tools.c parse_time_err(), parse_size_err().
"""

import re

LAST_SECOND = 253_402_128_000
"""The last day but one of the year 9999: what no zone carries beyond what a date can say."""
NANOSECONDS_PER_SECOND = 1_000_000_000
NANOSECONDS_PER_MILLISECOND = 1_000_000
NANOSECONDS_PER_MICROSECOND = 1_000

_TIME_UNITS_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZE_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_TIME = re.compile(r"(\d+)(us|ms|s|m|h|d)?")
_SIZE = re.compile(r"(\d+)([kKmMgG]?)")


def parse_duration_s(text: str, *, default_unit: str = "ms") -> float:
    """Return a HAProxy duration ("30s", "500ms", "5000") in seconds.

    Raises: ValueError if the text is no HAProxy duration.
    """
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"not a duration: {text!r}")
    return int(match[1]) * _TIME_UNITS_S[match[2] or default_unit]


def parse_size_bytes(text: str) -> int:
    """Return a HAProxy size ("16k", "1m", "4096") in bytes.

    Raises: ValueError if the text is no HAProxy size.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError(f"not a size: {text!r}")
    return int(match[1]) * _SIZE_UNITS[match[2].lower()]


def format_duration(seconds: float) -> str:
    """Return a duration in the unit a person would choose, e.g. "180 us", "2.03 s"."""
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.0f} us"
    if seconds < 1.0:
        return f"{seconds * 1e3:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 1000 else f"{seconds:.0f} s"


def format_age(seconds: float) -> str:
    """Return a time that has passed, in two units as HAProxy does, e.g. "4d3h", "3h12m", "58m1s", "7s"."""
    if seconds < 0:
        return f"-{format_age(-seconds)}"
    left = int(seconds)
    parts: list[tuple[int, str]] = []
    for name, unit in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= unit or parts:
            parts.append((left // unit, name))
            left %= unit
    return "".join(f"{number}{name}" for number, name in parts[:2] if number) or "0s"


def format_count(number: int) -> str:
    """Return an integer with thin groups of three: 41210 becomes "41 210"."""
    return f"{number:,}".replace(",", " ")
