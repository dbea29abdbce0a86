import json
from pathlib import Path

import jsonschema

from hitless.findings import Finding, Fix, Place, Severity
from hitless.fixes import ChangedFile, FixReport, Left, Next
from hitless.report.fix import json_schema, render_json, render_text

FINDING = Finding(
    code="HL501",
    name="idle-close-under-clients",
    severity=Severity.WARNING,
    message="closes \x1b[31midle connections",
    place=Place(file="/etc/haproxy/haproxy.cfg", line=3),
    fix=Fix(summary="option idle-close-on-response"),
)
CHANGE = ChangedFile(
    path="/c", kind="configuration", new=False, diff=("--- /c", "+++ /c", "@@ -1 +1 @@", "-a", "+\tb\x1b")
)


def report(**fields: object) -> FixReport:
    return FixReport(**{"tool_version": "0", "changes": (), "fixed": (), "left": (), "next": (), **fields})  # type: ignore[arg-type]


def test_the_diff_comes_first_and_hostile_bytes_are_harmless() -> None:
    text = render_text(report(changes=(CHANGE,), fixed=(FINDING,)), width=60, colour=False)
    assert text.startswith("--- /c\n+++ /c\n@@ -1 +1 @@\n-a\n+    b\\x1b\n\n")
    assert "\x1b" not in text
    assert max(len(line) for line in text.splitlines()) <= 60
    assert "--apply" in text


def test_colour_is_for_changed_lines() -> None:
    text = render_text(report(changes=(CHANGE,)), width=60, colour=True)
    assert "\x1b[31m-a\x1b[0m" in text
    assert "\n+++ /c\n" in text


def test_what_was_done_and_what_is_next() -> None:
    done = report(
        changes=(CHANGE,),
        applied=True,
        backup="B1",
        checks=("haproxy -c",),
        next=(Next(command="do it", why="now"),),
    )
    text = render_text(done, width=100, colour=False)
    for words in ("written  /c", "accepted by haproxy -c", "hitless fix --undo B1", "do it    (now)"):
        assert words in text


def test_nothing_to_change_and_what_stays_are_said() -> None:
    assert render_text(report(), width=80, colour=False) == "Nothing to change.\n"
    text = render_text(report(left=(Left(finding=FINDING, why="for a person"),)), width=80, colour=False)
    assert "by itself" in text
    assert "stays    HL501" in text
    assert "fix: option idle-close-on-response" in text


def test_json_is_harmless_too() -> None:
    document = json.loads(render_json(report(fixed=(FINDING,))))
    assert document["fixed"][0]["message"] == "closes \\x1b[31midle connections"


def test_the_schema_describes_it() -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs" / "json-schema" / "fix-1.json").read_text())
    assert schema == json_schema(), "write docs/json-schema/fix-1.json anew"
    full = report(
        changes=(CHANGE,),
        fixed=(FINDING,),
        left=(Left(finding=FINDING, why="x"),),
        next=(Next(command="a", why="b"),),
    )
    jsonschema.validate(json.loads(render_json(full)), schema)
