"""A program that behaves as a classic HAProxy does towards -sf, and one that stands for the process before it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from hitless.facts import Instance, Process, Role, RunMode, Snapshot
from hitless.gather.place import ProcessPlace
from hitless.host.process_traits import read_traits
from hitless.host.processes import read_command_line
from hitless.host.root import HostRoot
from hitless.reload.succession import Account
from hitless.reload.successor_plan import SuccessorPlan
from hitless.reload.target import Target
from hitless.subject import Subject

_SUCCESSOR = """#!{python} -IS
import json, os, resource, select, signal, socket, sys

words = sys.argv
how = os.environ.get("FAKE", "")
stand_in = int(words[words.index("-sf") + 1])


def say(level, text):
    print(f"[{{level}}] ({{os.getpid()}}) : {{text}}", file=sys.stderr, flush=True)


def end(*_):
    os._exit(0)


def serve():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN if how == "stubborn" else end)
    listening = socket.create_server(("127.0.0.1", 0))
    waits = select.epoll()
    waits.register(listening)
    waits.poll()


if report := os.environ.get("FAKE_REPORT"):
    status = dict(line.rstrip("\\n").split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
    told = {{
        "status": status,
        "argv": words,
        "environment": dict(os.environ),
        "directory": os.getcwd(),
        "limits": [resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE)],
        "oom_score_adj": open("/proc/self/oom_score_adj").read().strip(),
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "session": os.getsid(0) == os.getpid(),
        "descriptors": sorted(os.readlink(f"/proc/self/fd/{{n}}") for n in os.listdir("/proc/self/fd") if int(n) < 3),
        "open": len(os.listdir("/proc/self/fd")) - 1,
        "parent": os.getppid() == stand_in,
        "ignored": int(status["SigIgn"], 16) & ~(1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1),
        "blocked": int(status["SigBlk"], 16),
    }}
    with open(report, "w") as file:
        json.dump(told, file)
say("NOTICE", "this is a fake")
if how == "refuses":
    say("ALERT", "parsing [h.cfg:3] : unknown keyword")
    sys.exit(1)
if how == "cannot-bind":
    for _ in range(3):
        os.kill(stand_in, signal.SIGTTOU)
    os.kill(stand_in, signal.SIGTTIN)
    say("ALERT", "cannot bind socket")
    sys.exit(1)
if how == "hangs":
    signal.pause()
if "-D" in words:
    if "-p" in words:
        pid_file = words[words.index("-p") + 1]
    if child := os.fork():
        if "-p" in words:
            os.path.exists(pid_file) and os.unlink(pid_file)
            with open(pid_file, "w") as file:
                print(child, file=file)
        os.kill(stand_in, signal.SIGUSR1)
        sys.exit(0)
    os.setsid()
    if how == "dies":
        say("ALERT", "Cannot chroot")
        sys.exit(1)
else:
    if how == "dies":
        say("ALERT", "Cannot chroot")
    os.kill(stand_in, signal.SIGUSR1)
    if how == "dies":
        os._exit(1)  # at once: who has bound and lives for half a second counts as one that serves
serve()
"""
_PREDECESSOR = """
import os, signal, sys
def note(number, _):
    print(signal.Signals(number).name, flush=True)
    if number == signal.SIGUSR1:
        os._exit(0)
woken, wake = os.pipe()  # a signal just before signal.pause() would not end it
os.set_blocking(wake, False)
signal.set_wakeup_fd(wake)
for number in (signal.SIGUSR1, signal.SIGTTOU, signal.SIGTTIN):
    signal.signal(number, note)
exec(sys.argv[1])
print("ready", flush=True)
sys.stderr.flush()
while True:
    os.read(woken, 64)
"""


class Predecessor:
    """The process whose place is to be taken: it prints the signals that it gets, and leaves at SIGUSR1."""

    def __init__(self, process: "subprocess.Popen[str]", directory: Path) -> None:
        self.process = process
        self.directory = directory
        self.pid = process.pid
        assert self.hear() == "ready"

    def hear(self) -> str:
        """Return the next signal that it got; "" when it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def hear_all(self, *wanted: str) -> None:
        """Wait for each of these signals; one may come several times, and they may overtake each other."""
        left = set(wanted)
        while left:
            heard = self.hear()
            assert heard in wanted, heard
            left.discard(heard)

    @property
    def record(self) -> Process:
        return Process(
            pid=self.pid,
            parent_pid=os.getpid(),
            role=Role.CLASSIC,
            generation=0,
            arguments=read_command_line(self.pid),
            listening_inodes=(),
        )

    def target(self) -> Target:
        instance = Instance(name="fake", mode=RunMode.CLASSIC, processes=(self.record,))
        snapshot = Snapshot(tool_version="", taken_at="", instances=(instance,))
        return Target(
            instance, Subject(snapshot, instance), ProcessPlace(HostRoot()), directory=str(self.directory)
        )

    def plan(
        self,
        *more: str,
        how: str = "",
        mode: str = "foreground",
        python: str = sys.executable,
        **environment: str,
    ) -> SuccessorPlan:
        """Return how the fake is started in its place: with -D if it is to go into the background."""
        daemon = mode == "background"
        program = self.directory / "fake-haproxy"
        program.write_text(_SUCCESSOR.format(python=python))
        program.chmod(0o755)
        traits = read_traits(self.pid)
        return SuccessorPlan(
            predecessor=self.record,
            arguments=(str(program), *(("-D",) if daemon else ()), "-f", "h.cfg", *more),
            program=str(program),
            files=(),
            environment={"FAKE": how, **environment},
            directory=str(self.directory),
            daemon=daemon,
            account=Account(traits.uid, traits.gid, traits.groups),
            traits=replace(traits, limits=dict(traits.limits)),
        )


@contextmanager
def predecessor(directory: Path, text: str = "", *, errors: Path | None = None) -> Iterator[Predecessor]:
    """Start it, with further lines, and with a file as its standard error."""
    with (errors or Path(os.devnull)).open("ab") as file:
        words = [sys.executable, "-I", "-S", "-c", _PREDECESSOR, text]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=file, text=True)
    with process:
        try:
            yield Predecessor(process, directory)
        finally:
            process.kill()
