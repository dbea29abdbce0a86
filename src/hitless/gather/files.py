"""Configuration files without a host: what stands in a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hitless import __version__
from hitless.config.files import expand_paths, read_bounded
from hitless.facts import Host, Instance, Snapshot, Unit, Unknown
from hitless.gather.configuration import configuration_file
from hitless.gather.document import rfc3339_now
from hitless.gather.mode import decide_mode, master_worker_line
from hitless.gather.program import find_program
from hitless.gather.unit import launch_of_unit, read_unit_file

if TYPE_CHECKING:
    from hitless.gather.options import GatherOptions

__all__ = ["gather_files"]


def gather_files(options: GatherOptions) -> Snapshot:
    """Return the facts that configuration files say by themselves, with a unit file and a HAProxy if there is one.

    Raises: ConfigError if a file cannot be read; ControlError if the HAProxy that was named cannot be asked.
    """
    configuration = tuple(
        configuration_file(path, read_bounded(path)) for path in expand_paths(options.files)
    )
    unknown: list[Unknown] = []
    unit = _read_unit(options)
    launch = launch_of_unit(unit) if unit is not None else None
    binary = None
    if options.haproxy_version is None:
        binary, problems = find_program(options.haproxy, with_keywords=False)
        unknown += problems
    instance = Instance(
        name=options.files[0],
        configuration=configuration,
        launch=launch,
        binary=binary,
        assumed_version=options.haproxy_version,
        unit=unit,
        environment=options.environment,
    )
    mode, source = decide_mode(
        asked=options.mode, launch=launch, configuration_says=master_worker_line(instance)
    )
    instance = msgspec.structs.replace(instance, mode=mode, mode_source=source)
    if options.check and binary is not None:
        from hitless.gather.check import check_instance

        check, problems = check_instance(instance, files=options.files)
        instance = msgspec.structs.replace(instance, check=check)
        unknown += problems
    return Snapshot(
        tool_version=__version__,
        taken_at=rfc3339_now(),
        instances=(instance,),
        host=_host_of_scripts(options, unknown) if options.scripts else None,
        unknown=tuple(unknown),
    )


def _read_unit(options: GatherOptions) -> Unit | None:
    return read_unit_file(options.unit_file) if options.unit_file else None


def _host_of_scripts(options: GatherOptions, unknown: list[Unknown]) -> Host:
    """Return a host of which only scripts are known: those of the repository that the files are in."""
    from hitless.host.root import HostRoot
    from hitless.host.script_reader import ScriptReader
    from hitless.host.script_trees import read_tree

    reader = ScriptReader(HostRoot())
    for path in options.scripts:
        read_tree(reader, path)
    unknown += reader.unknown
    return Host(scripts=tuple(reader.scripts.values()))
