from hitless.config.active import Diagnostics
from hitless.config.context import Context, read_bind, read_log_line
from hitless.config.model import Address, Directive, LogTarget


def context() -> Context:
    return Context({}, Diagnostics())


def line(text: str) -> Directive:
    return Directive(tuple(text.split()), "f:1")


def test_a_bind_line() -> None:
    bind = read_bind(context(), line("bind"), ["/a,:80", "ssl", "crt", "x"], unix_prefix="/run")
    assert bind is not None
    assert [a.host for a in bind.addresses] == ["/run/a", "0.0.0.0"]
    assert bind.has("ssl")
    assert bind.options["crt"] == ("x",)


def test_bad_bind_lines_are_noted() -> None:
    here = context()
    assert read_bind(here, line("bind"), []) is None
    assert read_bind(here, line("bind"), ["10.0.0.1"]) is None
    assert read_bind(here, line("bind"), [":80", "freebind"]) is not None
    assert here.diagnostics.entries == [
        "f:1: expects an address",
        "f:1: missing port specification in '10.0.0.1'",
        "f:1: unknown keyword 'freebind' on a bind line",
    ]


def test_log_lines_add_up_until_no_log() -> None:
    here = context()
    shared = LogTarget(Address("unix", "/dev/log", 0, "/dev/log"), "local0", "f:9")
    here.global_log_targets = [shared]
    targets = read_log_line(here, line("log global"), [])
    targets = read_log_line(here, line("log global"), targets)
    targets = read_log_line(here, line("log 10.0.0.1 len 99 format rfc5424 local1 notice"), targets)
    targets = read_log_line(here, line("log stdout format raw daemon"), targets)
    targets = read_log_line(here, line("log ring@buf local2"), targets)
    targets = read_log_line(here, line("log [::1]:5140 local3"), targets)
    assert targets[0] == shared
    assert [(t.address.kind, t.address.host, t.address.port, t.facility) for t in targets[1:]] == [
        ("udp", "10.0.0.1", 514, "local1"),
        ("other", "stdout", 0, "daemon"),
        ("other", "ring@buf", 0, "local2"),
        ("udp", "::1", 5140, "local3"),
    ]
    assert read_log_line(here, line("no log"), targets) == []


def test_a_bad_log_line_is_noted() -> None:
    here = context()
    assert read_log_line(here, line("log"), []) == []
    assert read_log_line(here, line("log foo@bar local0"), []) == []
    assert len(here.diagnostics.entries) == 2
