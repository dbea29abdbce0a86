"""Groups and sentences that all forms share."""

from hitless.findings import AuditedInstance, ConfigEdit, EditAction, Fix, NotChecked, Place, Safety
from hitless.report.audit.wording import (
    describe_instances,
    edit_lines,
    fix_words,
    grouped,
    headline,
    location,
    not_checked_groups,
    severities,
    unknown_groups,
    unreadable,
)
from tests.report.audit.synthetic import FIX, finding, make, make_full


def test_findings_are_grouped_by_rule_the_worst_first() -> None:
    groups = grouped([finding("HL121"), finding("HL501"), finding("HL109"), finding("HL501")])
    assert [(group.code, len(group.findings)) for group in groups] == [
        ("HL109", 1),
        ("HL501", 2),
        ("HL121", 1),
    ]


def test_numbers_are_said() -> None:
    assert severities([finding("HL109"), finding("HL109"), finding("HL121")]) == "2 errors, 1 note"
    assert headline(make()) == ("nothing found", "4 rules checked")
    assert headline(make(internal_errors=1))[1] == "4 rules checked · 1 rule broke"


def test_a_place_is_as_exact_as_it_is_known() -> None:
    assert location(Place(file="/x", line=3, column=2)) == "/x:3:2"
    assert location(Place(file="/x", line=3)) == "/x:3"
    assert location(Place(file="process 3")) == "process 3"


def test_edits_read_like_a_diff() -> None:
    lines = list(edit_lines(FIX.edits, [finding().place]))
    assert lines[:4] == [
        "@ /etc/haproxy/haproxy.cfg:2 (becomes)",
        "+ stats socket /s expose-fd listeners",
        "@ /etc/haproxy/haproxy.cfg:3",
        "- expose-fd listeners",
    ]
    after = ConfigEdit(file="/x", line=1, action=EditAction.INSERT_AFTER, text="  a")
    assert list(edit_lines([after, after])) == ["@ /x:1 (after it)", "+ a", "+ a"]


def test_without_edits_a_fix_is_for_a_person() -> None:
    assert fix_words(Fix(summary="x", safety=Safety.SAFE)) == "for a person to do"


def test_what_was_not_checked_is_grouped_by_what_most_rules_lacked() -> None:
    items = [
        NotChecked(code="HL1", name="a", why="the systemd unit", instance="i"),
        NotChecked(code="HL2", name="b", why="kernel settings, the systemd unit", instance="i"),
        NotChecked(code="HL3", name="c", why="kernel settings", instance="i"),
        NotChecked(code="HL4", name="d", why="the systemd unit", instance="j"),
    ]
    assert not_checked_groups(items, 2) == [
        ("the systemd unit", "HL1 HL2 HL4"),
        ("kernel settings (in 1 of 2 instances)", "HL3"),
    ]


def test_what_many_instances_share_is_said_once() -> None:
    assert unknown_groups(make_full()) == ["/proc/12/fd: Permission denied"]
    assert len(list(describe_instances(make(instances=60).instances))) == 1
    assert len(list(describe_instances(make(instances=3).instances))) == 3
    assert unreadable(make_full()) == []


def test_a_service_that_does_not_run_says_so() -> None:
    dead = AuditedInstance(name="haproxy.service", version="2.6.12", running=False)
    assert [seen for _, seen in describe_instances((dead,))] == [
        "haproxy 2.6.12 · mode not known · not running"
    ]
