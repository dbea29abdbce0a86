from hitless.audit.logging_setup.formats import Form
from hitless.audit.logging_setup.plan import LoggingChoice, plan_logging, receiver_files, receiver_paths
from hitless.audit.logging_setup.receivers import LOGROTATE_PATH, RSYSLOG_PATH, Receiver
from tests.audit.logging_setup.subjects import edited, subject

TEXT = """\
global
    log /dev/log local0
    chroot /var/lib/haproxy
defaults
    log global
    mode http
    option httplog
frontend f
    bind :80
"""
UNIT = """
```unit
[Service]
BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log
ExecStart=/usr/sbin/haproxy -Ws -f /h.cfg
```
"""
DROP_IN = "/etc/systemd/system/haproxy.service.d/90-hitless.conf"


def test_configuration_and_receiver_are_changed_together() -> None:
    plan = plan_logging(subject(TEXT), LoggingChoice(), {})
    assert [(c.path, c.kind, c.before is None) for c in plan.changes] == [
        ("/h.cfg", "configuration", False),
        (RSYSLOG_PATH, "rsyslog", True),
        (LOGROTATE_PATH, "logrotate", True),
    ]
    assert plan.changes[0].after == edited(TEXT)
    assert 'Socket="/var/lib/haproxy/dev/log"' in plan.changes[1].after
    assert [step.command for step in plan.next] == [
        "rsyslogd -N1",
        "systemctl restart rsyslog",
        "systemctl reload haproxy.service",
    ]


def test_what_is_there_already_is_no_change() -> None:
    first = plan_logging(subject(TEXT), LoggingChoice(), {})
    there = {change.path: change.after for change in first.changes[1:]}
    second = plan_logging(subject(first.changes[0].after), LoggingChoice(), there)
    assert (second.changes, second.next) == ((), ())


def test_the_receivers_files_can_be_elsewhere() -> None:
    plan = plan_logging(subject(TEXT), LoggingChoice(directory="/image/"), {RSYSLOG_PATH: "old\n"})
    assert plan.changes[1].path == f"/image{RSYSLOG_PATH}"
    assert plan.changes[1].before == "old\n"


def test_journald_gets_a_drop_in_and_no_file() -> None:
    choice = LoggingChoice(Form.HTTPLOG, Receiver.JOURNALD)
    assert receiver_paths(choice) == (DROP_IN,)
    plan = plan_logging(subject(TEXT), choice, {})
    assert [(c.path, c.kind) for c in plan.changes[1:]] == [(DROP_IN, "unit")]
    assert (
        "BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log\nLogRateLimitIntervalSec=0\n"
        in plan.changes[1].after
    )
    assert "systemctl daemon-reload" in [step.command for step in plan.next]


def test_a_drop_in_keeps_what_it_has() -> None:
    before = "[Service]\nKillMode=mixed\nLogRateLimitIntervalSec=30s\n"
    files = receiver_files(LoggingChoice(receiver=Receiver.JOURNALD), "", "/dev/log", {DROP_IN: before})
    assert files[DROP_IN] == "[Service]\nKillMode=mixed\nLogRateLimitIntervalSec=0\n"


def test_the_chroot_can_be_said() -> None:
    plan = plan_logging(subject(TEXT), LoggingChoice(chroot=""), {})
    assert "input(" not in plan.changes[1].after
    plan = plan_logging(subject(TEXT), LoggingChoice(chroot="/jail"), {})
    assert 'Socket="/jail/dev/log"' in plan.changes[1].after


def test_what_the_unit_puts_over_the_socket_is_told() -> None:
    (note,) = plan_logging(subject(TEXT, UNIT), LoggingChoice(), {}).notes
    assert "journald's socket over /var/lib/haproxy/dev/log" in note.text
    assert note.where.endswith(":2")


def test_a_standard_stream_needs_no_socket() -> None:
    text = TEXT.replace("/dev/log local0", "stdout format raw local0")
    plan = plan_logging(subject(text), LoggingChoice(), {})
    assert "input(" not in plan.changes[1].after
    assert "standard stream" in plan.notes[0].text
