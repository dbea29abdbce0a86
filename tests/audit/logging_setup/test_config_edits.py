"""Configurations before and after: as few lines as do it, and a second run changes nothing."""

import pytest

from hitless.audit.engine import audit
from hitless.audit.logging_setup.config_edits import edit_configuration, format_of
from hitless.audit.logging_setup.formats import UNIQUE_ID_FORMAT, UNIQUE_ID_HEADER, Form, format_line
from hitless.audit.table import MODULES, load_rule
from tests.audit.logging_setup.subjects import edited, subject

WORDS = {
    "<target>": "log /dev/log len 8192 local0",
    "<http>": format_line(Form.JSON, "http"),
    "<early>": format_line(Form.JSON, "http", early=True),
    "<tcp>": format_line(Form.JSON, "tcp"),
    "<ids>": f"{UNIQUE_ID_FORMAT}\n    {UNIQUE_ID_HEADER}",
    "<id>": UNIQUE_ID_FORMAT,
}
CASES = {
    "one line in defaults": (
        """\
global
    <target>
defaults
    log global
    mode http
    option httplog
frontend f
    bind :80
""",
        """\
global
    <target>
defaults
    log global
    mode http
    <http>
    <ids>
frontend f
    bind :80
""",
    ),
    "nothing at all": (
        """\
defaults
    mode http
frontend f
    bind :80
""",
        """\
global
    <target>

defaults
    mode http
    log global
    <http>
    <ids>
frontend f
    bind :80
""",
    ),
    "no defaults": (
        """\
global
    <target>
frontend f
    mode http
    log global
    bind :80
""",
        """\
global
    <target>
frontend f
    mode http
    log global
    <http>
    <ids>
    bind :80
""",
    ),
    "modes that differ": (
        """\
global
    <target>
defaults
    log global
    mode http
frontend f
    bind :80
frontend g
    mode tcp
    bind :81
""",
        """\
global
    <target>
defaults
    log global
    mode http
    <ids>
frontend f
    bind :80
    <http>
frontend g
    mode tcp
    <tcp>
    bind :81
""",
    ),
    "each its own option": (
        """\
global
    <target>
defaults
    log global
    mode http
    option httplog # web
    <ids>
frontend f
    bind :80
frontend g
    mode tcp
    option tcplog
    bind :81
""",
        """\
global
    <target>
defaults
    log global
    mode http
    <http> # web
    <ids>
frontend f
    bind :80
frontend g
    mode tcp
    <tcp>
    bind :81
""",
    ),
    "a format of one's own that lacks something": (
        """\
global
    <target>
defaults
    log global
    mode http
    log-format "%ci %ST %Ta"
    <ids>
frontend f
    bind :80
""",
        """\
global
    <target>
defaults
    log global
    mode http
    <http>
    <ids>
frontend f
    bind :80
""",
    ),
    "a page about HAProxy itself shares the defaults": (
        """\
global
    <target>
defaults
    log global
    mode http
frontend f
    bind :80
listen stats
    bind :81
    stats enable
""",
        """\
global
    <target>
defaults
    log global
    mode http
    <http>
    <ids>
frontend f
    bind :80
listen stats
    bind :81
    stats enable
""",
    ),
    "the header is set by a rule": (
        """\
global
    <target>
defaults
    log global
    mode http
    <http>
frontend f
    bind :80
    http-request set-header X-Request-ID %[uuid()]
""",
        """\
global
    <target>
defaults
    log global
    mode http
    <http>
    <id>
frontend f
    bind :80
    http-request set-header X-Request-ID %[uuid()]
""",
    ),
    "a log that is wanted nowhere": (
        """\
global
    <target>
defaults
    mode http
    log global
    <http>
    <ids>
frontend f
    no log
    bind :80
""",
        """\
global
    <target>
defaults
    mode http
    log global
    <http>
    <ids>
frontend f
    no log
    bind :80
""",
    ),
    "lines that are written early": (
        """\
global
    <target>
defaults
    log global
    mode http
    option logasap
    <ids>
frontend f
    bind :80
""",
        """\
global
    <target>
defaults
    log global
    mode http
    option logasap
    <early>
    <ids>
frontend f
    bind :80
""",
    ),
}


def written(text: str) -> str:
    for word, line in WORDS.items():
        text = text.replace(word, line)
    return text


@pytest.mark.parametrize("name", CASES)
def test_edits(name: str) -> None:
    before, after = map(written, CASES[name])
    assert edited(before) == after


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("name", CASES)
def test_a_second_run_changes_nothing(name: str, form: Form) -> None:
    after = edited(written(CASES[name][0]), form)
    assert edit_configuration(subject(after), form) == ()


@pytest.mark.parametrize("name", [name for name in CASES if name != "a log that is wanted nowhere"])
def test_what_the_audit_says_of_logs_is_gone(name: str) -> None:
    rules = [load_rule(code) for code in MODULES if code in {"HL701", "HL704", "HL706", "HL709", "HL711"}]
    after = subject(
        edited(CASES[name][0].replace("bind :80\n", "bind :80\n    default_backend b\n") + "backend b\n")
    )
    assert [finding.message for finding in audit(after.snapshot, rules).findings] == []


def test_the_last_format_of_a_frontend_counts() -> None:
    text = 'defaults\n    mode http\n    option httplog\nfrontend f\n    bind :80\n    log-format "%ci"\n'
    (proxy,) = subject(text).frontends
    found = format_of(proxy)
    assert found is not None
    assert found.words == ("log-format", "%ci")
    assert format_of(subject("frontend f\n    bind :80\n").frontends[0]) is None
