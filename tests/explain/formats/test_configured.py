from hitless.config import build_model, parse
from hitless.explain.formats.configured import ConfiguredLogging, read_configured_logging

CONFIGURATION = """\
global
    log /dev/log local0
    log-tag lb1
defaults
    mode http
    option httplog
    log-format "%ci %[src,ipmask(24)] %{+Q}r"
frontend inherits
    bind :80
frontend overrides
    bind :81
    option httplog
frontend json
    bind :82
    log-format "%{+json}o %(ip)ci %(st)ST %(fe)ft"
    log-tag other
    log-format-sd "%{+Q,+E}o [ex@1 id=%ID]"
listen tcp
    mode tcp
    bind :83
    log-format "${HAPROXY_TCP_LOG_FMT}"
    error-log-format "%ci failed %[fc_err]"
defaults plain
    mode http
frontend without from plain
    bind :84
    error-log-format "%ci bad %["
backend app
    log-format "%ci never"
log-profile fast
    log-tag fast
    on any format "%ci %ft hello" sd "[x@1 %ID]"
    on close drop
"""


def read(text: str) -> ConfiguredLogging:
    file = parse(text.encode(), filename="h.cfg")
    return read_configured_logging(build_model([file], environment={}, version=(3, 2)), [file])


def test_each_frontend_has_the_format_that_was_set_last() -> None:
    found = read(CONFIGURATION)
    assert {log.frontend: log.format_name for log in found.frontends} == {
        "inherits": "h.cfg:7",
        "overrides": "http",
        "json": "h.cfg:15",
        "tcp": "tcp",
        "without": "connect",
    }
    assert {log.frontend: log.tag for log in found.frontends if log.tag} == {"json": "other"}


def test_formats_tags_and_problems() -> None:
    found = read(CONFIGURATION)
    assert [f.name for f in found.formats] == ["h.cfg:7", "h.cfg:15", "h.cfg:22", "h.cfg:32"]
    assert [f.encoding for f in found.formats] == ["", "json", "", ""]
    assert [f.name for f in found.data_formats] == ["h.cfg:17", "h.cfg:32"]
    assert found.programs == {"lb1", "other", "fast"}
    assert len(found.problems) == 1
    assert found.problems[0].startswith("h.cfg:27: ")


def test_a_configuration_that_logs_nothing() -> None:
    found = read("frontend a\n    mode http\n    bind :80\n    log-format\n    log-tag\n")
    assert found.formats == ()
    assert found.programs == frozenset()
    assert found.frontends[0].format_name == "connect"


def test_clf() -> None:
    found = read("defaults\n mode http\n option httplog clf\nfrontend a\n bind :80\n")
    assert found.frontends[0].format_name == "http_clf"
