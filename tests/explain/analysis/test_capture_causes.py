import pytest

from hitless.captured import VICTIMS, Ending, ListenerGap
from hitless.explain.analysis.capture_causes import MEANINGS, name_capture_causes
from hitless.explain.analysis.view import View
from hitless.explanations import Captured
from hitless.logged import ChangeKind
from tests.explain.analysis.views import SECOND, change, view

K = ChangeKind


def seen(kind: ChangeKind, *endings: tuple[Ending, int], master: int = 0, notes: tuple[str, ...] = (),
         gaps: tuple[ListenerGap, ...] = ()) -> View:  # fmt: skip
    captured = Captured(
        connections=100, endings=tuple((e.value, n) for e, n in endings), gaps=gaps, looked_for=True
    )
    return view(kind, change=change(kind, master=master, notes=notes), captured=captured)


@pytest.mark.parametrize(
    ("judged", "code"),
    [
        (seen(K.RELOAD, (Ending.STALE_REUSE, 3)), "HL501"),
        (seen(K.RELOAD, (Ending.RESET_UNANSWERED, 3)), "HL104"),
        (seen(K.RELOAD, (Ending.RESET_UNANSWERED, 3), master=1), "HL502"),
        (seen(K.RELOAD, (Ending.RESET_UNANSWERED, 3), master=1, notes=("It could not fetch the sockets",)), "HL104"),
        (seen(K.FAILED_RELOAD, (Ending.REFUSED, 3)), "HL401"),
        (seen(K.RESTART, (Ending.REFUSED, 3)), "HL101"),
        (seen(K.HARD_STOP, (Ending.STREAM_CUT, 3)), "HL201"),
        (seen(K.RELOAD, (Ending.CLOSED_UNANSWERED, 3)), "HL506"),
        (seen(K.RELOAD, (Ending.NO_ANSWER, 3)), "HL505"),
    ],
)  # fmt: skip
def test_each_ending_has_a_cause(judged: View, code: str) -> None:
    (cause,) = name_capture_causes(judged)
    assert (cause.code, cause.victims) == (code, 3)
    assert cause.evidence


def test_two_seconds_of_refusals_are_a_failed_bind() -> None:
    gap = ListenerGap(proxy="192.0.2.1:80", first_refused_ns=0, last_refused_ns=2 * SECOND, refused=3)
    (cause,) = name_capture_causes(seen(K.RELOAD, (Ending.REFUSED, 3), gaps=(gap,)))
    assert cause.code == "HL401"


def test_nothing_is_named_without_victims_or_a_capture() -> None:
    assert not list(name_capture_causes(view()))
    assert not list(name_capture_causes(seen(K.RELOAD)))


def test_every_ending_that_hurts_has_words() -> None:
    assert set(MEANINGS) == VICTIMS
