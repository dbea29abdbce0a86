"""Old workers that answer as HAProxy does, in a time of their own."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hitless.control.errors import CouldNotAsk, WasRefused
from hitless.facts import Process
from hitless.host.errors import Gone
from hitless.reload.drain.process_facts import Session
from tests.reload.drain.made import process, session

ROW = (
    "{id}: proto=tcpv4 src={source} fe={fe} be={be} srv=one ts=00 epoch=0 age={age}s calls=1 rate=0 cpu=0 lat=0"
    " rq[f=00h,i=0,an=00h,ax=] rp[f=00h,i=0,an=00h,ax=] scf=[8,0h,fd={fd},rex=,wex=] scb=[8,0h,fd=-1,rex=,wex=]"
    " exp=1s rc=0 c_exp=\n"
)
DETAIL = """\
{id}: [29/Nov/2026:02:26:20.016280] id=1 proto=tcpv4 source={source}
  frontend={fe} (id=2 mode=http), listener=? (id=1) addr=127.0.0.1:41661
  task=0x1 (state=0x00 nice=0 calls=3 rate=0 exp=3s tid=0(1/0) age={age}s)
"""


@dataclass
class Workers:
    """Some old workers: an `Asker` and a `Watch` in one, with the clock that both live by."""

    sessions: dict[int, dict[str, Session]] = field(default_factory=dict)
    now_s: float = 1000.0
    cost_s: float = 0.0005
    """How long each question takes."""
    closed: list[tuple[float, int, str]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    deaf: set[int] = field(default_factory=set)
    """Do not answer."""
    stubborn: set[str] = field(default_factory=set)
    """Sessions that acknowledge and stay."""
    refuses: str = ""
    """What `shutdown session` is answered with."""
    meanwhile: Callable[["Workers", str], None] = lambda _workers, _command: None
    """Called before each question."""

    def clock(self) -> float:
        return self.now_s

    def add(self, *sessions: Session) -> list[Session]:
        made = [replace(s, seen_s=self.now_s) for s in sessions]
        for one in made:
            self.sessions.setdefault(one.pid, {})[one.row.id] = one
        return made

    def processes(self) -> dict[int, Process]:
        return {pid: process(pid) for pid in self.sessions}

    def die(self, pid: int) -> None:
        self.sessions.pop(pid, None)
        self.ended.append(pid)

    def wait(self, timeout_s: float) -> list[int]:
        if not self.ended:
            self.now_s += timeout_s
        ended, self.ended = self.ended, []
        return ended

    def ask(self, of: Process, command: str, *, timeout_s: float, patient: bool = True) -> str:
        self.meanwhile(self, command)
        if of.pid not in self.sessions:
            raise Gone(f"process {of.pid} is gone")
        if of.pid in self.deaf:
            self.now_s += timeout_s
            raise CouldNotAsk("it did not answer in time")
        self.now_s += self.cost_s
        held = self.sessions[of.pid]
        if command == "show info":
            numbers = f"CurrConns: {len(held)}\nJobs: {len(held) + 2}\n"
            return f"Name: HAProxy\nVersion: 2.8.25\nPid: {of.pid}\nUptime_sec: 90000\nStopping: 1\n{numbers}"
        if command == "show sess":
            return "".join(self._fill(ROW, s) for s in held.values())
        verb, _, name = command.rpartition(" ")
        if verb == "show sess":
            return self._fill(DETAIL, held[name]) if name in held else "Session not found.\n"
        assert verb == "shutdown session"
        assert not patient, "an empty answer would be taken for none"
        return self._shutdown(of.pid, name)

    def _shutdown(self, pid: int, name: str) -> str:
        if self.refuses.startswith("Permission denied"):
            raise WasRefused("HAProxy refused: Permission denied", raw=self.refuses)
        if self.refuses:
            return self.refuses
        if name not in self.sessions[pid]:
            return "No such session (use 'show sess').\n"
        self.closed.append((self.now_s, pid, name))
        if name not in self.stubborn:
            del self.sessions[pid][name]
        return ""

    def _fill(self, form: str, one: Session) -> str:
        row = one.row
        age = int((one.age_s or 0) + self.now_s - one.seen_s)
        return form.format(
            id=row.id,
            source=row.source,
            fe=row.frontend,
            be=row.backend,
            age=age,
            fd=row.client_descriptor,
        )


def workers(*counts: int) -> tuple[Workers, list[Session]]:
    """Some workers with so many sessions each, of pids 10, 11, …, and their sessions."""
    made = Workers()
    held: list[Session] = []
    for index, count in enumerate(counts):
        pid = 10 + index
        made.sessions[pid] = {}
        held += made.add(*(session(n, pid=pid, age_s=10 * n) for n in range(1, count + 1)))
    return made, held
