"""Plans over real rules; the texts of expected files stand in full, since a byte too many is a defect."""

import pytest

from hitless.audit.engine import audit
from hitless.audit.fix.plan import plan_fixes
from hitless.audit.rule import Need, Rule
from hitless.audit.table import load_rule
from hitless.facts import Snapshot
from hitless.findings import (
    ConfigEdit,
    Edit,
    EditAction,
    Finding,
    Fix,
    Safety,
    Severity,
    SysctlEdit,
    TmpfilesEdit,
    UnitEdit,
)
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot

CIRCULATING = """\
```cfg
global
    # as the web has it
    stats socket /run/haproxy/admin.sock mode 660 level admin
    expose-fd listeners

defaults
    mode http
    timeout client 30s

frontend www
    bind :80
```
"""
RULES = [load_rule("HL109"), load_rule("HL501")]


def snapshot(text: str) -> Snapshot:
    found = read_snapshot(text)
    assert found is not None
    return found


def test_everything_that_is_safe_is_changed_and_nothing_else() -> None:
    plan = plan_fixes(snapshot(CIRCULATING), RULES)
    [change] = plan.changes
    assert change.before is not None
    assert change.after == change.before.replace(
        "level admin\n    expose-fd listeners\n", "level admin expose-fd listeners\n"
    ).replace("mode http\n", "mode http\n    option idle-close-on-response\n")
    assert {finding.code for finding in plan.fixed} == {"HL109", "HL501"}
    assert not plan.left


def test_a_second_run_changes_nothing() -> None:
    plan = plan_fixes(snapshot(CIRCULATING), RULES)
    again = plan_fixes(snapshot(f"```cfg\n{plan.changes[0].after}```\n"), RULES)
    assert not again.changes
    assert not again.left


def test_a_suppressed_finding_is_left_alone() -> None:
    text = CIRCULATING.replace("defaults\n", "defaults # hitless: ignore=HL501 clients retry\n")
    plan = plan_fixes(snapshot(text), [load_rule("HL501")])
    assert not plan.changes
    assert not plan.left


def fires_unless(code: str, fix: Fix, *, gone: str) -> Rule:
    """Return a rule that fires until the configuration, the unit or the host has the text `gone`."""

    def check(subject: Subject) -> list[Finding]:
        unit = "".join(file.text for file in subject.unit.files) if subject.unit else ""
        host = subject.host
        texts = [f.text for f in (*(host.sysctl_files or ()), *(host.tmpfiles or ()))] if host else []
        known = "".join([*(f.to_bytes().decode() for f in subject.files), unit, *texts])
        return [] if gone in known else [rule.finding(subject, fix=fix)]

    rule = Rule(code, f"rule-{code}", Severity.WARNING, "x", "all", frozenset({Need.CONFIGURATION}), check)
    return rule


def with_edit(edit: Edit, safety: Safety = Safety.SAFE) -> Fix:
    return Fix(summary="x", safety=safety, edits=(edit,))


HOST = CIRCULATING + "\n```unit\n[Service]\nExecReload=/bin/false\nType=notify\n```\n"


def test_files_of_the_host_are_made() -> None:
    rules = [
        fires_unless(
            "HL998",
            with_edit(UnitEdit(unit="haproxy.service", section="Service", lines=("KillMode=mixed",))),
            gone="KillMode",
        ),
        fires_unless(
            "HL997", with_edit(SysctlEdit(name="net.core.somaxconn", value="4096")), gone="somaxconn"
        ),
        fires_unless("HL996", with_edit(TmpfilesEdit(line="d /run/x 0755 root root -")), gone="/run/x"),
    ]
    plan = plan_fixes(snapshot(HOST), rules)
    assert not plan.left
    assert {change.kind: change.after.splitlines()[-1] for change in plan.changes} == {
        "unit": "KillMode=mixed",
        "sysctl": "net.core.somaxconn = 4096",
        "tmpfiles": "d /run/x 0755 root root -",
    }
    assert [step.command.split()[0] for step in plan.next] == ["sysctl", "systemd-tmpfiles", "systemctl"]


