"""Rules applied to a snapshot: order, what is not checked, and rules that break."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from hitless.audit.engine import INTERNAL_ERROR, audit
from hitless.audit.rule import Need, Rule
from hitless.audit.table import all_rules
from hitless.facts import Instance, Snapshot, Unknown
from hitless.findings import Evidence, Finding, Place, Severity
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot


def snapshot(text: str = "```cfg\nglobal\n```") -> Snapshot:
    found = read_snapshot(text)
    assert found is not None
    return found


def rule(code: str = "HL999", *needs: Need, host_wide: bool = False) -> Rule:
    def check(subject: Subject) -> Iterator[Finding]:
        yield made.finding(subject, "first", place=Place(file="b", line=2))
        yield made.finding(subject, "first", place=Place(file="b", line=2))
        yield made.finding(subject, "second", place=Place(file="b", line=1))
        yield made.finding(subject, "worst", severity=Severity.ERROR)

    made = Rule(code, f"a-{code}", Severity.NOTE, "a rule", "all", frozenset(needs), check, host_wide)
    return made


def breaking(error: Exception) -> Rule:
    def check(subject: Subject) -> Iterator[Finding]:
        yield made.finding(subject, "before it broke")
        raise error

    made = replace(rule(), check=check)
    return made


def test_findings_are_ordered_and_said_once() -> None:
    result = audit(snapshot(), [rule("HL998"), rule("HL997")])
    assert [(f.code, f.message) for f in result.findings] == [
        *((code, "worst") for code in ("HL997", "HL998")),
        *((code, message) for code in ("HL997", "HL998") for message in ("second", "first")),
    ]
    assert result.rules_applied == 2
    assert result.internal_errors == 0


@pytest.mark.parametrize("error", [ValueError("x" * 10_000), RecursionError(), KeyError("k"), MemoryError()])
def test_a_rule_that_breaks_is_a_finding_and_not_silence(error: Exception) -> None:
    result = audit(snapshot(), [breaking(error), rule("HL001")])
    broken = [f for f in result.findings if f.code == INTERNAL_ERROR]
    assert result.internal_errors == 1
    assert [f.severity for f in broken] == [Severity.ERROR]
    assert len(broken[0].evidence[0].text) <= 300
    assert "test_engine.py" in broken[0].evidence[0].source
    assert "before it broke" in {f.message for f in result.findings}
    assert "worst" in {f.message for f in result.findings}, "the other rules are applied"


def test_what_lacks_facts_is_not_checked() -> None:
    result = audit(snapshot(), [rule("HL999", Need.UNIT, Need.SYSCTLS)])
    assert not result.findings
    assert [(n.code, n.why, n.instance) for n in result.not_checked] == [
        ("HL999", "the systemd unit, kernel settings", "haproxy.service")
    ]


def test_a_rule_about_the_host_speaks_once() -> None:
    one = snapshot()
    two = Snapshot("0", "", (*one.instances, Instance("other")))
    instances = {f.instance for f in audit(two, [rule(host_wide=True)]).findings}
    assert instances == {""}, "once, and of no instance"
    assert {f.instance for f in audit(two, [rule()]).findings} == {"haproxy.service", "other"}


def test_the_head_says_what_was_looked_at() -> None:
    text = (
        '```cfg\nglobal\n```\n```json instance\n{"processes":[{"pid":7,"parent_pid":1,"role":"worker"}]}\n```'
    )
    (head,) = audit(snapshot(text), []).instances
    assert (head.name, head.version, head.processes) == ("haproxy.service", "2.8.25", (7,))
    assert head.configuration == ("/etc/haproxy/haproxy.cfg",)
    assert head.mechanism == "listening sockets are handed over by the master's own socket pair"


HOSTILE = (
    "",
    "\x00\x01\xff",
    "global\n hard-stop-after\n maxconn -1\n ulimit-n x\n mworker-max-reloads 99999999999999\n grace\n",
    "global\n close-spread-time\n user\n setcap\n cluster-secret\n tune.quic.socket-owner\n",
    "defaults\n timeout\n timeout client\n timeout client 99999999999999999999999d\n backlog\n source\n option\n no\n",
    "listen\n bind\n server\n server a\n use_backend\n default_backend\n filter spoe\n",
    "frontend f\n bind :80 shards\n bind [::1]:1-65535 shards 9999999\n bind quic4@:443 quic-socket\n backlog x\n",
    "listen l\n mode http\n bind [fe80::1%eth0]:80,:::81\n source :9-1\n server s [::1]:80 maxconn x source\n",
    "frontend f\n bind :80 'unterminated\n mode http\n",
    "frontend \u0661\n bind :\u0661\n timeout client \u0661s\nglobal\n maxconn \u0661\u0662\n hard-stop-after \u00b2\n",
    ".if\n.elif\n.endif\nglobal\n.if defined(X)\n hard-stop-after 1\n",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_rule_breaks_on_a_hostile_configuration(text: str) -> None:
    for version in ("1.8.0", "2.4.0", "2.6.12", "3.4.0"):
        result = audit(snapshot(f"```cfg\n{text}\n```\n```version {version}\n```"), list(all_rules()))
        assert not result.internal_errors, result.findings


def test_texts_stay_readable() -> None:
    def check(subject: Subject) -> Iterator[Finding]:
        yield long.finding(subject, "m" * 100_000, evidence=(Evidence(text="e" * 100_000, source="s"),))

    long = replace(rule(), check=check)
    unknown = (Unknown(what="x" * 100_000, why=""),)
    result = audit(Snapshot("0", "", (Instance(name="x"),), unknown=unknown), [long])
    (finding,) = result.findings
    assert max(map(len, (finding.message, finding.evidence[0].text, result.unknown[0].what))) < 2100


def test_a_rule_about_the_host_needs_one_instance_with_the_facts() -> None:
    bare = Instance(name="bare")
    known = Instance(name="known", assumed_version=(2, 8, 1))
    snapshot = Snapshot(tool_version="0", taken_at="", instances=(bare, known))
    result = audit(snapshot, [rule("HL998", Need.VERSION, host_wide=True), rule("HL999", Need.VERSION)])
    assert {finding.code for finding in result.findings} == {"HL998", "HL999"}
    assert [(item.code, item.instance) for item in result.not_checked] == [("HL999", "bare")]
