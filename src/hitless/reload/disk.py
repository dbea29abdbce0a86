"""The configuration files of an instance as they are on disk: read, replaced whole, compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.config.files import read_bounded
from hitless.errors import UsageError
from hitless.host.errors import HostError
from hitless.store import Staged, discard, put_in_place, read_bytes, real_path, stage, sweep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hitless.reload.target import Target

__all__ = ["Disk", "read_new"]


def read_new(target: Target, new: Mapping[str, str]) -> dict[str, bytes]:
    """Return the new bytes by the path of the configuration file that they are for.

    Raises: UsageError if that cannot be told; ConfigError if a file cannot be read.
    """
    paths = [file.path for file in target.instance.configuration]
    found = {}
    for path, source in new.items():
        if not path and len(paths) != 1:
            raise UsageError(
                f"{target.instance.name} has {len(paths)} configuration files; which one does {source} replace?",
                hint=f"Write --config FILE={source}; there is: {', '.join(paths[:10])}",
            )
        place = path or paths[0]
        if place not in paths:
            raise UsageError(
                f"{place} is no configuration file of {target.instance.name}.",
                hint=f"There is: {', '.join(paths[:10])}",
            )
        found[place] = read_bounded(source)
    return found


@dataclass(slots=True)
class Disk:
    """The files of one instance. Paths are those that HAProxy names."""

    target: Target
    staged: dict[str, Staged] = field(default_factory=dict)
    """New versions that wait beside the files they are to replace."""

    def read(self) -> dict[str, bytes]:
        """Return the bytes of every file, by path.

        Raises: HostError if one cannot be read.
        """
        root = self.target.place.root
        found = {}
        for file in self.target.instance.configuration:
            data, more = root.read_bytes(file.path, limit_bytes=128 * 1024 * 1024)
            if more:
                raise HostError(f"{file.path} is too large.")
            found[file.path] = data
        return found

    def sweep(self) -> None:
        """Remove new versions that a call which was killed has left waiting."""
        if not self.target.place.foreign:
            for file in self.target.instance.configuration:
                sweep(real_path(file.path))

    def stage(self, texts: Mapping[str, bytes]) -> dict[str, str]:
        """Write new versions beside the files; return by path where they wait.

        Raises: ChangeError; UsageError if its files are not ours to write.
        """
        for path, data in texts.items():
            self._require_ours(path)
            self.staged[path] = stage(path, data)
        return {path: staged.waiting for path, staged in self.staged.items()}

    def put(self) -> None:
        """Rename what waits into place. Raises: ChangeError if a file has been changed since, or cannot be replaced."""
        for path in list(self.staged):
            put_in_place(self.staged.pop(path))

    def discard(self) -> None:
        """Remove what waits."""
        for staged in self.staged.values():
            discard(staged.waiting)
        self.staged.clear()

    def _require_ours(self, path: str) -> None:
        """A service in a mount namespace of its own may find another file under this name."""
        if not self.target.place.foreign:
            return
        data, _ = self.target.place.root.read_bytes(path, limit_bytes=128 * 1024 * 1024)
        if read_bytes(real_path(path)) != data:
            raise UsageError(
                f"{path} is another file in HAProxy's mount namespace than here: it cannot be replaced from here.",
                hint="Run hitless where HAProxy lives (in its container).",
            )
