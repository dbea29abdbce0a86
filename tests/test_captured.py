from hitless.captured import VICTIMS, CapturedConnection, Ending, Phase


def connection(ending: Ending, **fields: object) -> CapturedConnection:
    return CapturedConnection(client="c:1", proxy="p:1", ending=ending, phase=Phase.REQUEST, **fields)  # type: ignore[arg-type]


def test_victims_are_those_whom_the_proxy_hurt() -> None:
    harmless = {
        Ending.OPEN,
        Ending.FORGOTTEN,
        Ending.CLIENT,
        Ending.CLOSED_BY_PROXY,
        Ending.CLOSED_BEFORE_REQUEST,
    }
    assert set(Ending) - VICTIMS == harmless
    assert {e for e in Ending if connection(e).is_victim} == VICTIMS


def test_the_wait_for_a_connection_is_known_where_both_its_ends_are() -> None:
    assert connection(Ending.OPEN, whole=True, first_ns=5, established_ns=8).connect_ns == 3
    assert connection(Ending.OPEN, whole=False, first_ns=5, established_ns=8).connect_ns == 0
    assert connection(Ending.OPEN, whole=True, first_ns=5).connect_ns == 0
