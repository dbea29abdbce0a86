"""Units of distributions and hand-made ones: how they start and reload HAProxy, and what they should say."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.audit.engine import audit
from hitless.audit.service import command_deeds, graceful_reload, haproxy_arguments, reload_fix, unit_start
from hitless.audit.table import MODULES, load_rule
from hitless.facts import FileText, Launch, Script, Snapshot
from hitless.findings import ConfigEdit, EditAction, Finding, Safety, UnitEdit
from hitless.host.unit_files import read_unit_files
from hitless.subject import Subject
from tests.audit.fixtures import cases, read_snapshot

DEBIAN = """
[Service]
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "PIDFILE=/run/haproxy.pid" "EXTRAOPTS=-S /run/haproxy-master.sock"
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS
ExecReload=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
"""


def _subject(unit: str, cfg: str = "global\n", mode: str = "master-worker") -> Subject:
    snapshot = read_snapshot(f"```unit\n{unit}```\n```cfg\n{cfg}```\n```mode {mode}\n```\n")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def _deeds(unit: str) -> list[tuple[str, str]]:
    subject = _subject(unit)
    assert subject.unit is not None
    return [
        (str(d.act.action), d.act.detail if d.act.action == "signal" else "")
        for d in command_deeds(subject.unit, subject.unit.reload)
    ]


def test_the_unit_of_debian_12() -> None:
    assert _deeds(DEBIAN) == [("check", ""), ("signal", "USR2")]
    subject = _subject(DEBIAN)
    assert subject.unit is not None
    start = unit_start(subject.unit)
    assert start is not None
    assert start[1].systemd
    assert start[1].master_sockets == ("/run/haproxy-master.sock",)
    assert graceful_reload(subject) == (
        "ExecReload=",
        "ExecReload=/usr/sbin/haproxy -Ws -f $CONFIG -c $EXTRAOPTS",
        "ExecReload=/bin/kill -USR2 $MAINPID",
    )


@pytest.mark.parametrize(
    ("line", "deeds"),
    [
        ("/bin/kill -HUP ${MAINPID}", [("signal", "HUP")]),
        ("-/usr/bin/kill $MAINPID", [("signal", "TERM")]),
        ("/bin/sh -c 'haproxy -c -f /x && kill -USR2 $MAINPID'", [("check", ""), ("signal", "USR2")]),
        ("/bin/systemctl restart haproxy", [("restart", "")]),
        ("/usr/sbin/haproxy -D -f /x -p /p -sf $MAINPID", [("spawn", "")]),
        ("/usr/local/bin/reload-haproxy", []),
        ("/bin/sh -c 'echo reload | socat - /run/m.sock'", [("master-cli", "")]),
    ],
)
def test_what_a_reload_does(line: str, deeds: list[tuple[str, str]]) -> None:
    assert _deeds(f"[Service]\nExecReload={line}\n") == deeds


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (["/usr/sbin/haproxy", "-Ws", "-f", "/a"], ("/a",)),
        (["/bin/sh", "-c", "exec /usr/sbin/haproxy -W -f /a"], ("/a",)),
        (["ip", "netns", "exec", "x", "haproxy", "-f", "/a", "-f", "/b"], ("/a", "/b")),
    ],
)
def test_haproxy_inside_another_command(words: list[str], files: tuple[str, ...]) -> None:
    found = haproxy_arguments(words)
    assert found is not None
    assert found.files == files


@pytest.mark.parametrize(
    "words", [[], ["/usr/bin/docker", "run", "haproxy:2.8"], ["/usr/sbin/haproxy-systemd-wrapper"]]
)
def test_no_haproxy(words: list[str]) -> None:
    assert haproxy_arguments(words) is None


def test_a_check_has_no_descriptors_of_systemd() -> None:
    subject = _subject(DEBIAN, "frontend f\n    bind fd@3\n")
    assert graceful_reload(subject) == ("ExecReload=", "ExecReload=/bin/kill -USR2 $MAINPID")


def test_a_classic_process_is_for_a_person() -> None:
    subject = _subject(
        "[Service]\nType=forking\nExecStart=/usr/sbin/haproxy -D -f /a -p /p\n", mode="classic"
    )
    fix = reload_fix(subject, "x")
    assert fix.safety is Safety.MANUAL
    assert "-sf $(cat" in fix.summary


def test_the_fix_is_a_drop_in() -> None:
    fix = reload_fix(_subject(DEBIAN), "x")
    assert fix.safety is Safety.SAFE
    assert isinstance(fix.edits[0], UnitEdit)


def _with_drop_in(snapshot: Snapshot, edit: UnitEdit) -> Snapshot:
    """Return the snapshot after the drop-in and a restart."""
    (instance,) = snapshot.instances
    assert instance.unit is not None
    text = "\n".join((f"[{edit.section}]", *edit.lines, ""))
    files = (
        *instance.unit.files,
        FileText(path="/etc/systemd/system/haproxy.service.d/hitless.conf", text=text),
    )
    unit = read_unit_files(instance.unit.name, files)
    launch = instance.launch and Launch(arguments=unit.start[0].arguments, source="ExecStart=")
    return msgspec.structs.replace(
        snapshot, instances=(msgspec.structs.replace(instance, unit=unit, launch=launch),)
    )


def _unit_fixes() -> Iterator[object]:
    """Yield each fixture of the first family whose fix is one drop-in."""
    for code in sorted(c for c in MODULES if c.startswith("HL1")):
        for case in cases(code):
            for finding in audit(case.snapshot, [load_rule(code)]).findings:
                edits = finding.fix.edits if finding.fix else ()
                if len(edits) == 1 and isinstance(edits[0], UnitEdit):
                    yield pytest.param(case.snapshot, finding, edits[0], id=f"{code}-{case.title}")


@pytest.mark.parametrize(("snapshot", "finding", "edit"), list(_unit_fixes()))
def test_a_drop_in_of_a_rule_ends_its_finding(snapshot: Snapshot, finding: Finding, edit: UnitEdit) -> None:
    result = audit(_with_drop_in(snapshot, edit), [load_rule(finding.code)])
    assert not result.not_checked
    assert finding.message not in {f.message for f in result.findings}


def _config_fixes() -> Iterator[object]:
    """Yield each fixture of the first family whose fix is in the configuration."""
    for code in sorted(c for c in MODULES if c.startswith("HL1")):
        for case in cases(code):
            for finding in audit(case.snapshot, [load_rule(code)]).findings:
                if finding.fix and finding.fix.edits and isinstance(finding.fix.edits[0], ConfigEdit):
                    yield pytest.param(case.snapshot, finding, id=f"{code}-{case.title}")


@pytest.mark.parametrize(("snapshot", "finding"), list(_config_fixes()))
def test_an_edit_of_the_configuration_ends_its_finding(snapshot: Snapshot, finding: Finding) -> None:
    (instance,) = snapshot.instances
    (file,) = instance.configuration
    lines = file.text.splitlines()
    assert finding.fix is not None
    for edit in sorted(finding.fix.edits, key=lambda e: -e.line if isinstance(e, ConfigEdit) else 0):
        assert isinstance(edit, ConfigEdit)
        after = edit.action is EditAction.INSERT_AFTER
        lines[edit.line - (not after) : edit.line] = (
            [edit.text] if edit.action is not EditAction.REMOVE else []
        )
    changed = msgspec.structs.replace(file, text="\n".join((*lines, "")))
    instance = msgspec.structs.replace(instance, configuration=(changed,))
    again = audit(msgspec.structs.replace(snapshot, instances=(instance,)), [load_rule(finding.code)])
    assert finding.message not in {f.message for f in again.findings}


_PIECES = st.sampled_from(
    [
        *(
            "haproxy",
            "systemctl",
            "restart",
            "reload",
            "kill",
            "-USR2",
            "-9",
            "$MAINPID",
            "-f",
            "/a.cfg",
            "-c",
            "-Ws",
            "-D",
        ),
        *(
            "-sf",
            "-x",
            "-S",
            "/s",
            "\n",
            ";",
            "&&",
            "|",
            "'",
            '"',
            "`",
            "$(",
            ")",
            "\\",
            "{",
            "}",
            "- ",
            ":",
            "#",
        ),
        *(
            "service",
            "service.running:",
            "state: restarted",
            "<<EOF",
            "[",
            "CMD",
            "FROM x",
            "\x00",
            "é",
            "ExecStart=",
            "%",
        ),
    ]
)
_RULES = [load_rule(code) for code in sorted(MODULES) if code.startswith("HL1")]


@given(st.lists(_PIECES, max_size=40), st.lists(_PIECES, max_size=20))
def test_no_rule_of_the_family_breaks(script: list[str], command: list[str]) -> None:
    kinds = ("script", "certbot", "container", "configuration-management")
    line = " ".join(command).replace("\n", " ")
    unit = f"[Service]\nExecStart={line}\nExecReload={line}\n"
    snapshot = read_snapshot(f"```unit\n{unit}```\n```cfg\nglobal\n```\n")
    assert snapshot is not None
    assert snapshot.host is not None
    scripts = tuple(Script(path="/x", kind=kind, text=" ".join(script)) for kind in kinds)
    snapshot = msgspec.structs.replace(snapshot, host=msgspec.structs.replace(snapshot.host, scripts=scripts))
    assert audit(snapshot, _RULES).internal_errors == 0
