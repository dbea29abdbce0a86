"""What the short-lived process that tries to bind is told (`trial_child`), and what it answers."""

import msgspec

__all__ = [
    "AddressResult",
    "AddressTrial",
    "BinderRights",
    "NameResult",
    "PathResult",
    "TrialAnswer",
    "TrialTask",
    "decode_answer",
    "decode_task",
    "encode",
]


class _Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Travels through a pipe between two processes of ours: names are bytes, as the kernel takes them."""


class BinderRights(_Message, frozen=True):
    """The rights to try with: effective user, groups, and capabilities as a set of bits."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    capabilities: int


class AddressTrial(_Message, frozen=True):
    """One bind(), with the options that HAProxy sets before it. `family`, `kind` and `protocol` are socket(2)'s."""

    family: int
    kind: int
    protocol: int = 0
    host: str = ""
    port: int = 0
    name: bytes = b""
    """For AF_UNIX: the abstract name with its leading NUL, and those that HAProxy fills it up with."""
    namespace: bytes = b""
    """A network namespace by its name; b"" for the service's own."""
    reuse: bool = True
    """SO_REUSEADDR. Not for UDP: with it, a second socket would take datagrams from the first."""
    reuse_port: bool = True
    transparent: bool = False
    interface: bytes = b""
    v6_only: bool = False


class TrialTask(_Message, frozen=True):
    """All that is to be tried. Descriptors are those of the process that is told; -1: as it is."""

    network: int = -1
    """Of the service's network namespace."""
    root: int = -1
    """Of the service's root directory."""
    rights: BinderRights | None = None
    """None: as it is."""
    addresses: tuple[AddressTrial, ...] = ()
    paths: tuple[bytes, ...] = ()
    """Of unix sockets: looked at, never touched."""
    names: tuple[tuple[bytes, int], ...] = ()
    """Host names with the family to resolve them for (4, 6, 0 for either)."""


class AddressResult(_Message, frozen=True):
    """How one bind() went. `step` is "" for success, else "namespace", "socket", "transparent" or "bind"."""

    step: str = ""
    errno: int = 0
    interface_errno: int = 0
    """SO_BINDTODEVICE failed: HAProxy says so, and listens on every device."""


class PathResult(_Message, frozen=True):
    """What stands at a path and in its directory, seen with the rights of whoever will bind it."""

    directory_errno: int = 0
    """The directory is missing, none, or cannot be reached."""
    write_errno: int = 0
    """Nothing can be made in it."""
    directory_uid: int = 0
    sticky: bool = False
    kind: str = "missing"
    """As `hitless.host.root.kind_of`, "missing", or "unreadable"."""
    uid: int = 0
    device: int = 0
    inode: int = 0
    safe_to_link: bool = False
    """A regular file without set-id bits that can be read and written: protected_hardlinks lets others link it."""


class NameResult(_Message, frozen=True):
    """An IP address, or why there is none; `final`: it is known that there is none, to ask again does not help."""

    address: str = ""
    error: str = ""
    final: bool = False


class TrialAnswer(_Message, frozen=True):
    """The results in the order of the task; or why nothing could be tried."""

    refused: str = ""
    addresses: tuple[AddressResult, ...] = ()
    paths: tuple[PathResult, ...] = ()
    names: tuple[NameResult, ...] = ()


def encode(message: TrialTask | TrialAnswer) -> bytes:
    """Return a message as bytes."""
    return msgspec.msgpack.encode(message)


def decode_task(data: bytes) -> TrialTask:
    """Return a task. Raises: msgspec.DecodeError."""
    return msgspec.msgpack.decode(data, type=TrialTask)


def decode_answer(data: bytes) -> TrialAnswer:
    """Return an answer. Raises: msgspec.DecodeError."""
    return msgspec.msgpack.decode(data, type=TrialAnswer)
