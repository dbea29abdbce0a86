"""The host names that the certificates of a frontend are for: a bind with `strict-sni` answers nobody else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.model import Model, Proxy

__all__ = ["names_for_strict_binds"]

MAX_FILES = 16
MAX_NAMES = 8
READ_LIMIT_BYTES = 256 * 1024


def names_for_strict_binds(frontend: Proxy, model: Model) -> tuple[str, ...]:
    """Return names that the frontend's `strict-sni` binds have certificates for; none without such a bind."""
    strict = {bind.where for bind in frontend.binds if bind.has("ssl") and bind.has("strict-sni")}
    names: dict[str, None] = {}
    for path in list(_files(model, strict))[:MAX_FILES]:
        names.update(dict.fromkeys(_names(path)))
    return tuple(names)[:MAX_NAMES]


def _files(model: Model, places: set[str]) -> Iterator[Path]:
    for reference in model.file_references:
        if reference.where not in places:
            continue
        path = Path(reference.path)
        if reference.kind == "crt-list":
            yield from _listed(path)
        elif reference.kind in {"certificate", "certificate-directory"}:
            yield from sorted(path.iterdir()) if path.is_dir() else [path]


def _listed(path: Path) -> Iterator[Path]:
    """Yield the certificates of a crt-list, as far as their paths are absolute."""
    for line in _read(path).decode("utf-8", "replace").splitlines():
        words = line.split()
        if words and words[0].startswith("/"):
            yield Path(words[0])


def _names(path: Path) -> Iterator[str]:
    from cryptography import x509  # slow to import, and few configurations need it

    try:
        found = x509.load_pem_x509_certificates(_read(path))[0].extensions
        names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        return  # a key, a list of authorities: no certificate with names
    for name in names.get_values_for_type(x509.DNSName):
        yield f"www{name[1:]}" if name.startswith("*.") else name


def _read(path: Path) -> bytes:
    """Return the begin of a file; nothing of one that cannot be read: HAProxy has said what it needs."""
    try:
        with path.open("rb") as file:
            return file.read(READ_LIMIT_BYTES)
    except OSError:
        return b""
