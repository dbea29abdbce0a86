"""Configuration files as facts: their bytes as text, redacted, with the hash of what was read."""

from __future__ import annotations

import hashlib

from hitless.facts import ConfigurationFile
from hitless.host.redact import redact_configuration

__all__ = ["configuration_file"]


def configuration_file(path: str, data: bytes) -> ConfigurationFile:
    """Return the fact about a file that holds these bytes."""
    encoding = "utf-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        encoding = "latin-1"
        text = data.decode(encoding)
    return ConfigurationFile(
        path=path, text=redact_configuration(text), sha256=hashlib.sha256(data).hexdigest(), encoding=encoding
    )
