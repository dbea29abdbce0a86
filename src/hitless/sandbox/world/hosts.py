"""The names that a machine knows without DNS: /etc/hosts; pure."""

import ipaddress

__all__ = ["parse_hosts"]


def parse_hosts(text: str) -> dict[str, tuple[str, ...]]:
    """Return the names of a hosts file (hosts(5)) with their addresses, in lower case; odd lines are left out."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            address = str(ipaddress.ip_address(words[0].partition("%")[0]))
        except ValueError:
            continue
        for name in words[1:]:
            key = name.rstrip(".").lower()
            if address not in found.setdefault(key, ()):
                found[key] += (address,)
    return found
