"""What `haproxy -v` and `haproxy -vv` say.

Source: HAProxy src/haproxy.c display_version(), display_build_opts(). Up to 2.4-dev18 the banner says
"HA-Proxy"; distributions and git builds append to the number ("2.6.12-1+deb12u4", "2.8.25-5cf5d0683",
"3.5-dev5-abcdef-12").
"""

import re
from dataclasses import dataclass

__all__ = ["VersionReply", "parse_version"]

_BANNER = re.compile(r"HA-?Proxy version ((\d{1,3})\.(\d{1,3})(?:\.(\d{1,4}))?\S{0,200})", re.ASCII)
_FEATURE = re.compile(r"\+([A-Z0-9_]{1,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class VersionReply:
    """The version as numbers (a development version "3.5-dev5" is (3, 5, 0)), as text, and the features built in."""

    version: tuple[int, int, int]
    text: str
    features: frozenset[str]


def parse_version(output: str) -> VersionReply | None:
    """Return what the output of `haproxy -vv` says, or None if no HAProxy wrote it."""
    banner = _BANNER.match(output)
    if banner is None:
        return None
    numbers = (int(banner[2]), int(banner[3]), int(banner[4] or 0))
    features = next((line for line in output.splitlines() if line.startswith("Feature list :")), "")
    return VersionReply(numbers, banner[1], frozenset(_FEATURE.findall(features)))
