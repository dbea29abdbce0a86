import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hitless.control.errors import NotUnderstood
from hitless.control.sessions import (
    believable_age_s,
    parse_accept_times,
    parse_session,
    parse_sessions,
)
from hitless.drains import SessionState
from tests.control.session_rows import DETAIL_2_2_TCP, DETAIL_3_2, V2_2, V2_6, V2_8, V3_2

ROW = (
    "0x1: proto=tcpv4 src=192.0.2.1:5 fe=web be={be} srv=<none> ts=00 epoch=0 age=1s calls=1 rate=0 cpu=0 lat=0"
    " rq[f=00h,i=0,an={rq}h,ax={ax}] rp[f=00h,i=0,an={rp}h,ax=] scf=[8,0h,fd=5,rex={rex},wex=]"
    " scb=[{server},0h,fd=-1,rex=,wex=] exp=1s rc=0 c_exp="
)


def row(
    *, rq: str = "00", rp: str = "00", server: int = 8, rex: str = "", ax: str = "", be: str = "app"
) -> str:
    return ROW.format(rq=rq, rp=rp, server=server, rex=rex, ax=ax, be=be)


@pytest.mark.parametrize("reply", [V2_2, V2_6, V2_8, V3_2])
def test_the_session_of_a_websocket_is_a_tunnel_in_every_version(reply: str) -> None:
    first = parse_sessions(reply)[0]
    assert (first.frontend, first.backend, first.server) == ("web", "app", "one")
    assert first.state is SessionState.TUNNEL
    assert (first.age_s, first.expires_s) == (1, 3598)
    assert first.source.startswith("127.0.0.1:")
    assert first.client_descriptor > 0
    assert first.server_descriptor == first.client_descriptor + 1


@pytest.mark.parametrize("reply", [V2_2, V2_6, V2_8, V3_2])
def test_who_asks_is_left_out(reply: str) -> None:
    assert "fe=GLOBAL" in reply
    assert all(r.frontend != "GLOBAL" for r in parse_sessions(reply))


def test_requests_have_a_state_and_applets_no_frontend() -> None:
    old = parse_sessions(V2_2)
    assert [r.state for r in old] == [
        SessionState.TUNNEL,
        SessionState.RESPONSE,
        SessionState.REQUEST,
        SessionState.TUNNEL,
    ]
    assert (old[2].backend, old[2].server, old[2].server_descriptor) == ("", "", -1)
    assert (old[3].frontend, old[3].source, old[3].protocol) == ("", "", "?")
    assert parse_sessions(V2_6)[1].state is SessionState.TRANSFER
    assert parse_sessions(V3_2)[1].state is SessionState.RESPONSE


@pytest.mark.parametrize(
    ("line", "state"),
    [
        (row(rq="200"), SessionState.TARPIT),
        (row(rq="8000", server=2), SessionState.QUEUE),
        (row(rq="8000", server=5), SessionState.CONNECT),
        (row(rq="8000", rp="1400000"), SessionState.RESPONSE),
        (row(rq="8000"), SessionState.TRANSFER),
        (row(rp="4000000"), SessionState.TRANSFER),
        (row(rq="60000", rp="30000000"), SessionState.TUNNEL),
        (row(server=9), SessionState.CLOSING),
        (row(server=0, rq="34", be="<NONE>"), SessionState.REQUEST),
    ],
)
def test_the_state_follows_from_the_analysers_and_the_servers_side(line: str, state: SessionState) -> None:
    (found,) = parse_sessions(line)
    assert found.state is state


def test_the_first_timeout_ends_it() -> None:
    assert parse_sessions(row(rex="2d3h", ax="5s"))[0].expires_s == 5
    assert parse_sessions(row(rex="2d3h"))[0].expires_s == 2 * 86400 + 3 * 3600
    assert parse_sessions(row())[0].expires_s is None
    assert parse_sessions(row(rex="?"))[0].expires_s == 0


def test_an_age_that_cannot_be_is_not_believed() -> None:
    web, raw, other = parse_sessions(V2_8)
    assert believable_age_s(web, process_age_s=3) == 1
    assert believable_age_s(raw, process_age_s=3) is None
    assert believable_age_s(other, process_age_s=11_000) == 10_920
    assert other.source == "::1:34478"
    assert other.expires_s is None


def test_nothing_is_no_session() -> None:
    assert parse_sessions("") == ()


@pytest.mark.parametrize("cut_at", [30, 150, 300])
def test_a_row_that_was_cut_is_refused(cut_at: int) -> None:
    with pytest.raises(NotUnderstood) as caught:
        parse_sessions(V2_6[:cut_at])
    assert caught.value.raw == V2_6[:cut_at]


@given(st.text(max_size=400))
@example("Permission denied\n")
@example(V2_2.replace("age=1s", "age="))
@example(V2_2.replace("an=00h", "an=fffffffffffffffffh"))
@example(V2_2.replace("fd=15", "fd=99999999999999999999"))
def test_any_other_text_is_refused_or_holds_nothing(text: str) -> None:
    try:
        parse_sessions(text)
    except NotUnderstood:
        return
    assert not text.strip("\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029") or "proto=" in text


def test_a_session_looked_at_closely() -> None:
    detail = parse_session(DETAIL_3_2)
    assert detail is not None
    assert (detail.id, detail.source) == ("0x7f1651724c00", "127.0.0.1:57128")
    assert (detail.frontend, detail.mode, detail.status, detail.age_s) == ("web", "http", 101, 1)
    tcp = parse_session(DETAIL_2_2_TCP)
    assert tcp is not None
    assert (tcp.frontend, tcp.mode, tcp.status, tcp.age_s) == ("raw", "tcp", None, 1)


def test_a_session_that_is_gone() -> None:
    assert parse_session("Session not found.\n") is None


@pytest.mark.parametrize("text", ["", "nonsense", DETAIL_3_2.splitlines()[0]])
def test_what_describes_no_session_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_session(text)


def test_when_sessions_were_accepted() -> None:
    times = parse_accept_times(DETAIL_3_2 + DETAIL_2_2_TCP + DETAIL_2_2_TCP.replace("29/Nov", "99/Nov"))
    assert {key: at.isoformat() for key, at in times.items()} == {
        "0x7f1651724c00": "2026-11-29T02:26:20.016280",
        "0x56339ca3d0b0": "2026-11-29T02:25:43.985722",
    }
    with pytest.raises(NotUnderstood):
        parse_accept_times("Unknown command")
