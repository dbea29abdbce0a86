import fcntl
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.errors import UsageError
from hitless.hold.held import Held, Instance
from hitless.hold.instance import InstanceSpec
from hitless.hold.memory import Memory, Remembered, RememberedSocket, decode, encode, set_inheritable
from tests.hold.synthetic import listener

SPEC = InstanceSpec("web", user="haproxy")
INSTANCE = Instance(SPEC, {7: Held(listener(7, descriptor=12, namespace="blue"), (), 3.5, 99)})
REMEMBERED = Remembered((SPEC,), {7: RememberedSocket("web", "blue", 3.5, 99, 12)}, {"control": 4, "web": 5})


def test_there_and_back() -> None:
    assert decode(encode([INSTANCE], {"control": 4, "web": 5})) == REMEMBERED


def test_a_shorter_text_leaves_nothing_of_the_longer() -> None:
    memory = Memory()
    try:
        memory.write(encode([INSTANCE], {"control": 4, "web": 5}))
        memory.write(encode([], {}))
        assert memory.read() == Remembered((), {}, {})
        again = Memory(os.dup(memory.descriptor))
        assert again.read() == Remembered((), {}, {})
        os.close(again.descriptor)
    finally:
        os.close(memory.descriptor)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(UsageError):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b'{"version":2}',
        b'{"version":1,"instances":[{"spec":{"name":"../x"},"sockets":[]}],"doors":{}}',
        b'{"version":1,"instances":[{"spec":{"name":"x"},"sockets":[[1]]}],"doors":{}}',
        b'{"version":1,"instances":{},"doors":[]}',
    ],
)
def test_what_another_version_wrote(data: bytes) -> None:
    with pytest.raises(UsageError):
        decode(data)


def test_what_is_no_file() -> None:
    read, write = os.pipe()
    with pytest.raises(UsageError):
        Memory(read).read()
    os.close(read)
    os.close(write)


def test_inheritable() -> None:
    read, write = os.pipe()
    set_inheritable([read], inheritable=True)
    assert not fcntl.fcntl(read, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    set_inheritable([read], inheritable=False)
    assert fcntl.fcntl(read, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.close(read)
    os.close(write)
