"""Private /etc/passwd and /etc/group: the users and groups that a configuration names (pure)."""

from collections.abc import Iterable, Mapping

__all__ = ["FIRST_STAND_IN_ID", "pick_ids", "with_groups", "with_users"]

FIRST_STAND_IN_ID = 64_200
"""Above the ordinary ranges of distributions (60 000) and below nobody (65 534)."""


def pick_ids(names: Iterable[str], taken: Iterable[int]) -> dict[str, int]:
    """Return a free id for each name."""
    used = set(taken)
    ids = {}
    candidate = FIRST_STAND_IN_ID
    for name in sorted(set(names)):
        while candidate in used:
            candidate += 1
        ids[name] = candidate
        used.add(candidate)
    return ids


def with_users(passwd: bytes, users: Mapping[str, tuple[int, int]]) -> bytes:
    """Return passwd(5) with these users (name to uid and gid); entries of the same name are replaced."""
    entries = [f"{name}:x:{uid}:{gid}:stand-in:/:/usr/sbin/nologin" for name, (uid, gid) in users.items()]
    return _replace(passwd, users, entries)


def with_groups(group: bytes, groups: Mapping[str, int]) -> bytes:
    """Return group(5) with these groups (name to gid); entries of the same name are replaced."""
    return _replace(group, groups, [f"{name}:x:{gid}:" for name, gid in groups.items()])


def _replace(table: bytes, names: Iterable[str], entries: list[str]) -> bytes:
    ours = {name.encode() for name in names}
    kept = [line for line in table.splitlines() if line.split(b":", 1)[0] not in ours]
    return b"\n".join([*kept, *(entry.encode() for entry in entries)]) + b"\n"
