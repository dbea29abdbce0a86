"""What hitless and its child inside the namespace say to each other: one plan in, a JSON line for each message out."""

import msgspec

from hitless.evidence.model import CounterReading
from hitless.prove.facts import RunFacts
from hitless.records import Record, Request, Workload

__all__ = [
    "Failure",
    "Finished",
    "FrontendRequest",
    "LiveTarget",
    "Message",
    "Progress",
    "ProvePlan",
    "Tick",
    "Watch",
    "decode_message",
    "encode_message",
]


class FrontendRequest(Record, frozen=True):
    """The request that the user wants a frontend to be asked; `frontend` "" is every frontend."""

    frontend: str = ""
    request: Request = Request()


class LiveTarget(Record, frozen=True):
    """A proxy that runs outside the sandbox, and the command that reloads it."""

    url: str
    reload_command: tuple[str, ...]
    remote: bool = False
    """The URL may name another host."""
    private: bool = False
    """It runs in a network namespace that was made for it: clients may come from any loopback address."""


class ProvePlan(Record, frozen=True):
    """Everything the child needs to know. Times in seconds."""

    tier: str
    tier_why: tuple[str, ...] = ()
    """Why the sandbox is not a better one."""
    files: tuple[str, ...] = ()
    change_files: tuple[str, ...] = ()
    haproxy: str = ""
    mode: str = ""
    """"" lets the mechanism decide."""
    via: str = "auto"
    extra_arguments: tuple[str, ...] = ()
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    working_directory: str = "/"
    reloads: int = 5
    control_s: float = 5.0
    spacing_s: float = 2.0
    settle_s: float = 3.0
    requests: tuple[FrontendRequest, ...] = ()
    connections: int = 40
    rate_per_s: float = 200.0
    full_rate: bool = False
    workloads: tuple[Workload, ...] = tuple(Workload)
    sysctls: dict[str, str] = msgspec.field(default_factory=dict)
    client_network: int = 1
    """Second octet of the clients' addresses 10.N.*.*, chosen for each run so that a trace can tell runs apart."""
    live: LiveTarget | None = None


class _Message(Record, frozen=True, tag=True):
    """A line from the child."""


class Progress(_Message, frozen=True):
    """A stage has begun; `step` of `steps` where the stage has steps."""

    stage: str
    detail: str = ""
    step: int = 0
    steps: int = 0


class Tick(_Message, frozen=True):
    """Live counters of the load."""

    attempts: int
    failed: int


class Watch(_Message, frozen=True):
    """What the kernel's trace must watch from now on; the child waits for an answer."""

    endpoints: tuple[str, ...]
    client_addresses: tuple[str, ...]
    network_namespace: int
    """Inode of the child's network namespace."""


class Failure(_Message, frozen=True):
    """The run cannot go on."""

    message: str
    hint: str = ""
    exit_code: int = 3


class Finished(_Message, frozen=True):
    """The run is over and everything it recorded is on disk."""

    facts: RunFacts | None = None
    """None: nothing was loaded and reloaded that could be judged."""
    counters: tuple[CounterReading, ...] = ()


Message = Progress | Tick | Watch | Failure | Finished

_ENCODER = msgspec.json.Encoder()
_DECODER: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)


def encode_message(message: Message) -> bytes:
    """Return one line."""
    return _ENCODER.encode(message) + b"\n"


def decode_message(line: bytes) -> Message:
    """Return the message of one line.

    Raises: msgspec.MsgspecError if it is none.
    """
    return _DECODER.decode(line)
