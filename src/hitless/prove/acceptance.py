"""Get HAProxy to accept a configuration on this machine: give it what it misses, adapt limits, report all of it.

HAProxy itself says what it refuses; each refusal that can be met is met, a few times over. What cannot be met is the
user's to read, in HAProxy's own words and with the right form where the mistake is a known one.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hitless.config.mistakes import known_mistakes
from hitless.control.check import check_configuration
from hitless.errors import ConfigError
from hitless.reload.mechanism import Mode
from hitless.sandbox.entry import TierKind
from hitless.sandbox.limits import (
    apply_adaptations,
    plan_identity_adaptations,
    plan_limit_adaptations,
    raise_descriptor_limit,
)
from hitless.sandbox.private_files import place_file
from hitless.sandbox.refusals import learn_from_refusal, resolve_references
from hitless.sandbox.standins import plan_for_refusal
from hitless.sandbox.write_standins import write_stand_ins

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hitless.config.model import Model
    from hitless.config.tree import ConfigFile
    from hitless.control.binary import HaproxyBinary
    from hitless.control.check import CheckResult
    from hitless.records import StandIn
    from hitless.reload.launch import Launch
    from hitless.sandbox.limits import Adaptation

__all__ = ["Acceptance"]

MAX_CHECKS = 8


@dataclass(slots=True)
class Acceptance:
    """One configuration on its way to being accepted. `stand_ins` collects what had to be done for it."""

    binary: HaproxyBinary
    launch: Launch
    mode: Mode
    tier: TierKind
    model: Model
    files: Sequence[ConfigFile]
    runtime_directory: str
    stand_ins: list[StandIn] = field(default_factory=list)
    _met: set[str] = field(default_factory=set)

    def check(self) -> None:
        """Let HAProxy check the configuration as its service would, until it accepts it.

        Raises: ConfigError with HAProxy's messages if it never does.
        """
        result = self.provide()
        if not result.ok:
            raise self.refused([message.text for message in result.alerts], result.raw)

    def provide(self) -> CheckResult:
        """Provide what the configuration lacks, as long as that helps; return what HAProxy says of it in the end."""
        self._adapt(plan_identity_adaptations(self.model, self.tier))
        result = self._ask()
        for _ in range(MAX_CHECKS):
            if result.ok or not self.meet(result.raw):
                break
            result = self._ask()
        return result

    def meet(self, said: str) -> bool:
        """Provide what HAProxy says it lacks; return whether there was anything new to provide."""
        if self.tier is TierKind.LOOPBACK:
            return False
        lacking, _ = resolve_references(
            learn_from_refusal(said), self.model, directory=self.launch.working_directory
        )
        new = [reference for reference in lacking if reference.path not in self._met]
        self._met.update(reference.path for reference in new)
        plans = [
            one for reference in new for one in plan_for_refusal(reference, tier=self.tier, model=self.model)
        ]
        if plans:
            self.stand_ins += write_stand_ins(plans, directory=self.runtime_directory)[0]
        return self._meet_limits(said) or bool(plans)

    def refused(self, alerts: Sequence[str], said: str) -> ConfigError:
        """Return the error for a refusal: HAProxy's words, and the right form of known mistakes."""
        lines = list(alerts) or [line for line in said.splitlines() if line.strip()][-10:]
        hints = [
            f"{found.where}: {found.message}{_instead(found.right_form)}"
            for found in known_mistakes(self.files)
        ]
        return ConfigError(
            "\n".join(["HAProxy refuses this configuration:", *lines]),
            hint="\n".join(hints) or "Mend the lines above; `haproxy -c -f FILE` says the same.",
        )

    def _ask(self) -> CheckResult:
        return check_configuration(
            self.binary,
            self.launch.files,
            flags=("-W",) if self.mode is Mode.MASTER_WORKER else (),
            extra_arguments=self.launch.extra_arguments,
            environment=self.launch.environment,
            working_directory=self.launch.working_directory,
        )

    def _meet_limits(self, said: str) -> bool:
        """Raise the descriptor limit if that helps, else adapt the private copy of the configuration."""
        adaptations = plan_limit_adaptations(self.model, said)
        if not adaptations:
            return False
        before = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if raise_descriptor_limit() > before:
            return True
        return self._adapt(adaptations)

    def _adapt(self, adaptations: Iterable[Adaptation]) -> bool:
        new = [one for one in adaptations if one.what not in self._met]
        for file in self.files:
            name = file.filename or ""
            mine = [one for one in new if one.where.rpartition(":")[0] == name]
            if mine:
                # the private copy as it is now: it may have been adapted before
                place_file(name, apply_adaptations(Path(name).read_bytes(), name, mine))
        self._met.update(one.what for one in new)
        self.stand_ins += [one.record() for one in new]
        return bool(new)


def _instead(right_form: str) -> str:
    return f"\n    write instead: {right_form}" if right_form else "\n    remove the line"
