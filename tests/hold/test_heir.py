import os
import socket

from hitless.hold.heir import MEMORY_VARIABLE, inherit, name_of_door, name_of_socket
from hitless.hold.held import Held, Instance
from hitless.hold.instance import InstanceSpec
from hitless.hold.memory import Memory, encode
from tests.hold.synthetic import listener

SPEC = InstanceSpec("web", close_after_s=5.0)


def test_names() -> None:
    assert name_of_door("web") == "door/web"
    assert name_of_socket("web", 7) == "held/web/7"


def test_across_execve() -> None:
    memory = Memory()
    held = socket.create_server(("127.0.0.1", 0)).detach()
    door = socket.socket(socket.AF_UNIX).detach()
    inode = os.fstat(held).st_ino
    instance = Instance(SPEC, {inode: Held(listener(inode, descriptor=held, namespace="blue"), (), 2.5, 9)})
    memory.write(encode([instance], {"web": door}))
    said: list[str] = []
    found = inherit({MEMORY_VARIABLE: str(memory.descriptor)}, said.append)
    assert (said, found.specs, found.from_store) == ([], {"web": SPEC}, False)
    assert found.memory.descriptor == memory.descriptor
    ((known, taken),) = found.sockets
    assert (known.instance, known.unattended_since_s, known.last_start_ticks) == ("web", 2.5, 9)
    assert (taken.descriptor, taken.inode, taken.namespace) == (held, inode, "blue")
    assert not os.get_inheritable(held)
    assert found.doors["web"].fileno() == door
    found.doors["web"].close()
    os.close(held)
    os.close(memory.descriptor)


def test_the_first_time() -> None:
    found = inherit({}, lambda _: None)
    assert (found.specs, found.doors, found.sockets, found.from_store) == ({}, {}, [], False)
    os.close(found.memory.descriptor)


def test_a_memory_that_nobody_understands() -> None:
    said: list[str] = []
    memory = Memory()
    os.write(memory.descriptor, b"what?")
    found = inherit({MEMORY_VARIABLE: str(memory.descriptor)}, said.append)
    assert found.sockets == []
    assert "known by their names alone" in said[0]
    os.close(found.memory.descriptor)