@pytest.mark.parametrize(
    ("safety", "unsafe", "changes", "why"),
    [
        (Safety.UNSAFE, False, 0, "--unsafe"),
        (Safety.UNSAFE, True, 1, ""),
        (Safety.MANUAL, True, 0, "for a person"),
    ],
)
def test_safety_decides(safety: Safety, *, unsafe: bool, changes: int, why: str) -> None:
    edit = ConfigEdit(
        file="/etc/haproxy/haproxy.cfg", line=1, action=EditAction.INSERT_AFTER, text="hard-stop-after 30m"
    )
    plan = plan_fixes(
        snapshot(CIRCULATING),
        [fires_unless("HL998", with_edit(edit, safety), gone="hard-stop")],
        unsafe=unsafe,
    )
    assert len(plan.changes) == changes
    assert all(why in left.why for left in plan.left)
    assert len(plan.left) == 1 - changes


def test_an_edit_that_does_not_help_is_not_made() -> None:
    edit = ConfigEdit(file="/etc/haproxy/haproxy.cfg", line=1, action=EditAction.INSERT_AFTER, text="# x")
    plan = plan_fixes(
        snapshot(CIRCULATING), [*RULES, fires_unless("HL998", with_edit(edit), gone="never there")]
    )
    assert "# x" not in plan.changes[0].after
    assert [left.why for left in plan.left] == ["its edit does not remove it here: left to a person"]
    assert {finding.code for finding in plan.fixed} == {"HL109", "HL501"}


def test_sections_that_read_the_same_are_each_changed() -> None:
    section = "defaults\n    mode http\n    timeout client 30s\nfrontend {}\n    bind :{}\n"
    plan = plan_fixes(snapshot(f"```cfg\n{section.format('a', 1)}{section.format('b', 2)}```\n"), RULES)
    assert plan.changes[0].after.count("mode http\n    option idle-close-on-response\n") == 2
    assert len(plan.fixed) == 2
    assert not plan.left


def test_the_settings_of_a_host_are_not_changed_from_files_alone() -> None:
    edit = SysctlEdit(name="net.core.somaxconn", value="4096")
    plan = plan_fixes(snapshot(CIRCULATING), [fires_unless("HL998", with_edit(edit), gone="never there")])
    assert not plan.changes
    assert [left.why for left in plan.left] == [
        "it changes the host, not these files: run `hitless fix` there"
    ]


def test_two_edits_of_one_line_are_made_one_after_the_other() -> None:
    def add(word: str) -> Rule:
        def check(subject: Subject) -> list[Finding]:
            file = subject.files[0]
            number = next(n for n, line in enumerate(file.lines, 1) if line.keyword == "bind")
            body = file.line(number).body.decode()
            edit = ConfigEdit(
                file=file.filename, line=number, action=EditAction.REPLACE, text=f"{body} {word}"
            )
            return [] if word in body else [rule.finding(subject, fix=with_edit(edit))]

        rule = Rule(f"HL9{word}", word, Severity.WARNING, "x", "all", frozenset(), check)
        return rule

    plan = plan_fixes(snapshot(CIRCULATING), [add("transparent"), add("v6only")])
    assert "    bind :80 transparent v6only\n" in plan.changes[0].after
    assert not plan.left


def test_what_is_planned_is_what_an_audit_says() -> None:
    before = snapshot(CIRCULATING)
    plan = plan_fixes(before, RULES)
    assert plan.before == audit(before, RULES)
    assert not plan.after.findings


def test_refused_lines_are_mended_byte_for_byte() -> None:
    text = (
        'global\n    daemon\nfrontend a :80 # x\n    bind :81 crt "/a b" reuseport\n    bind *:1 freebind\n'
    )
    plan = plan_fixes(
        snapshot(f"```cfg\n{text}backend b\n    stats socket\n    reuseport\n```\n"),
        [load_rule("HL404"), load_rule("HL417")],
    )
    assert plan.changes[0].after == (
        "global\n    daemon\n    stats socket /run/haproxy/admin.sock mode 660 level admin expose-fd listeners\n"
        'frontend a # x\n    bind :80\n    bind :81 crt "/a b"\n    bind *:1\nbackend b\n'
    )
    assert not plan.left
