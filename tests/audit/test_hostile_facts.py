"""No snapshot, configuration, script or unit breaks a rule, and all that is found can be drawn in each format."""

import json
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import jsonschema
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitless.audit.engine import audit
from hitless.audit.table import MODULES, load_rule
from hitless.cli.rule_texts import rule_text
from hitless.facts import FileText, Instance, RunMode, Script, Snapshot
from hitless.findings import AuditResult, Severity
from hitless.gather.configuration import configuration_file
from hitless.gather.document import render_snapshot, settle
from hitless.host.unit_files import read_unit_files
from hitless.report.audit import json as json_report
from hitless.report.audit import junit, markdown, sarif, text
from tests.audit.hostile import hostile_text, snapshots
from tests.report.audit.test_sarif import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = [load_rule(code) for code in sorted(MODULES)]
TEXTS = {code: rule_text(code) for code in sorted(MODULES)}
LIMIT_S = 20.0
"""Far above what an example takes; a rule whose time explodes with the input is above it at once."""

slow = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
_CONTROL = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u202e"} - {"\n"}


def judged(snapshot: Snapshot) -> AuditResult:
    settled = settle(snapshot)
    start = time.monotonic()
    result = audit(settled, RULES)
    assert time.monotonic() - start < LIMIT_S
    assert not result.internal_errors, [f.evidence for f in result.findings if f.code == "HL000"]
    again = audit(msgspec.json.decode(render_snapshot(settled), type=Snapshot), RULES)
    assert again == result, "a snapshot on disk says something else"
    return result


def drawn(result: AuditResult) -> None:
    """Draw the result in all formats; what came from outside steers no terminal and breaks no document."""
    render: Callable[[], str] = lambda: sarif.render(  # noqa: E731
        result, TEXTS, threshold=Severity.WARNING, directory="/etc"
    )
    jsonschema.Draft4Validator(SCHEMA).validate(json.loads(render()))
    json.loads(json_report.render(result, TEXTS, threshold=Severity.WARNING))
    ET.fromstring(junit.render(result, TEXTS, threshold=Severity.WARNING).encode())
    for plain in (
        text.render(result, TEXTS, width=20, colour=False),
        text.render(result, TEXTS, width=100, colour=False),
        markdown.render(result, TEXTS, threshold=Severity.WARNING),
    ):
        assert not _CONTROL & set(plain)
        plain.encode("utf-8", "strict")


@slow
@given(snapshots())
def test_any_facts(snapshot: Snapshot) -> None:
    drawn(judged(snapshot))


@slow
@given(
    st.one_of(st.binary(max_size=300), hostile_text().map(lambda t: t.encode("utf-8", "surrogateescape"))),
    st.sampled_from([None, (2, 2, 9), (2, 6, 12), (2, 8, 25), (3, 2, 26)]),
    st.sampled_from(list(RunMode)),
)
def test_any_configuration(data: bytes, version: tuple[int, int, int] | None, mode: RunMode) -> None:
    file = configuration_file("/etc/haproxy/haproxy.cfg", data)
    instance = Instance(name="x", configuration=(file,), assumed_version=version, mode=mode)
    drawn(judged(Snapshot("0", "2026-01-01T00:00:00Z", (instance,))))


@slow
@given(hostile_text(), hostile_text(), snapshots())
def test_any_unit_and_script(unit_text: str, script_text: str, other: Snapshot) -> None:
    file = FileText(path="/etc/systemd/system/haproxy.service", text=unit_text)
    unit = read_unit_files("haproxy.service", (file,))
    instance = Instance(name="haproxy.service", unit=unit)
    host = other.host
    if host is not None:
        scripts = tuple(
            Script(path="/x", kind=kind, text=script_text) for kind in ("script", "cron", "systemd")
        )
        host = msgspec.structs.replace(host, scripts=scripts)
    judged(Snapshot("0", "2026-01-01T00:00:00Z", (instance,), host=host))
