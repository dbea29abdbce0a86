import msgspec

from hitless.audit.fix.draft import Draft
from hitless.facts import Snapshot
from hitless.findings import ConfigEdit, EditAction, Finding, Fix, Severity, SysctlEdit, UnitEdit
from tests.audit.fixtures import read_snapshot

UNIT = "```cfg\nglobal\n    log x\n```\n```unit\n[Service]\nType=notify\nKillMode=process\n```\n"
FINDING = Finding(code="HL999", name="x", severity=Severity.NOTE, message="x")


def draft(text: str = UNIT) -> Draft:
    found = read_snapshot(text)
    assert isinstance(found, Snapshot)
    return Draft(found)


def test_nothing_taken_changes_nothing() -> None:
    assert not draft().changes()
    assert not draft().next_steps()


def test_a_drop_in_counts_for_the_unit() -> None:
    one = draft()
    one.take(FINDING, [UnitEdit(unit="haproxy.service", section="Service", lines=("KillMode=mixed",))])
    unit = one.snapshot.instances[0].unit
    assert unit is not None
    assert (unit.kill_mode, unit.type) == ("mixed", "notify")
    assert unit.place_of("KillMode").startswith("/etc/systemd/system/haproxy.service.d/90-hitless.conf:")


def test_another_units_drop_in_is_not_ours() -> None:
    one = draft()
    one.take(FINDING, [UnitEdit(unit="other.service", section="Service", lines=("KillMode=mixed",))])
    assert not one.changes()


def test_files_alone_have_no_kernel() -> None:
    one = draft("```cfg\nglobal\n```\n")
    one.take(FINDING, [SysctlEdit(name="net.core.somaxconn", value="1")])
    assert not one.changes()


def test_a_kernel_setting_counts() -> None:
    one = draft()
    one.take(FINDING, [SysctlEdit(name="net.core.somaxconn", value="4096")])
    assert one.snapshot.host is not None
    assert one.snapshot.host.sysctl("net.core.somaxconn") == "4096"
    assert [step.command for step in one.next_steps()] == ["sysctl -p /etc/sysctl.d/90-hitless.conf"]


def test_edits_of_unknown_files_are_not_accepted() -> None:
    edit = ConfigEdit(file="/elsewhere", line=1, action=EditAction.REMOVE)
    assert not draft().accepts([edit], [])


def test_a_line_keeps_its_rank_when_others_move_it() -> None:
    one = draft()
    path = "/etc/haproxy/haproxy.cfg"
    before = one.line_and_rank(path, 2)
    assert before[1] == 0
    assert one.line_and_rank(path, 99) == ("", 0)
    one.finish_round([ConfigEdit(file=path, line=1, action=EditAction.INSERT_BEFORE, text="# first")])
    assert one.line_and_rank(path, 3) == before
    assert one.next_steps()[-1].command == "systemctl reload haproxy.service"


def test_what_is_not_here_cannot_be_changed() -> None:
    one = draft()
    assert one.can_make([ConfigEdit(file="/x", line=1, action=EditAction.REMOVE)])
    assert one.can_make([SysctlEdit(name="net.core.somaxconn", value="4096")])
    assert not one.can_make([UnitEdit(unit="other.service", section="Service", lines=("KillMode=mixed",))])


def test_a_command_is_named_once() -> None:
    one = draft()
    fix = Fix(summary="x", commands=("sysctl -w net.core.somaxconn=4096", "systemctl daemon-reload", "other"))
    finding = msgspec.structs.replace(FINDING, fix=fix)
    kernel = SysctlEdit(name="net.core.somaxconn", value="4096")
    unit = UnitEdit(unit="haproxy.service", section="Service", lines=("KillMode=mixed",))
    one.take(finding, [kernel, unit])
    assert [step.command for step in one.next_steps()] == [
        "sysctl -p /etc/sysctl.d/90-hitless.conf",
        "systemctl daemon-reload",
        "other",
    ]
