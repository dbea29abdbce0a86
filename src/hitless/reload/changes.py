"""What differs between two configurations, in numbers and names: no text of theirs leaves this file. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

from hitless.config.tree import parse
from hitless.host.root import printable
from hitless.reloads import ConfigurationChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hitless.reloads import ConfigurationDigest

__all__ = ["summarise_change"]

_SECTIONS = 200


def summarise_change(
    before: Mapping[str, bytes] | None,
    after: Mapping[str, bytes],
    *,
    digests_before: tuple[ConfigurationDigest, ...],
    digests_after: tuple[ConfigurationDigest, ...],
) -> ConfigurationChange:
    """Return what changes; `before` is None where nobody knows what runs."""
    if before is None:
        return ConfigurationChange(after=digests_after)
    old, new = _lines(before), _lines(after)
    return ConfigurationChange(
        before=digests_before,
        after=digests_after,
        lines_added=sum((new - old).values()),
        lines_removed=sum((old - new).values()),
        sections=tuple(_sections(before, after)),
    )


def _lines(texts: Mapping[str, bytes]) -> Counter[bytes]:
    return Counter(line for data in texts.values() for line in data.splitlines())


def _sections(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    if before == after:
        return
    old, new = _digests(before), _digests(after)
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    for name in changed[:_SECTIONS]:
        what = "added" if name not in old else "removed" if name not in new else "changed"
        yield f"{name} ({what})"
    if len(changed) > _SECTIONS:
        yield f"and {len(changed) - _SECTIONS} more"


def _digests(texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a hash of each section's lines; sections of the same name count as one."""
    found: dict[str, hashlib._Hash] = {}
    for data in texts.values():
        file = parse(data)
        for section in file.sections:
            name = printable(f"{section.kind} {section.name}".strip())
            digest = found.setdefault(name, hashlib.sha256())
            for line in file.lines[section.header - 1 : section.stop - 1]:
                digest.update(line.to_bytes())
    return {name: digest.digest() for name, digest in found.items()}
