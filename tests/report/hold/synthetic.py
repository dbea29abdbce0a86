"""Holders that are made up."""

from hitless.holding import HeldInstance, HeldSocket, HoldStatus, LetGoSocket


def held(endpoint: str = "0.0.0.0:80", **fields: object) -> HeldSocket:
    known: dict[str, object] = {
        "endpoint": endpoint,
        "kind": "stream",
        "inode": 4711,
        "interface": "",
        "namespace": "",
        "acceptors": (17,),
        "unattended_since_s": None,
        "unattended_s": None,
        "last_start_ticks": 5,
        "queue_length": 0,
        "queue_limit": 4096,
    }
    return HeldSocket(**(known | fields))  # type: ignore[arg-type]


ALONE = held("[::]:443", acceptors=(), unattended_since_s=1.0, unattended_s=12.5, queue_length=9)
ELSEWHERE = held("/run/x.sock.1.tmp", interface="eth0", namespace="blue", queue_length=None, queue_limit=None)
UNSEEN = held("0.0.0.0:53", kind="datagram", acceptors=(), queue_length=None, queue_limit=None)
CLOSED = LetGoSocket("0.0.0.0:81", 9, "process 18 serves without it", 1.5)


def instance(*sockets: HeldSocket, name: str = "web", **fields: object) -> HeldInstance:
    known: dict[str, object] = {
        "name": name,
        "pid": 0,
        "pid_file": "",
        "configuration": "",
        "stats_socket": "",
        "user": "",
        "close_after_s": 60.0,
        "processes": (17,),
        "problem": "",
        "sockets": sockets,
        "let_go": (),
    }
    return HeldInstance(**(known | fields))  # type: ignore[arg-type]


def status(*instances: HeldInstance) -> HoldStatus:
    return HoldStatus("1.0", 4, "/run/hitless/hold", 3700.0, instances)
