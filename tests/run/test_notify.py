from hypothesis import given
from hypothesis import strategies as st

from hitless.run.notify import passed_on


def test_what_the_main_process_alone_may_say_stays_here() -> None:
    said = b"READY=1\nSTATUS=Ready.\nMAINPID=4\nRELOADING=1\nSTOPPING=1\nFDSTORE=1\nEXTEND_TIMEOUT_USEC=5\n"
    assert passed_on(said) == b"STATUS=Ready.\nEXTEND_TIMEOUT_USEC=5"
    assert passed_on(b"READY=1\nMAINPID=4711\n") == b""


@given(st.binary(max_size=5000))
def test_nothing_else_ever_gets_through(data: bytes) -> None:
    for line in passed_on(data).decode().split("\n"):
        assert not line or line.startswith(("STATUS=", "ERRNO=", "EXTEND_TIMEOUT_USEC=", "X_"))
