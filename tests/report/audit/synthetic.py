"""Answers of audits that nobody gave: for renderers."""

from typing import Any

from hitless.facts.snapshot import Unknown
from hitless.findings import (
    AuditedInstance,
    AuditResult,
    ConfigEdit,
    EditAction,
    Evidence,
    Finding,
    Fix,
    NotChecked,
    Place,
    Safety,
    Severity,
    Suppression,
    SysctlEdit,
    TmpfilesEdit,
    UnitEdit,
)
from hitless.report.audit.rule_text import RuleText

CONFIG = "/etc/haproxy/haproxy.cfg"
HOSTILE = "a\x1b]0;owned\x07\u202eb<i>`|\n@team \udcff世界"

RULES = {
    code: RuleText(
        code=code,
        name=name,
        severity=severity,
        summary=f"{name} is here",
        family="Clients are reset although everything was done right",
        versions="2.4 and later",
        title=f"Title of {name}.",
        sections={
            "What it does": "Finds it.",
            "Why it drops connections": "First sentence. Second one of 2.4 is here. Third.\n\nMore.",
            "Example": "```cfg\nglobal\n    expose-fd listeners\n```\n\nSome text.",
            "References": "- one\n- two",
        },
        host_wide=host_wide,
    )
    for code, name, severity, host_wide in (
        ("HL109", "misplaced-expose-fd", Severity.ERROR, False),
        ("HL121", "migrate-req-off", Severity.NOTE, True),
        ("HL203", "no-hard-stop-after", Severity.WARNING, False),
        ("HL501", "idle-close-under-clients", Severity.WARNING, False),
    )
}


def finding(code: str = "HL501", **fields: Any) -> Finding:
    rule = RULES.get(code)
    given: dict[str, Any] = {
        "code": code,
        "name": rule.name if rule else "unnamed",
        "severity": rule.severity if rule else Severity.WARNING,
        "message": "the `thing` is wrong",
        "instance": "haproxy.service",
        "place": Place(file=CONFIG, line=3, column=5, length=9, text="    expose-fd listeners  # why"),
        **fields,
    }
    return Finding(**given)


FIX = Fix(
    summary="move `it`",
    safety=Safety.SAFE,
    edits=(
        ConfigEdit(
            file=CONFIG, line=2, action=EditAction.REPLACE, text="stats socket /s expose-fd listeners"
        ),
        ConfigEdit(file=CONFIG, line=3, action=EditAction.REMOVE),
        UnitEdit(unit="haproxy.service", section="Service", lines=("KillMode=mixed",)),
        SysctlEdit(name="net.ipv4.tcp_migrate_req", value="1"),
        TmpfilesEdit(line="d /run/haproxy 0755 haproxy haproxy"),
    ),
    commands=("systemctl daemon-reload",),
)


def make(*findings: Finding, instances: int = 1, **fields: Any) -> AuditResult:
    given: dict[str, Any] = {
        "tool_version": "0.1.0",
        "instances": tuple(
            AuditedInstance(
                name="haproxy.service" if not number else f"haproxy@{number}.service",
                version="2.8.25",
                mode="master-worker",
                mechanism="listening sockets are handed over by the master's own socket pair",
                configuration=(CONFIG,),
                processes=(12, 14),
            )
            for number in range(instances)
        ),
        "findings": tuple(findings),
        "rules_applied": len(RULES),
        **fields,
    }
    return AuditResult(**given)


def make_full() -> AuditResult:
    """Return an answer with one of each."""
    return make(
        finding(
            "HL109", fix=FIX, evidence=(Evidence(text="uses `it`", source=f"{CONFIG}:3"),), prices=("a", "b")
        ),
        finding(
            "HL121", instance="", place=Place(file="net.ipv4.tcp_migrate_req"), fix=Fix(summary="set it")
        ),
        finding("HL501", suppressed=Suppression(reason="we know", where=f"{CONFIG}:3")),
        not_checked=(
            NotChecked(
                code="HL203", name="no-hard-stop-after", why="the systemd unit", instance="haproxy.service"
            ),
        ),
        unknown=(Unknown(what="/proc/12/fd", why="Permission denied", instance="haproxy.service"),),
    )


def make_hostile() -> AuditResult:
    """Return an answer whose every text from outside is hostile."""
    place = Place(file=f"/{HOSTILE}", line=3, column=2, length=4, text=HOSTILE)
    return make(
        finding(
            message=HOSTILE,
            instance=HOSTILE,
            place=place,
            evidence=(Evidence(text=HOSTILE, source=HOSTILE),),
            prices=(HOSTILE,),
            fix=Fix(
                summary=HOSTILE,
                safety=Safety.SAFE,
                edits=(ConfigEdit(file=HOSTILE, line=3, action=EditAction.REPLACE, text=HOSTILE),),
                commands=(HOSTILE,),
            ),
        ),
        finding("HL203", message=HOSTILE, place=Place(file=HOSTILE)),
        finding("HL109", place=place, suppressed=Suppression(reason=HOSTILE, where=HOSTILE)),
        instances=2,
        unknown=(Unknown(what=HOSTILE, why=HOSTILE, instance=HOSTILE),),
        not_checked=(NotChecked(code="HL203", name="x", why=HOSTILE, instance=HOSTILE),),
    )
