import pytest

from hitless.control.replies import parse_processes
from hitless.reload.refusal import RefusalWatch, shows_failure

HEAD = "#<PID>          <type>          <reloads>       <uptime>        <version>\n"


def processes(master: str, workers: str = "", old: str = "") -> str:
    rows = "".join(f"{pid}  worker  0  0d00h00m05s  2.8.0\n" for pid in workers.split())
    old_rows = "".join(f"{pid}  worker  1  0d00h00m05s  2.8.0\n" for pid in old.split())
    return f"{HEAD}1  master  {master}  0d00h10m00s  2.8.0\n# workers\n{rows}# old workers\n{old_rows}"


@pytest.mark.parametrize(
    ("reply", "failed"),
    [
        (processes("4 [failed: 0]", "20"), False),  # not yet tried
        (processes("5 [failed: 1]", "20"), True),  # 2.5 to 3.0: the worker stays
        (processes("5 [failed: 1]", "", "20"), True),  # 3.1 and later: it is listed as an old one
        (processes("5", "", "20"), True),  # 2.2 counts no failures
        (processes("5 [failed: 0]", "21", "20"), False),
        (processes("5 [failed: 0]", "21"), False),
    ],
)
def test_a_reload_that_brought_no_new_worker_has_failed(reply: str, failed: bool) -> None:  # noqa: FBT001
    assert shows_failure(4, parse_processes(reply), frozenset({20})) is failed


def test_where_it_could_not_be_asked_before_nothing_is_said() -> None:
    assert not RefusalWatch("/nowhere", frozenset(), None).failed(loading=False)


def test_nothing_is_asked_while_a_new_worker_lives() -> None:
    assert not RefusalWatch("/nowhere", frozenset(), 1).failed(loading=True)


def test_a_master_that_does_not_answer_has_not_refused() -> None:
    assert not RefusalWatch("/nowhere", frozenset(), 1).failed(loading=False)
