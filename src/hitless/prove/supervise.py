"""hitless's side of a run: start the child in its sandbox, trace the kernel for it, hear what it says.

The child does everything that happens inside; here is what has to stay outside: the kernel's trace (global, and not
visible inside), the bundle on the host's disk, and the end of it all however it ends.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import msgspec

from hitless.errors import EvidenceError, ExitCode, HitlessError, Interrupted, SandboxError
from hitless.evidence.namespaces import knows_pids, listens_in, living_threads
from hitless.evidence.trace import KernelTrace
from hitless.evidence.trace_events import TraceFilter
from hitless.evidence.tracefs import sweep_stale_instances
from hitless.host.processes import format_ending
from hitless.prove.protocol import Failure, Finished, Message, ProvePlan, Watch, decode_message
from hitless.sandbox.entry import TierKind
from hitless.sandbox.namespace import SandboxProcess, start_in_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from hitless.evidence.model import TraceStatus
    from hitless.records import Event

__all__ = ["ChildProgram", "Recording", "prove_child", "record"]

CHILD_MODULE = "hitless.prove.inside"
SILENCE_LIMIT_S = 180.0
"""A child that says nothing for so long hangs; it ticks twice a second under load."""
STOP_DEADLINE_S = 5.0
LINE_LIMIT_BYTES = 8 * 1024 * 1024
STDERR_TAIL_BYTES = 4_000


@dataclass(frozen=True, slots=True)
class ChildProgram:
    """The program that does everything inside, what it is told, and where it is started."""

    module: str
    plan: bytes
    tier: TierKind | None
    """The sandbox that is made for it; None: it is started where hitless runs, or where `prefix` leads."""
    sysctls: Mapping[str, str] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    """A command that starts it elsewhere, e.g. nsenter."""
    from_the_start: bool = False
    """Whether the trace begins before anything listens."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a run brought: the child's last word, the kernel's events, how well they were watched.

    `trace` is None where the child has not asked for the kernel's evidence.
    """

    finished: Finished
    kernel_events: list[Event]
    trace: TraceStatus | None
    limitations: tuple[str, ...] = ()
    host_sysctls: dict[str, str] = field(default_factory=dict)


def prove_child(plan: ProvePlan) -> ChildProgram:
    """Return the program that carries out a proof."""
    outside = plan.tier == TierKind.LOOPBACK or plan.live is not None
    return ChildProgram(
        module=CHILD_MODULE,
        plan=msgspec.json.encode(plan),
        tier=None if outside else TierKind(plan.tier),
        sysctls=plan.sysctls,
        from_the_start=plan.live is None,
    )


def record(program: ChildProgram, directory_fd: int, show: Callable[[Message], None]) -> Recording:
    """Run the program to its end; `directory_fd` is the bundle's directory, which the child writes into.

    Raises: Interrupted on Ctrl-C and SIGTERM; SandboxError and whatever error the child reports. Nothing is left
    behind in any case: the child and its namespaces end with this function.
    """
    with contextlib.suppress(EvidenceError):  # no tracefs: then there is nothing to sweep
        sweep_stale_instances()
    with _Child(program, directory_fd) as child:
        try:
            return child.follow(show)
        except KeyboardInterrupt:
            child.stop()
            raise Interrupted("interrupted; everything has been taken down.") from None


class _Child:
    """The child process, its pipes, and the trace that runs beside it."""

    def __init__(self, program: ChildProgram, directory_fd: int) -> None:
        self._program = program
        self._directory_fd = directory_fd
        self._stderr = os.fdopen(os.memfd_create("hitless-child-stderr"), "w+b")
        self._trace: KernelTrace | None = None
        self._sandbox: SandboxProcess | None = None
        self._limitations: tuple[str, ...] = ()
        self._host_sysctls: dict[str, str] = {}

    def __enter__(self) -> Self:
        self._messages, output = os.pipe2(os.O_CLOEXEC)
        control, self._control = os.pipe2(os.O_CLOEXEC)
        with os.fdopen(os.memfd_create("hitless-plan"), "w+b") as plan_file:
            plan_file.write(self._program.plan)
            plan_file.seek(0)
            descriptors = (plan_file.fileno(), output, control, self._directory_fd)
            try:
                self._process = self._start(descriptors)
            finally:
                os.close(output)
                os.close(control)
        return self

    def _start(self, descriptors: tuple[int, int, int, int]) -> subprocess.Popen[bytes]:
        names = ("--plan-fd", "--output-fd", "--control-fd", "--directory-fd")
        words = [word for name, fd in zip(names, descriptors, strict=True) for word in (name, str(fd))]
        program = [*self._program.prefix, sys.executable, "-P", "-m", self._program.module, *words]
        if self._program.tier is None:
            return subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stderr=self._stderr,
                pass_fds=descriptors,
                start_new_session=True,
            )
        self._sandbox = start_in_sandbox(
            self._program.tier,
            program,
            sysctls=self._program.sysctls,
            pass_fds=descriptors,
            stderr=self._stderr,
        )
        report = self._sandbox.wait_ready()
        self._limitations = report.limitations
        self._host_sysctls = dict(report.host_sysctls)
        return self._sandbox.process

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in (self._control, self._messages):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        if self._process.poll() is None:
            try:
                self._process.wait(STOP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._trace is not None:
            self._trace.stop()
        self._stderr.close()

    def stop(self) -> None:
        """Tell the child that hitless goes: its control pipe ends."""
        with contextlib.suppress(OSError):
            os.close(self._control)
            self._control = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def follow(self, show: Callable[[Message], None]) -> Recording:
        """Read the child's messages to the end."""
        buffer = b""
        while True:
            if not select.select([self._messages], [], [], SILENCE_LIMIT_S)[0]:
                raise SandboxError(f"The run has said nothing for {SILENCE_LIMIT_S:g} s and was ended.")
            chunk = os.read(self._messages, 65536)
            if not chunk:
                raise self._died()
            *lines, buffer = (buffer + chunk).split(b"\n")
            if len(buffer) > LINE_LIMIT_BYTES:
                raise SandboxError("The run sent a message beyond all bounds and was ended.")
            for line in lines:
                message = _decode(line)
                show(message)
                if isinstance(message, Watch):
                    self._watch(message)
                elif isinstance(message, Failure):
                    raise _as_error(message)
                elif isinstance(message, Finished):
                    return self._recording(message)

    def _watch(self, watch: Watch) -> None:
        """Start the trace and let the child go on."""
        listens_here = listens_in(watch.network_namespace)
        from_the_start = self._program.from_the_start and knows_pids()
        wanted = TraceFilter(
            endpoints=frozenset(watch.endpoints),
            client_addresses=frozenset(watch.client_addresses),
            listens_here=listens_here,
            living={} if from_the_start else living_threads(listens_here),
            from_the_start=from_the_start,
        )
        self._trace = KernelTrace(wanted)
        self._trace.__enter__()
        with contextlib.suppress(
            BrokenPipeError
        ):  # the child has died: its messages end, and that is reported
            os.write(self._control, b"g")

    def _recording(self, finished: Finished) -> Recording:
        events = self._trace.stop() if self._trace is not None else []
        status = self._trace.status() if self._trace is not None else None
        return Recording(finished, events, status, self._limitations, self._host_sysctls)

    def _died(self) -> HitlessError:
        status = self._process.wait()
        size = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, size - STDERR_TAIL_BYTES))
        tail = self._stderr.read().decode("utf-8", "backslashreplace").strip()
        return SandboxError(
            f"The process in which the proof runs {format_ending(status)}." + (f"\n{tail}" if tail else ""),
            hint=_KILLED if status in _BY_SIGKILL else _DEFECT,
        )


_BY_SIGKILL = frozenset({-signal.SIGKILL, 128 + signal.SIGKILL})
"""The child itself; and what runs in the sandbox, whose init passes its ending on as shells do."""
_KILLED = "Somebody killed it, or the kernel for want of memory: look into the kernel's log (dmesg)."
_DEFECT = "This is a defect of hitless: please report it with the lines above."


def _decode(line: bytes) -> Message:
    try:
        return decode_message(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SandboxError(f"The run said what is no message, and was ended: {error}.") from error


def _as_error(failure: Failure) -> HitlessError:
    error = HitlessError(failure.message, hint=failure.hint)
    error.exit_code = ExitCode(failure.exit_code)
    return error
