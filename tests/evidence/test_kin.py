from hitless.evidence.kin import MOST_REMEMBERED, Kin

HERE, ELSEWHERE, GONE = 1, 2, 3


class Machine:
    """Processes and whether they are in the watched namespace; those that have ended are not in it."""

    def __init__(self) -> None:
        self.here: dict[int, bool] = {HERE: True, ELSEWHERE: False}

    def looks(self, pid: int) -> bool | None:
        return self.here.get(pid)


def test_a_living_process_is_looked_at() -> None:
    kin = Kin(Machine().looks)
    assert [kin.opens_here(pid, 5) for pid in (HERE, ELSEWHERE, GONE)] == [True, False, None]
    assert [kin.closes_here(pid, 5) for pid in (HERE, ELSEWHERE, GONE)] == [True, False, None]


def test_the_launcher_of_a_daemon_is_told_by_its_child_also_when_that_is_gone_too() -> None:
    machine = Machine()
    machine.here |= {10: True, 20: False}
    kin = Kin(machine.looks)
    kin.forked(6, GONE, 10)
    kin.forked(6, GONE + 1, 20)
    kin.look()
    machine.here.clear()
    assert kin.opens_here(GONE, 5) is True
    assert kin.opens_here(GONE + 1, 5) is False


def test_a_grandchild_tells_where_the_child_is_gone() -> None:
    machine = Machine()
    machine.here[12] = True
    kin = Kin(machine.looks)
    for t_ns, parent, child in ((6, GONE, 11), (7, 11, 12)):
        kin.forked(t_ns, parent, child)
    kin.look()
    assert kin.opens_here(GONE, 5) is True


def test_what_was_forked_before_the_opening_tells_nothing() -> None:
    machine = Machine()
    machine.here[10] = True
    kin = Kin(machine.looks)
    kin.forked(4, GONE, 10)
    kin.look()
    assert kin.opens_here(GONE, 5) is None


def test_children_that_disagree_tell_nothing() -> None:
    kin = Kin(Machine().looks)
    kin.forked(6, GONE, HERE)
    kin.forked(6, GONE, ELSEWHERE)
    kin.look()
    assert kin.opens_here(GONE, 5) is None


def test_where_a_process_was_born_does_not_tell_where_it_opened() -> None:
    machine = Machine()
    machine.here[10] = True
    kin = Kin(machine.looks)
    kin.forked(1, HERE, 10)
    kin.look()
    del machine.here[10]
    assert kin.opens_here(10, 5) is None
    assert kin.closes_here(10, 5) is True


def test_those_that_lived_at_the_start_are_remembered_until_their_number_is_another_s() -> None:
    kin = Kin(Machine().looks, living={10: True, 11: False})
    assert [kin.closes_here(pid, 5) for pid in (10, 11, 12)] == [True, False, None]
    kin.forked(6, HERE, 10)
    kin.look()
    assert kin.closes_here(10, 7) is None


def test_what_is_remembered_is_bounded() -> None:
    kin = Kin(lambda _pid: True)
    for number in range(2):
        for child in range(MOST_REMEMBERED):
            kin.forked(1, HERE, 10 + child + number * MOST_REMEMBERED)
        kin.look()
    assert len(kin._born) == len(kin._forks) == MOST_REMEMBERED
