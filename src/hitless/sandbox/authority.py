"""The private authority of one run on disk, and what the simulated servers and the clients present."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.errors import SandboxError

if TYPE_CHECKING:
    from hitless.sandbox.certificates import Authority

__all__ = ["WorldCertificates", "open_authority"]

_KEY_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class WorldCertificates:
    """Paths, inside the sandbox, of what the simulated servers and the clients present."""

    authority: str
    """The private authority's certificate."""
    server: str
    """Certificate and key of every simulated server."""
    client: str
    """Certificate and key of the clients, where a bind verifies them."""


def open_authority(directory: str, server_names: Iterable[str]) -> "tuple[Authority, WorldCertificates]":
    """Return the authority in a private directory; it is made, with the certificates, if there is none.

    Raises: SandboxError where the directory cannot be made, written or read.
    """
    from hitless.sandbox import certificates  # cryptography is slow to import

    paths = WorldCertificates(*(f"{directory}/{name}.pem" for name in ("authority", "server", "client")))
    keys = (f"{directory}/authority-key.pem", f"{directory}/leaf-key.pem")
    try:
        if Path(paths.authority).exists():
            pems = (_read(path) for path in (paths.authority, *keys))
            return certificates.load_authority(*pems), paths
        authority = certificates.make_authority()
        Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_new(keys[0], certificates.key_pem(authority.key))
        _write_new(keys[1], certificates.key_pem(authority.leaf_key))
        _write_new(paths.server, authority.issue_pem(server_names))
        _write_new(paths.client, authority.issue_pem(("client.hitless.invalid",)))
        _write_new(paths.authority, authority.certificate_pem())
    except (OSError, ValueError) as error:
        raise SandboxError(f"cannot keep certificates in {directory}: {error}") from error
    return authority, paths


def _read(path: str) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(_KEY_LIMIT_BYTES)


def _write_new(path: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(data)
