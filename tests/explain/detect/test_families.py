from hitless.explain.detect.attempts import Attempt
from hitless.explain.detect.families import split_families
from hitless.explain.detect.lives import Life
from tests.explain.detect.histories import at


def life(pid: int, *frontends: str, master: int = 0, program: str = "haproxy", lines: int = 1) -> Life:
    return Life("", program, pid, master=master, frontends=set(frontends), lines=lines)


def pids(families: list[list[Life]]) -> list[list[int]]:
    return [[one.pid for one in family] for family in families]


def test_lives_that_share_a_frontend_are_one_service() -> None:
    lives = [life(1, "a"), life(2, "b"), life(3, "a", "c"), life(4, "c")]
    assert pids(split_families(lives, [])) == [[1, 3, 4], [2]]


def test_lives_that_share_a_master_are_one_service() -> None:
    lives = [life(1, "a", master=9), life(2, master=9), life(3, "b", master=8)]
    assert pids(split_families(lives, [])) == [[1, 2], [3]]


def test_an_attempt_joins_a_life_to_its_master() -> None:
    attempt = Attempt(9, at(0), reload=True, new_pids=[2])
    assert pids(split_families([life(1, master=9), life(2, "a")], [attempt])) == [[1, 2]]


def test_lives_that_served_nobody_go_by_program() -> None:
    lives = [life(1), life(2, master=9), life(3, program="other")]
    assert pids(split_families(lives, [])) == [[1, 2], [3]]
    assert pids(split_families([*lives, life(4, "a")], [])) == [[1, 2, 4], [3]]
    assert pids(split_families([*lives, life(4, "a"), life(5, "b")], [])) == [[1, 2], [3], [4], [5]]


def test_the_service_with_most_lines_is_the_first() -> None:
    assert pids(split_families([life(1, "a"), life(2, "b", lines=9)], [])) == [[2], [1]]
