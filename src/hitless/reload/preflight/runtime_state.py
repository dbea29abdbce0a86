"""What only the running process knows, and a reload would lose: changes made over the runtime API since it started.

Listed: servers (weights, maintenance, addresses, added ones), limits, frontends out of service, entries of maps and
ACLs, certificates. Bounded in number, size and time; what was not compared is said. Not looked at: chains and OCSP
responses of certificates, CA and CRL files, TLS ticket keys, variables, entries of stick-tables (`peers` does).
"""

from __future__ import annotations

import posixpath
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitless.errors import ControlError
from hitless.findings import Evidence
from hitless.host.errors import Gone, HostError
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.asking import CurrentProcess, reach_current
from hitless.reload.preflight.runtime_certificates import (
    judge_certificate,
    parse_certificate_file,
    parse_certificate_names,
    parse_shown_certificate,
)
from hitless.reload.preflight.runtime_limits import STATISTICS, limit_differences, parse_statistics
from hitless.reload.preflight.runtime_maps import (
    compare_patterns,
    parse_acl_file,
    parse_map_file,
    parse_references,
    parse_shown,
)
from hitless.subject.state_lines import loads_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from hitless.facts import ServerState
    from hitless.reload.preflight.options import PreflightOptions
    from hitless.reload.target import Target
    from hitless.reloads import PreflightCheck
    from hitless.subject import Subject

__all__ = ["Losses", "check_runtime_state", "judge_runtime_state", "lost_servers"]

_ANSWER = Answers("runtime-state")
_LISTED = 100
_MOST_LISTS = 64
_MOST_CERTIFICATES = 200
_FILE_LIMIT_BYTES = 4 * 1024 * 1024
_BY_ITS_CHECK = "down by its check"
_NOT_IN_FILE = "not in the configuration"


@dataclass(slots=True)
class Losses:
    """What was found, and what could not be compared."""

    lost: list[Evidence] = field(default_factory=list)
    not_compared: list[str] = field(default_factory=list)

    def add(self, texts: Iterable[str], source: str) -> None:
        """Note what one source shows."""
        self.lost += [Evidence(text=text, source=source) for text in texts]


