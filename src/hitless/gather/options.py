"""What to gather: which host or files, which of several instances, and what to take on the user's word."""

from dataclasses import dataclass

from hitless.facts import RunMode

__all__ = ["GatherOptions"]


@dataclass(frozen=True, slots=True)
class GatherOptions:
    """The selection of `hitless audit`, `fix` and `snapshot`. Without files and `snapshot`: the host at `root`."""

    files: tuple[str, ...] = ()
    """Configuration files and directories, looked at alone."""
    snapshot: str = ""
    """A file that `hitless snapshot` wrote: read instead of gathering."""
    root: str = "/"
    configuration: str = ""
    """Only the instance that uses this file."""
    pid: int | None = None
    """Only the instance of this process."""
    unit: str = ""
    unit_file: str = ""
    """A unit file, with its drop-ins in PATH.d, that starts the configuration files."""
    scripts: tuple[str, ...] = ()
    """Files and directories to look for scripts in."""
    haproxy: str = ""
    """A path, a name, or "embedded"."""
    haproxy_version: tuple[int, int, int] | None = None
    mode: RunMode | None = None
    check: bool | None = None
    """Whether HAProxy checks the configuration; None: for a running instance only."""
    keywords: bool = True
    """Whether the running program is asked which keywords it knows: that takes longer than all the rest."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables of the service, over what can be seen."""
