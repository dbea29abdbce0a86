import socket

from hitless.hold.loop import Loop


def test_who_is_ready_is_called() -> None:
    loop = Loop()
    first, second = socket.socketpair()
    called = []
    loop.watch(first, lambda: called.append("read"))
    loop.run_once(0.0)
    assert called == []
    second.send(b"x")
    loop.run_once(1.0)
    assert called == ["read"]
    loop.watch(first, lambda: called.append("write"), writing=True)
    loop.run_once(1.0)
    assert called == ["read", "write"]
    loop.forget(first)
    loop.forget(first)
    loop.run_once(0.0)
    assert len(called) == 2
    first.close()
    second.close()
    loop.close()


def test_who_is_forgotten_in_the_same_round_is_not_called() -> None:
    loop = Loop()
    pairs = [socket.socketpair() for _ in range(2)]
    called: list[int] = []

    def end(number: int) -> None:
        called.append(number)
        for mine, _ in pairs:
            loop.forget(mine)

    for number, (mine, theirs) in enumerate(pairs):
        loop.watch(mine, lambda number=number: end(number))  # type: ignore[misc]
        theirs.send(b"x")
    loop.run_once(1.0)
    assert len(called) == 1
    for pair in pairs:
        for one in pair:
            one.close()
    loop.close()
