"""What log lines say, and which frontends are for clients."""

import pytest

from hitless.audit.log_lines import LogLine, has_format, logged_frontends, read_log_target, split_log_words
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot


def subject(text: str) -> Subject:
    snapshot = read_snapshot(f"```cfg\n{text}\n```\n")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("/dev/log local0", LogLine()),
        ("/dev/log local0 notice", LogLine(level="notice")),
        ("127.0.0.1:514 len 4096 format rfc5424 local1 err emerg", LogLine("rfc5424", "", "err")),
        ("stdout format raw sample 1:10 daemon", LogLine("raw")),
        ("/dev/log profile p local0", LogLine(profile="p")),
        ("/dev/log", LogLine()),
    ],
)
def test_words_after_the_address(words: str, line: LogLine) -> None:
    found = subject(f"global\n    log {words}\n")
    assert [read_log_target(found, target) for target in found.model.log_targets] == [line]


@pytest.mark.parametrize(
    ("level", "expected"),
    [("", "kept"), ("debug", "kept"), ("info", "kept"), ("notice", "hidden"), ("odd", "kept")],
)
def test_levels_that_hide_traffic(level: str, expected: str) -> None:
    assert ("hidden" if LogLine(level=level).hides_traffic else "kept") == expected


def test_pages_and_exporters_are_not_for_clients() -> None:
    text = """
listen stats
    mode http
    bind :8404
    stats uri /
frontend metrics
    mode http
    bind :8405
    http-request use-service prometheus-exporter
frontend www
    mode http
    option httplog
    bind :80
    stats uri /stats
    default_backend app
frontend alive
    mode http
    bind :81
    monitor-uri /
backend app
"""
    found = logged_frontends(subject(text))
    assert [proxy.name for proxy in found] == ["www"]
    assert has_format(found[0])


def test_options_of_a_log_line_are_told_from_facility_and_levels() -> None:
    words = ("len", "8192", "format", "raw", "local0", "notice", "err")
    assert split_log_words(words) == ({"len": "8192", "format": "raw"}, ("local0", "notice", "err"))
    assert split_log_words(("local0",)) == ({}, ("local0",))
    assert split_log_words(("len",)) == ({}, ("len",))
