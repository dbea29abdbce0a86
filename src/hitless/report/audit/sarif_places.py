"""Where a finding is, in SARIF's words, and a mark by which the same finding is known again when lines move."""

import hashlib
import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from hitless.findings import Finding, Place

__all__ = ["address", "fingerprints", "location_of"]

_NUMBER = re.compile(r"\d+")
_BASE = "%SRCROOT%"


def location_of(finding: Finding, directory: str) -> dict[str, Any]:
    """Return the location object (SARIF 3.28): a file's region, or the name of what has no file."""
    place = finding.place
    if place is None or not _is_file(place):
        name = place.file if place else finding.instance or "host"
        return {"logicalLocations": [{"name": name, "fullyQualifiedName": name, "kind": "resource"}]}
    artifact: dict[str, Any] = {"uri": address(place.file, directory)}
    if not artifact["uri"].startswith("file:"):
        artifact["uriBaseId"] = _BASE
    physical: dict[str, Any] = {"artifactLocation": artifact}
    if place.line:
        physical["region"] = _region(place)
    return {"physicalLocation": physical}


def _is_file(place: Place) -> bool:
    return bool(place.line) or place.file.startswith("/")


def _region(place: Place) -> dict[str, Any]:
    region: dict[str, Any] = {"startLine": place.line}
    if place.column:
        region["startColumn"] = place.column
        if place.length:
            region["endColumn"] = place.column + place.length
    if place.text:
        region["snippet"] = {"text": place.text}
    return region


def address(path: str, directory: str) -> str:
    """Return the URI of a file: relative below `directory`, else "file:///…"; every odd byte percent-encoded."""
    absolute = posixpath.normpath(posixpath.join(directory or "/", path))
    inside = directory.rstrip("/") + "/" if directory else ""
    if inside and absolute.startswith(inside):
        return _quote(absolute.removeprefix(inside))
    if not directory and not path.startswith("/"):
        return _quote(posixpath.normpath(path))
    return "file://" + _quote("/" + absolute.lstrip("/"))


def _quote(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))


def fingerprints(findings: Sequence[Finding], directory: str) -> list[str]:
    """Return a mark for each finding that stays when lines above it come or go, when pids or counts change."""
    seen: Counter[str] = Counter()
    marks = []
    for finding in findings:
        identity = "\0".join((finding.code, *_identity(finding, directory)))
        seen[identity] += 1
        text = f"{identity}\0{seen[identity]}"
        marks.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return marks


def _identity(finding: Finding, directory: str) -> tuple[str, ...]:
    place = finding.place
    if place is not None and place.line:
        return address(place.file, directory), " ".join(place.text.split())
    thing = _NUMBER.sub("#", place.file if place else finding.message)
    return finding.instance, thing
