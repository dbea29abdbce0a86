"""Which HAProxy services a host has: processes that belong together, joined with the units that start them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.config.arguments import parse_arguments
from hitless.errors import UsageError
from hitless.facts import Role
from hitless.gather.launch import without_reload
from hitless.host.haproxy_roles import group_instances, is_haproxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hitless.facts import Process, Unit
    from hitless.gather.options import GatherOptions

__all__ = ["Service", "choose", "find_services"]

_MOST_LISTED = 40
_MOST_CHARACTERS = 200


@dataclass(slots=True)
class Service:
    """One HAProxy service: processes, a unit, a configuration; at least one of them."""

    processes: list[Process] = field(default_factory=list)
    unit: Unit | None = None
    configuration: str = ""
    """A packaged configuration that nothing else names."""

    @property
    def main(self) -> Process | None:
        """The process whose command line is the service's: the master, else the one that serves now."""
        masters = [p for p in self.processes if p.role is Role.MASTER]
        serving = sorted(
            self.processes,
            key=lambda p: (p.generation is None, p.generation or 0, p.age_s),
        )
        return next(iter([*masters, *serving]), None)

    @property
    def name(self) -> str:
        """The unit, "pid N", or the configuration's path."""
        if self.unit is not None:
            return self.unit.name
        return f"pid {self.main.pid}" if self.main else self.configuration

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command line without what a reload adds; () where none is known."""
        main = self.main
        if main is not None and main.arguments:
            return without_reload(main.arguments)
        commands = [c.arguments for c in (self.unit.start if self.unit else ()) if c.arguments]
        return commands[-1] if commands else ()

    @property
    def files(self) -> tuple[str, ...]:
        """What -f names, as written there."""
        return parse_arguments(self.arguments).files or ((self.configuration,) if self.configuration else ())

    def describe(self) -> str:
        """Return a line for a list of what there is to choose from."""
        main = self.main
        return ", ".join(
            part
            for part in (
                self.unit.name if self.unit else "",
                f"pid {main.pid}" if main else "not running",
                _shortened(" ".join(self.files)),
            )
            if part
        )


def find_services(
    processes: Sequence[Process], units: Sequence[Unit], *, packaged: str = ""
) -> list[Service]:
    """Return the services, running ones first; `packaged` is a configuration that stands for one if no other does."""
    services = [Service(list(group)) for group in group_instances(processes)]
    for unit in units:
        running = next((s for s in services if s.unit is None and _runs(unit, s)), None)
        if running is not None:
            running.unit = unit
        elif _is_of_haproxy(unit):
            services.append(Service(unit=unit))
    # Without a systemd (in a container of a distribution's image) a unit file says nothing of what runs otherwise.
    by_hand = {s.files for s in services if s.unit is None and s.files}
    services = [
        s for s in services if s.processes or s.unit is None or s.unit.active_state or s.files not in by_hand
    ]
    if not services and packaged:
        services.append(Service(configuration=packaged))
    return services


def _runs(unit: Unit, service: Service) -> bool:
    pids = {p.pid for p in service.processes}
    return unit.main_pid in pids or any(p.unit == unit.name for p in service.processes)


def _is_of_haproxy(unit: Unit) -> bool:
    """Return whether a unit that runs nothing would start a HAProxy: exporters have similar names."""
    if unit.load_state == "masked":
        return False
    return any(is_haproxy("", "", command.arguments) for command in unit.start if command.arguments)


def _shortened(text: str) -> str:
    """Return the text as a line can hold it: any process may call itself HAProxy, with arguments of any length."""
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


def choose(
    services: Sequence[Service], options: GatherOptions, *, configuration_option: str = "--config"
) -> list[Service]:
    """Return the services that --pid, --unit and --config (or what it is called) leave; without any of them all.

    Raises: UsageError if none is left, listing what there is.
    """
    left = [s for s in services if _matches(s, options)]
    if left:
        return left
    asked = " ".join(
        text
        for text in (
            f"--pid {options.pid}" if options.pid else "",
            f"--unit {options.unit}" if options.unit else "",
            f"{configuration_option} {options.configuration}" if options.configuration else "",
        )
        if text
    )
    if not services:
        raise UsageError(
            f"No HAProxy was found{' at ' + options.root if options.root != '/' else ' here'}: no process, no unit, "
            "no /etc/haproxy/haproxy.cfg.",
            hint="Name configuration files to look at them alone, or --snapshot FILE of the host that has it.",
        )
    there = "\n".join(f"  {s.describe()}" for s in services[:_MOST_LISTED])
    if len(services) > _MOST_LISTED:
        there += f"\n  and {len(services) - _MOST_LISTED} more"
    raise UsageError(f"No HAProxy matches {asked}.", hint=f"There is:\n{there}")


def _matches(service: Service, options: GatherOptions) -> bool:
    if options.pid and options.pid not in {p.pid for p in service.processes}:
        return False
    if options.unit:
        name = options.unit if "." in options.unit else f"{options.unit}.service"
        if service.unit is None or service.unit.name != name:
            return False
    wanted = options.configuration
    return not wanted or any(
        file in {wanted, wanted.rstrip("/")} or wanted.startswith(f"{file.rstrip('/')}/")
        for file in service.files
    )
