"""Certificates that were changed over the runtime API: `show ssl cert` against the files. Only the leaf is compared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = [
    "Certificate",
    "judge_certificate",
    "parse_certificate_file",
    "parse_certificate_names",
    "parse_shown_certificate",
]

_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
_FIELD = re.compile(r"^(SHA1 FingerPrint|notBefore|Crt filename): (.*)$", re.MULTILINE)
_TIME = "%b %d %H:%M:%S %Y GMT"
"""As OpenSSL prints it: "Nov 28 02:40:08 2026 GMT"."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A leaf certificate: SHA-1 fingerprint in capital hexadecimal digits, and from when on it is valid."""

    fingerprint: str
    not_before: datetime | None = None
    path: str = ""
    """Of the file, where HAProxy says it (3.0 and later; a name of a `crt-store` is no path)."""


def parse_certificate_names(reply: str) -> tuple[str, ...]:
    """Return what `show ssl cert` lists; a transaction that was not committed ("*NAME") is not in force."""
    lines = [line.strip() for line in reply.splitlines()]
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith(("#", "*"))))


def parse_shown_certificate(reply: str) -> Certificate | None:
    """Read `show ssl cert NAME`; None for an entry without a certificate."""
    fields = dict(_FIELD.findall(reply))
    fingerprint = fields.get("SHA1 FingerPrint", "").strip()
    if not fingerprint:
        return None
    return Certificate(
        fingerprint, _parse_time(fields.get("notBefore", "")), fields.get("Crt filename", "").strip()
    )


def parse_certificate_file(data: bytes) -> Certificate | None:
    """Return the first certificate of a PEM file; None if it has none that can be read."""
    from cryptography import x509  # slow to import, and few configurations need it
    from cryptography.hazmat.primitives import hashes

    found = _PEM.search(data)
    if found is None:
        return None
    try:
        certificate = x509.load_pem_x509_certificate(found[0])
    except ValueError:
        return None
    fingerprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - what HAProxy prints
    return Certificate(fingerprint.hex().upper(), certificate.not_valid_before_utc)


def judge_certificate(running: Certificate, in_file: Certificate | None) -> str:
    """Return what the reload would undo, "" if nothing: the same certificate, or a newer one in the file."""
    if in_file is None:
        return "it was made over the runtime API, and no file has it"
    if running.fingerprint == in_file.fingerprint:
        return ""
    if running.not_before and in_file.not_before and in_file.not_before > running.not_before:
        return ""
    return f"the running one ({running.fingerprint[:16]}…) is not the file's ({in_file.fingerprint[:16]}…)"


def _parse_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(" ".join(text.split()), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
