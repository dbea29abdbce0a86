import pytest

from hitless.control import unanswered
from hitless.control.errors import CouldNotAsk, WasRefused
from hitless.control.unanswered import Unanswered

HERE = "/run/master.sock"


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def monotonic(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(unanswered, "time", made)
    return made


def ask(asked: Unanswered, worker: str, error: Exception | None = None, address: str = HERE) -> bool:
    """Put one question that ends so; return whether it was its turn."""
    put = False
    try:
        with asked.question(address, worker):
            put = True
            if error is not None:
                raise error
    except (CouldNotAsk, WasRefused):
        pass
    return put


SILENCE = CouldNotAsk("in vain", unanswered=True)


def test_nine_questions_take_hours(clock: Clock) -> None:
    asked, moments = Unanswered(), []
    while clock.now_s < 100 + 4 * 3600:
        if ask(asked, "@!7", SILENCE):
            moments.append(clock.now_s - 100)
        clock.now_s += 1
    assert moments == [0, 1, 2, 6, 22, 86, 342, 1366, 5462]


def test_who_is_silent_is_told_and_the_others_are_asked(clock: Clock) -> None:
    asked = Unanswered()
    for _ in range(3):
        assert ask(asked, "@!7", SILENCE)
    clock.now_s += 1
    message = r"process 7 has not answered on /run/master.sock: .* in 3 s"
    with pytest.raises(CouldNotAsk, match=message), asked.question(HERE, "@!7"):
        pass
    assert ask(asked, "@!8")
    assert ask(asked, "@!7", address="/run/other.sock")


def test_two_of_them_share_the_connections(clock: Clock) -> None:
    asked = Unanswered()
    for worker in ("@!7", "@!8", "@!7"):
        assert ask(asked, worker, SILENCE)
    assert not ask(asked, "@!8")
    clock.now_s += 4
    assert ask(asked, "@!8")


@pytest.mark.parametrize("answer", [None, WasRefused("no such process")])
@pytest.mark.usefixtures("clock")
def test_an_answer_of_any_kind_ends_it(answer: Exception | None) -> None:
    asked = Unanswered()
    for _ in range(2):
        ask(asked, "@!7", SILENCE)
    ask(asked, "@!7", answer)
    for _ in range(3):
        assert ask(asked, "@!7", SILENCE)


@pytest.mark.usefixtures("clock")
def test_a_broken_connection_is_no_silence() -> None:
    asked = Unanswered()
    for _ in range(9):
        assert ask(asked, "@!7", CouldNotAsk("broken off", transient=True))
