"""What a rule looks at: one instance of a snapshot, its configuration as tree and model, and what follows from them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from hitless.config.active import Diagnostics, read_active
from hitless.config.arguments import HaproxyArguments, parse_arguments
from hitless.config.build import build_model
from hitless.config.conditions import Facts
from hitless.config.environment import initial_variables
from hitless.config.tree import ConfigFile, parse
from hitless.facts import NEWEST_PATCH, RunMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hitless.config.active import ActiveSection
    from hitless.config.model import Directive, Model, Proxy
    from hitless.config.tree import Section
    from hitless.facts import Host, Instance, Process, Snapshot, Unit

__all__ = ["ASSUMED_VERSION", "Subject", "Transfer"]

ASSUMED_VERSION = (2, 8, 0)
"""Decides `.if` and defaults where nobody knows the version; rules that depend on it need Need.VERSION."""


class Transfer:
    """How the next reload gets its listening sockets: values of `Subject.transfer`."""

    AUTOMATIC = "automatic"
    """Master-worker of 2.6 and later: through an internal socket pair."""
    STATS_SOCKET = "stats-socket"
    """Through a stats socket with `expose-fd listeners` (classic -x; master-worker up to 2.5)."""
    NONE = "none"
    UNKNOWN = "unknown"


class Subject:
    """One instance, seen through its snapshot. Pure: everything is derived from the facts."""

    def __init__(self, snapshot: Snapshot, instance: Instance) -> None:
        self.snapshot = snapshot
        self.instance = instance

    @property
    def host(self) -> Host | None:
        """The machine as this instance sees it: None for files alone, and for an instance that lives elsewhere."""
        return None if self.instance.elsewhere else self.snapshot.host

    @property
    def unit(self) -> Unit | None:
        """The systemd unit."""
        return self.instance.unit

    @property
    def processes(self) -> tuple[Process, ...]:
        """The processes that were seen; () also where nobody could look (Need.PROCESSES)."""
        return self.instance.processes or ()

    @cached_property
    def files(self) -> tuple[ConfigFile, ...]:
        """The configuration's trees in the order in which HAProxy reads them."""
        return tuple(
            parse(file.text.encode("utf-8", "surrogateescape"), filename=file.path)
            for file in self.instance.configuration
            if not file.problem
        )

    @cached_property
    def model(self) -> Model:
        """The typed view."""
        return build_model(
            self.files,
            environment=self._environment,
            version=self.version or ASSUMED_VERSION,
            features=self._features,
        )

    @cached_property
    def active(self) -> list[ActiveSection]:
        """The sections with the lines in force, conditionals decided: all of them, unknown keywords included."""
        version = self.version or ASSUMED_VERSION
        variables = initial_variables(self._environment, version)
        return read_active(self.files, Facts(variables, version, self._features), variables, Diagnostics())

    @property
    def _features(self) -> frozenset[str]:
        binary = self.instance.binary
        return frozenset(binary.features) if binary else frozenset()

    @property
    def _environment(self) -> dict[str, str]:
        launch = self.instance.launch
        environment = {**dict(launch.environment if launch else ()), **dict(self.instance.environment)}
        if self.host is not None and self.host.host_name:
            environment.setdefault("HAPROXY_LOCALPEER", self.host.host_name)
        if self.arguments.local_peer:
            environment["HAPROXY_LOCALPEER"] = self.arguments.local_peer
        return environment

    @property
    def version(self) -> tuple[int, int, int] | None:
        """The HAProxy version that the advice is for, None if nobody knows."""
        binary = self.instance.binary
        return binary.version if binary else self.instance.assumed_version

    @property
    def version_text(self) -> str:
        """The version as its program says it, or as the user did: "2.6.12-1+deb12u4", "2.8", "" if nobody knows."""
        if self.instance.binary:
            return self.instance.binary.version_text
        version = self.version or ()
        return ".".join(map(str, version[:2] if version[2:] == (NEWEST_PATCH,) else version))

    def version_in(self, first: tuple[int, ...], last: tuple[int, ...] = (99,)) -> bool:
        """Return whether the version is known and within these branches, both included: (2, 4) to (2, 6)."""
        version = self.version
        return version is not None and first <= version[: len(first)] and version[: len(last)] <= last

    @cached_property
    def arguments(self) -> HaproxyArguments:
        """The command line HAProxy is started with; empty where it is not known (Need.LAUNCH)."""
        return parse_arguments(self.instance.launch.arguments if self.instance.launch else ())

    @property
    def mode(self) -> RunMode:
        """Classic or master-worker."""
        return self.instance.mode

    @property
    def master_worker(self) -> bool:
        """It is known to run with a master."""
        return self.instance.mode is RunMode.MASTER_WORKER

    @cached_property
    def transfer(self) -> str:
        """How the next reload gets its listening sockets, as one of `Transfer`.

        Source: HAProxy 2.6-dev1 2be557f7c (automatic in master-worker mode); before, the first stats socket with
        `expose-fd listeners` (src/haproxy.c get_cur_unixsocket).
        """
        exposing = any(b.options.get("expose-fd") == ("listeners",) for b in self.model.stats_sockets)
        if self.mode is RunMode.UNKNOWN:
            return Transfer.UNKNOWN
        if self.master_worker and self.version is None:
            return Transfer.STATS_SOCKET if exposing else Transfer.UNKNOWN
        if self.master_worker and self.version_in((2, 6)):
            return Transfer.AUTOMATIC
        return Transfer.STATS_SOCKET if exposing else Transfer.NONE

    def sections(self, *kinds: str) -> Iterator[tuple[ConfigFile, Section]]:
        """Yield the sections of these kinds, of all files in order."""
        for file in self.files:
            for section in file.sections:
                if section.kind in kinds:
                    yield file, section

    def in_global(self, *words: str) -> tuple[Directive, ...]:
        """Return the lines of `global` that begin with these words, in order."""
        return tuple(d for d in self.model.global_ if d.words[: len(words)] == words)

    @property
    def frontends(self) -> tuple[Proxy, ...]:
        """Proxies that bind something and are not disabled."""
        return self.model.frontends