def check_runtime_state(target: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    """Compare the process that serves with its files."""
    losses = Losses()
    current = target.current
    view = target.worker_view(current.pid) if current else None
    if view is None or view.server_differences is None:
        losses.not_compared.append("servers: their state could not be asked for")
    else:
        losses.add(lost_servers(view.server_differences, target.subject), f"show servers state of {view.pid}")
    try:
        process = reach_current(target, timeout_s=options.ask_timeout_s)
    except ControlError as error:
        losses.not_compared.append(error.message)
    else:
        reader = _Reader(target, process, losses)
        for part, read in (
            ("limits", reader.limits),
            ("maps and ACLs", reader.lists),
            ("certificates", reader.certificates),
        ):
            _guarded(part, read, losses)
    return (judge_runtime_state(losses),)


def lost_servers(differences: Sequence[ServerState], subject: Subject) -> list[str]:
    """Return what becomes of the servers that are not as their configuration says.

    A backend that loads server states from a file keeps weights, addresses and administrative states, as far as the
    file is written before the reload; servers that were added it does not keep.
    """
    kept = {proxy.name for proxy in subject.model.proxies if loads_state(proxy)}
    texts = []
    for found in differences:
        if found.backend in kept and not found.difference.startswith(_NOT_IN_FILE):
            continue
        outcome = ", and starts as up" if found.difference == _BY_ITS_CHECK else ""
        texts.append(f"{found.backend}/{found.server} is {found.difference}{outcome}")
    return texts


def judge_runtime_state(losses: Losses) -> PreflightCheck:
    """Judge it: a loss is said and stops nothing; what could not be compared has not passed."""
    more = f"; not compared: {'; '.join(losses.not_compared[:3])}" if losses.not_compared else ""
    if losses.lost:
        many = f" (and {len(losses.lost) - 1} more)" if len(losses.lost) > 1 else ""
        return _ANSWER.warned(
            f"the reload loses what only the running process knows: {losses.lost[0].text}{many}{more}",
            tuple(losses.lost[:_LISTED]),
            hint="Write it into the configuration and its files first; --format json lists all of it.",
        )
    if losses.not_compared:
        message = f"not compared with the files: {'; '.join(losses.not_compared)}"
        return _ANSWER.unknown(message)
    message = "the running process has nothing that its files do not have"
    return _ANSWER.passed(message)


def _guarded(part: str, read: Callable[[], None], losses: Losses) -> None:
    try:
        read()
    except (ControlError, ValueError) as error:
        losses.not_compared.append(f"{part}: {error}")


class _Reader:
    """Asks one process, and reads the files that it was started with."""

    def __init__(self, target: Target, process: CurrentProcess, losses: Losses) -> None:
        self._target = target
        self._process = process
        self._losses = losses

    def limits(self) -> None:
        rows = parse_statistics(self._process.ask(STATISTICS))
        if not rows:
            self._losses.not_compared.append("limits: `show stat` says nothing")
        found = limit_differences(rows, self._process.info, self._target.subject.model)
        self._losses.add(found, STATISTICS)

    def lists(self) -> None:
        for command, parse in (("show map", parse_map_file), ("show acl", parse_acl_file)):
            names = parse_references(self._process.ask(command))
            for name in self._bounded(names, _MOST_LISTS, command):
                path = name.removeprefix("opt@").removeprefix("file@")
                data = self._read(path, command)
                if data is not None:
                    shown = parse_shown(self._process.ask(f"{command} {_escaped(name)}"))
                    difference = compare_patterns(shown, parse(data))
                    newer = self._is_newer(path)
                    self._losses.add(
                        [f"{path}: {difference.describe()}{newer}"] if difference else [], f"{command} {name}"
                    )

    def certificates(self) -> None:
        command = "show ssl cert"
        binary = self._target.instance.binary
        if binary is not None and binary.features and "OPENSSL" not in binary.features:
            return
        names = parse_certificate_names(self._process.ask(command))
        for name in self._bounded(names, _MOST_CERTIFICATES, command):
            running = parse_shown_certificate(self._process.ask(f"{command} {_escaped(name)}"))
            path = (running.path if running else "") or name
            if running is None or path.startswith("@"):
                continue
            data = self._read(path, command)
            if data is not None:
                why = judge_certificate(running, parse_certificate_file(data))
                self._losses.add([f"certificate {path}: {why}"] if why else [], f"{command} {name}")

    def _bounded(self, names: Sequence[str], most: int, command: str) -> Iterable[str]:
        """Yield the names as long as there is time."""
        for number, name in enumerate(names):
            if number >= most or not self._process.time_left:
                self._losses.not_compared.append(f"`{command}`: {len(names) - number} of {len(names)}")
                return
            yield name

    def _read(self, path: str, command: str) -> bytes | None:
        """Return a file's bytes, b"" for one that is not there; None (and noted) if it cannot be compared."""
        try:
            data, more = self._target.place.root.read_bytes(self._full(path), limit_bytes=_FILE_LIMIT_BYTES)
        except Gone:
            return b""
        except HostError as error:
            self._losses.not_compared.append(f"`{command}`: {error.message}")
            return None
        if more:
            self._losses.not_compared.append(f"`{command}`: {path} has more than {_FILE_LIMIT_BYTES} bytes")
            return None
        return data

    def _is_newer(self, path: str) -> str:
        """Return a remark where the file was changed after the process had read it: then either may be meant."""
        current = self._target.current
        try:
            age_s = time.time() - self._target.place.root.stat(self._full(path)).st_mtime
        except HostError:
            return ""
        return "; the file was changed since" if current is not None and age_s < current.age_s else ""

    def _full(self, path: str) -> str:
        return posixpath.join(self._target.directory, path)


def _escaped(name: str) -> str:
    """Return a name as one word of the CLI. Source: HAProxy 2.8 management.txt section 9.3, "escaped"."""
    return name.replace("\\", "\\\\").replace(" ", "\\ ").replace(";", "\\;")
