import pytest

from hitless.reload.takeover import Seen, actual_listeners, judge_takeover
from hitless.reloads import ListenerChange, ListenerFate

EXPECTED = frozenset({"0.0.0.0:80", "/run/a.sock"})


def seen(**fields: object) -> Seen:
    values: dict[str, object] = {
        "candidate": 7,
        "held": {7: EXPECTED},
        "current": frozenset({7}),
        "has_master_cli": True,
        "answered_by": 7,
        "answer": "`show info`",
    }
    return Seen(**{**values, **fields})  # type: ignore[arg-type]


def test_all_four_answered_with_yes() -> None:
    proof = judge_takeover(seen(), EXPECTED)
    assert proof.proven
    assert proof.pid == 7
    assert len(proof.how) == 4


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"candidate": 0}, "no process"),
        ({"current": frozenset({3})}, "does not list"),
        ({"current": frozenset()}, "does not list"),
        ({"current": None}, "does not list"),
        ({"held": {7: frozenset({"0.0.0.0:80"})}}, "does not listen on /run/a.sock"),
        ({"held": {}}, "does not listen on"),
        ({"answered_by": 3}, "process 3 answered"),
        ({"answered_by": None, "answer": "nobody"}, "did not answer: nobody"),
        ({"held": {7: EXPECTED, 3: frozenset({"0.0.0.0:80"})}}, "the old process 3 still listens"),
        ({"strangers": {9: "socat"}}, "socat (pid 9) holds"),
        ({"strangers": None}, "could not be seen"),
    ],
)
def test_one_no_is_enough(fields: dict[str, object], missing: str) -> None:
    proof = judge_takeover(seen(**fields), EXPECTED)
    assert not proof.proven
    assert any(missing in text for text in proof.missing), proof.missing


def test_an_old_process_that_listens_elsewhere_is_no_matter() -> None:
    assert judge_takeover(seen(held={7: EXPECTED, 3: frozenset({"10.0.0.1:99"})}), EXPECTED).proven


def test_without_a_master_nobody_lists_it() -> None:
    assert judge_takeover(seen(current=None, has_master_cli=False), EXPECTED).proven


def test_who_is_stranded_is_named() -> None:
    proof = judge_takeover(seen(held={7: EXPECTED, 3: EXPECTED}, strangers={9: "socat"}), EXPECTED)
    assert proof.stranded == (3, 9)


def planned(endpoint: str, fate: ListenerFate, why: str = "") -> ListenerChange:
    return ListenerChange(endpoint=endpoint, fate=fate, where="h.cfg:3", why=why)


@pytest.mark.parametrize(
    ("before", "after", "plan", "fate"),
    [
        ({1}, {1}, ListenerFate.INHERITED, ListenerFate.INHERITED),
        ({1}, {1, 2}, ListenerFate.INHERITED, ListenerFate.INHERITED),
        ({1}, {2}, ListenerFate.INHERITED, ListenerFate.OPENED_ANEW),
        ({1, 2}, {1}, ListenerFate.INHERITED, ListenerFate.OPENED_ANEW),
        ({1}, set(), ListenerFate.INHERITED, ListenerFate.MISSING),
        ({1}, set(), ListenerFate.REMOVED, ListenerFate.REMOVED),
        (set(), {4}, ListenerFate.NEW, ListenerFate.NEW),
        (set(), set(), ListenerFate.NEW, ListenerFate.MISSING),
    ],
)
def test_what_became_of_a_socket(
    before: set[int], after: set[int], plan: ListenerFate, fate: ListenerFate
) -> None:
    (change,) = actual_listeners(
        [planned("x:1", plan)],
        {"x:1": frozenset(before)} if before else {},
        {"x:1": frozenset(after)} if after else {},
    )
    assert change.fate is fate
    assert (set(change.inodes_before), set(change.inodes_after)) == (before, after)
    assert change.where == "h.cfg:3"


def test_what_nobody_planned_is_shown_too() -> None:
    found = actual_listeners([], {"x:1": frozenset({1})}, {"y:2": frozenset({2})})
    assert [(c.endpoint, c.fate) for c in found] == [
        ("x:1", ListenerFate.REMOVED),
        ("y:2", ListenerFate.NEW),
    ]


def test_the_reason_is_kept_only_where_it_applies() -> None:
    plan = [planned("x:1", ListenerFate.OPENED_ANEW, "v6only")]
    anew = actual_listeners(plan, {"x:1": frozenset({1})}, {"x:1": frozenset({2})})
    kept = actual_listeners(plan, {"x:1": frozenset({1})}, {"x:1": frozenset({1})})
    assert (anew[0].why, kept[0].why) == ("v6only", "")
