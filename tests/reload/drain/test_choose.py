import pytest

from hitless.drains import DrainView, Generation
from hitless.errors import ControlError, UsageError
from hitless.reload.drain.choose import choose_generations, choose_to_close

SERVES = Generation(pid=3, number=0, current=True, stopping=False, closable=True)
OLD = Generation(pid=2, number=1, current=False, stopping=True, closable=True)
STRANDED = Generation(pid=1, number=2, current=False, stopping=False, closable=True)
SILENT = Generation(pid=9, number=3, current=False, why_not_closable="it is silent")


def view(*generations: Generation, mode: str = "master-worker") -> DrainView:
    return DrainView(instance="haproxy", mode=mode, version="", taken_at="", generations=generations)


def test_without_a_word_all_old_ones_are_meant() -> None:
    assert choose_generations(view(SERVES, OLD, STRANDED), ()) == (OLD, STRANDED)
    assert choose_generations(view(SERVES), ()) == ()


def test_a_pid_names_one_also_twice() -> None:
    assert choose_generations(view(SERVES, OLD), (3, 2, 3)) == (SERVES, OLD)


def test_a_pid_that_is_not_there() -> None:
    with pytest.raises(UsageError) as caught:
        choose_generations(view(SERVES, OLD), (77,))
    assert caught.value.hint == "There are: 3 (serves), 2"
    with pytest.raises(UsageError, match="77"):
        choose_generations(view(), (77,))


def test_those_that_have_been_told_to_stop_are_closed() -> None:
    assert choose_to_close(view(SERVES, OLD, STRANDED), (), current=False) == (OLD,)


@pytest.mark.parametrize("pid", [1, 3])
def test_one_that_serves_is_not_closed_by_its_pid_alone(pid: int) -> None:
    with pytest.raises(UsageError, match="serves") as caught:
        choose_to_close(view(SERVES, OLD, STRANDED), (pid,), current=False)
    assert "--current" in caught.value.hint


def test_nor_by_the_word_alone() -> None:
    with pytest.raises(UsageError) as caught:
        choose_to_close(view(SERVES, OLD), (), current=True)
    assert caught.value.hint == "--close --current --generation 3"


def test_both_together_mean_it() -> None:
    assert choose_to_close(view(SERVES, OLD), (3,), current=True) == (SERVES,)


def test_one_that_cannot_be_closed_says_why_and_what_else_there_is() -> None:
    with pytest.raises(ControlError, match="it is silent") as caught:
        choose_to_close(view(SERVES, SILENT), (), current=False)
    assert caught.value.hint == "`kill -TERM 9` ends it with all its connections at once."
    with pytest.raises(ControlError) as caught:
        choose_to_close(view(SERVES, SILENT, mode="classic"), (), current=False)
    assert "-Ws -S PATH" in caught.value.hint


def test_who_may_not_connect_is_told_so() -> None:
    shut = Generation(
        pid=9, number=1, current=False, why_not_closable="no permission to connect to /run/m.sock"
    )
    with pytest.raises(ControlError) as caught:
        choose_to_close(view(SERVES, shut), (), current=False)
    assert caught.value.hint.startswith("Try as root")
