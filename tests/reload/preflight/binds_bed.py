"""What the tests of the preflight's binds share: subjects from configuration text, sockets, facts."""

from typing import Any

from hitless.facts import ListeningSocket
from hitless.host.rights import Rights
from hitless.reload.preflight.bind_facts import Binder, BindFacts
from hitless.reload.preflight.bind_plan import BindPlan, plan_binds
from hitless.reload.preflight.receivers import (
    Kind,
    NameQuery,
    Receiver,
    Surroundings,
    receivers,
    uses_reuse_port,
)
from hitless.reload.preflight.socket_view import NamespaceView, SeenSocket
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot

WORKER, MASTER, STRANGER = 70, 7, 4711
ROOT = Rights(uid=0, gid=0, groups=(), effective=(1 << 41) - 1)
NOBODY = Rights(uid=65534, gid=65534, groups=(4,), effective=0)
FILE = "/etc/haproxy/haproxy.cfg"


def subject(
    text: str, *, version: str = "2.8.25", mode: str = "master-worker", argv: str = "", threads: int = 4
) -> Subject:
    """A configuration; lines that begin with `bind` stand in `frontend a`."""
    if text.startswith("bind "):
        text = "frontend a\n" + "".join(f"    {line}\n" for line in text.splitlines())
    snapshot = read_snapshot(
        f"```cfg\n{text}\n```\n```version {version}\n```\n```mode {mode}\n```\n"
        f"```argv\n{argv or 'haproxy -W -f ' + FILE}\n```\n"
        f'```json instance\n{{"processes": [{{"pid": {WORKER}, "parent_pid": {MASTER}, "role": "worker", '
        f'"generation": 0, "threads": {threads}}}]}}\n```\n'
    )
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def receivers_of(
    text: str, *, names: dict[NameQuery, str] | None = None, v6_only_default: bool = False, **words: Any
) -> list[Receiver]:
    around = Surroundings(names or {}, v6_only_default, "/srv")
    return list(receivers(subject(text, **words), around))


def inet(
    endpoint: str,
    *pids: int,
    kind: Kind = Kind.TCP,
    v6_only: bool = False,
    foreign: bool | None = False,
    interface: int = 0,
    namespace: str = "",
    inode: int = 0,
    uid: int = 0,
    family: int = 0,
) -> SeenSocket:
    """A listening socket; without pids the worker's."""
    address, _, port = endpoint.rpartition(":")
    found = pids or (WORKER,)
    number = inode or abs(hash((endpoint, found, interface))) % 1_000_000 + 1
    return SeenSocket(
        kind,
        endpoint,
        number,
        pids=found,
        names=tuple("nginx" if pid == STRANGER else "haproxy" for pid in found),
        namespace=namespace,
        family=family or (6 if "[" in address else 4),
        v6_only=v6_only,
        foreign=foreign,
        interface=interface,
        inet=ListeningSocket(
            address=address.strip("[]"),
            port=int(port),
            inode=number,
            uid=uid,
            queue_length=0,
            queue_limit=9,
            v6_only=v6_only,
        ),
    )


def unix(name: str, *pids: int, inode: int = 55, file: tuple[int, int] | None = None) -> SeenSocket:
    kind = Kind.ABSTRACT if name.startswith("@") else Kind.UNIX
    found = pids or (WORKER,)
    return SeenSocket(kind, name, inode, pids=found, names=("haproxy",) * len(found), file=file)


def plan_of(
    text: str,
    *held: SeenSocket,
    transfer: bool = True,
    interfaces: dict[str, int] | None = None,
    version: tuple[int, ...] = (2, 8, 25),
    **words: Any,
) -> BindPlan:
    return plan_binds(
        receivers_of(text, version=".".join(map(str, version)), **words),
        held,
        transfer=transfer,
        version=version,
        interfaces={"": {"lo": 1, "eth0": 2, **(interfaces or {})}},
    )


def facts_of(
    text: str,
    *sockets: SeenSocket,
    transfer: bool = True,
    version: tuple[int, ...] = (2, 8, 25),
    mode: str = "master-worker",
    rights: Rights = ROOT,
    sysctls: dict[str, str] | None = None,
    udp_problem: str = "",
    argv: str = "",
    **more: Any,
) -> BindFacts:
    """Facts about a configuration and all sockets of its namespace; those of the worker are held."""
    held = [s for s in sockets if WORKER in s.pids]
    plan = plan_of(text, *held, transfer=transfer, version=version, mode=mode, argv=argv)
    view = NamespaceView(sockets, {"lo": 1, "eth0": 2}, sysctls or {}, udp_problem)
    binder = Binder(f"the master (pid {MASTER}, uid {rights.uid})", rights, more.pop("label", ""))
    return BindFacts(
        plan=plan,
        transfer=transfer,
        version=version,
        master_worker=mode == "master-worker",
        reuse_port=uses_reuse_port(subject(text)),
        binder=binder,
        own=frozenset({WORKER, MASTER}),
        views={"": view},
        **more,
    )
