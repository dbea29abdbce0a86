import os

from hitless.hold.held import Held, Instance
from hitless.hold.instance import InstanceSpec
from tests.hold.synthetic import listener


def test_letting_go_closes_and_is_remembered() -> None:
    read, write = os.pipe()
    os.close(write)
    instance = Instance(InstanceSpec("web"), {7: Held(listener(7, descriptor=read))})
    gone = instance.drop(7, "why not")
    assert (gone.endpoint, gone.inode, gone.why) == ("127.0.0.1:80", 7, "why not")
    assert not instance.sockets
    assert list(instance.let_go) == [gone]
    try:
        os.fstat(read)
    except OSError:
        return
    raise AssertionError("it is still open")


def test_when_the_first_is_closed() -> None:
    instance = Instance(InstanceSpec("web", close_after_s=5.0))
    assert instance.closes_at_s() == float("inf")
    instance.sockets = {1: Held(listener(1)), 2: Held(listener(2), unattended_since_s=9.0)}
    instance.sockets[3] = Held(listener(3), unattended_since_s=7.0)
    assert instance.closes_at_s() == 12.0
    assert [one.inode for one in instance.listeners()] == [1, 2, 3]
