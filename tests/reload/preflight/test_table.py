import pytest

from hitless.errors import UsageError
from hitless.reload.preflight.answers import Answers
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.preflight.table import CHECKS, NAMES, Check, apply_force, run_checks
from hitless.reload.target import Target
from hitless.reloads import CheckState, PreflightCheck
from tests.reload.preflight.targets import target


def passing(seen: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    del seen, options
    return (Answers("master").passed("well"),)


def broken(seen: Target, options: PreflightOptions) -> tuple[PreflightCheck, ...]:
    raise KeyError(options.max_generations or seen)


def test_the_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES) == sum(len(check.names) for check in CHECKS)


def test_a_check_that_breaks_is_unknown_by_all_its_names_and_the_others_go_on() -> None:
    begun: list[str] = []
    table = (Check(("configuration", "load-time"), broken), Check(("master",), passing))
    found = run_checks(target(), PreflightOptions(), progress=begun.append, checks=table)
    assert begun == ["configuration", "master"]
    assert [c.name for c in found] == ["configuration", "load-time", "master"]
    assert [c.stops for c in found] == [True, True, False]
    assert "KeyError: 8" in found[0].message


def test_force_overrides_what_it_names_and_nothing_else() -> None:
    given = (
        Answers("room").failed("no room", hint="more"),
        Answers("configuration").unknown("not run", required=True),
        Answers("files").failed("no chroot"),
        Answers("peers").warned("later"),
        Answers("rights").unknown("who knows"),
    )
    after = apply_force(given, ["room", "configuration", "peers", "rights"])
    assert [c.state for c in after] == [
        CheckState.FORCED,
        CheckState.FORCED,
        CheckState.FAILED,
        CheckState.WARNED,
        CheckState.UNKNOWN,
    ]
    assert after[0].message == "no room"
    assert [c.stops for c in after] == [False, False, True, False, False]


def test_a_name_that_no_check_has_is_said_with_those_that_there_are() -> None:
    given = (Answers("binds").failed("taken"),)
    with pytest.raises(UsageError) as error:
        apply_force(given, ["everything"])
    assert "everything" in error.value.message
    assert "binds" in error.value.hint
    assert "configuration" in error.value.hint
    assert apply_force(given, ["binds"])[0].state is CheckState.FORCED


def test_progress_is_not_needed() -> None:
    assert (
        run_checks(target(), PreflightOptions(), checks=(Check(("master",), passing),))[0].message == "well"
    )
