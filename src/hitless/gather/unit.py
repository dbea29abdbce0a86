"""A unit file in a repository, and how a unit starts HAProxy."""

from __future__ import annotations

from pathlib import Path, PurePath

from hitless.config.files import read_bounded
from hitless.errors import ConfigError, UsageError
from hitless.facts import FileText, Launch, Unit
from hitless.host.redact import redact_text
from hitless.host.unit_files import read_unit_files

__all__ = ["launch_of_unit", "read_unit_file"]

_LIMIT_BYTES = 1024 * 1024


def read_unit_file(path: str) -> Unit:
    """Return the unit that a file describes, with its drop-ins (PATH.d/*.conf, in the order of their names).

    Raises: UsageError if it cannot be read.
    """
    try:
        drop_ins = sorted(Path(f"{path}.d").glob("*.conf"))
        files = [_read(str(name)) for name in (path, *drop_ins)]
    except (ConfigError, OSError, ValueError) as error:
        text = error.message if isinstance(error, ConfigError) else str(error)
        raise UsageError(
            text.replace("the configuration", "the unit file"), hint="--unit-file names a .service file."
        ) from error
    return read_unit_files(PurePath(path).name, files)


def _read(path: str) -> FileText:
    text = read_bounded(path, _LIMIT_BYTES).decode("utf-8", "backslashreplace")
    return FileText(path=path, text=redact_text(text))


def launch_of_unit(unit: Unit) -> Launch | None:
    """Return how a unit starts HAProxy: the last command of ExecStart= that has words."""
    for command in reversed(unit.start):
        if command.arguments:
            return Launch(
                arguments=command.arguments,
                source=f"ExecStart= of {unit.name}",
                environment=unit.environment,
            )
    return None
