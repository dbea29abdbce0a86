import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.control.errors import NotUnderstood
from hitless.control.stats import ProxyCounters, parse_stats

FIXTURES = Path(__file__).parent / "fixtures"
OLD, NEW = ((FIXTURES / f"stat-{version}.csv").read_text() for version in ("2.2", "3.2"))


def by_name(reply: str) -> dict[tuple[str, str], ProxyCounters]:
    return {(row.proxy, row.side): row for row in parse_stats(reply.rstrip("\n"))}


@pytest.mark.parametrize(("reply", "failed_handshakes"), [(OLD, None), (NEW, 0)])
def test_what_real_versions_say(reply: str, failed_handshakes: int | None) -> None:
    rows = by_name(reply)
    web = rows["web", "frontend"]
    assert (web.mode, web.requests, web.responses, web.sessions, web.connections) == ("http", 7, 7, 7, 7)
    assert (web.responses_2xx, web.responses_4xx, web.responses_5xx, web.denied_requests) == (2, 2, 3, 1)
    assert web.bytes_in > 0
    assert web.failed_handshakes == failed_handshakes
    down = rows["down", "backend"]
    assert (down.connection_errors, down.responses_5xx, down.requests, down.sessions) == (1, 1, 1, 1)
    assert rows["tcpb", "backend"].connection_errors == 1
    assert rows["tcpr", "frontend"].denied_connections == 1
    assert rows["tcps", "frontend"].denied_requests == 1
    assert rows["tcpnone", "backend"].mode == "tcp"
    assert ("lis", "frontend") in rows
    assert ("lis", "backend") in rows
    assert len(rows) == 11


def test_servers_and_listeners_are_passed_over() -> None:
    header, frontend, backend, *_ = OLD.splitlines()
    columns = header.split(",")
    server = backend.split(",")
    server[columns.index("type")] = "2"
    assert len(parse_stats("\n".join((header, frontend, ",".join(server))))) == 1


def test_a_process_without_proxies() -> None:
    assert parse_stats(OLD.splitlines()[0]) == ()


def test_quoted_fields_may_hold_commas() -> None:
    header, frontend, *_ = OLD.splitlines()
    fields = frontend.split(",")
    fields[header.split(",").index("last_chk")] = '"a,b"'
    assert parse_stats(f"{header}\n{','.join(fields)}")[0].requests == 7


def changed(column: str, value: str) -> str:
    header, frontend, *rest = OLD.rstrip("\n").splitlines()
    fields = frontend.split(",")
    fields[header.split(",").index(column)] = value
    return "\n".join((header, ",".join(fields), *rest))


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param("", "not CSV|lacks", id="empty"),
        pytest.param("Unknown command", "lacks", id="another answer"),
        pytest.param(OLD[:-40], "columns", id="cut in a line"),
        pytest.param(OLD.replace("hrsp_5xx", "hrsp_6xx"), "lacks hrsp_5xx", id="a column is missing"),
        pytest.param(OLD.rstrip("\n") + "\n" + OLD.splitlines()[1], "twice", id="a proxy comes twice"),
        pytest.param(changed("stot", "-1"), "no count for sessions", id="negative"),
        pytest.param(changed("stot", "٣"), "no count for sessions", id="a digit of another script"),
        pytest.param(changed("stot", "9" * 21), "no count for sessions", id="beyond all counts"),
        pytest.param(changed("last_chk", '"open'), "columns|not CSV", id="a quote that does not end"),
        pytest.param(changed("last_chk", "x" * 200_000), "not CSV", id="a field beyond all bounds"),
    ],
)
def test_what_is_no_answer_is_refused(reply: str, words: str) -> None:
    with pytest.raises(NotUnderstood, match=words):
        parse_stats(reply)


def test_every_cut_within_a_line_is_seen() -> None:
    header, *lines = OLD.rstrip("\n").splitlines()
    for cut_line in (line[:cut] for line in lines for cut in range(1, len(line))):
        with pytest.raises(NotUnderstood):
            parse_stats(f"{header}\n{cut_line}")


@given(st.text())
def test_any_text_is_refused_or_read(text: str) -> None:
    with contextlib.suppress(NotUnderstood):
        parse_stats(OLD.rstrip("\n") + text)
