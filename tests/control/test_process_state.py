from hypothesis import given
from hypothesis import strategies as st

from hitless.control.process_state import oldest_sessions, peers_in_sync, server_differences
from hitless.control.replies import parse_servers_state
from hitless.control.sessions import parse_sessions

ROW = (
    "{id}: proto=tcpv4 src=10.0.0.1:5 fe={fe} be={be} srv=<none> ts=00 epoch=0 age={age} calls=1 rate=0 cpu=0 lat=0"
    " rq[f=00h,i=0,an=00h,ax=] rp[f=00h,i=0,an=00h,ax=] scf=[8,0h,fd=5,rex=,wex=] scb=[8,0h,fd=6,rex=,wex=]"
    " exp=1s rc=0 c_exp=\n"
)
SESSIONS = "".join(
    ROW.format(id=identity, fe=frontend, be=backend, age=age)
    for identity, frontend, backend, age in (
        ("0x5612", "GLOBAL", "<NONE>", "9d"),
        ("0x5613", "web", "app", "3h2m"),
        ("0x5614", "db", "<NONE>", "4d3h"),
        ("0x5615", "all", "all", "59s"),
        ("0x5616", "odd", "all", "?"),
    )
)

SERVERS = """\
1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_agent_state
3 b 1 fine 10.0.0.1 2 0 100 100 0
3 b 2 light 10.0.0.2 2 0 10 100 0
3 b 3 agent 10.0.0.3 2 0 10 100 22
3 b 4 off 10.0.0.4 0 5 1 1 0
3 b 5 maint 10.0.0.5 0 1 1 1 0
3 b 6 back 10.0.0.6 2 4 1 1 0
3 b 7 drained 10.0.0.7 2 8 1 1 0
3 b 8 down 10.0.0.8 0 0 1 1 0
3 b 9 moved 10.0.9.9 2 0 1 1 0
3 b 10 added 10.0.0.10 2 0 1 1 0
3 b 11 unresolved - 0 32 1 1 0
4 MASTER 1 cur-1 - 2 0 0 5 0
"""


def test_the_oldest_sessions_come_first_and_the_cli_is_none() -> None:
    assert oldest_sessions(parse_sessions(SESSIONS)) == ("db, age 4d3h", "web/app, age 3h2m", "all, age 59s")
    assert len(oldest_sessions(parse_sessions(SESSIONS * 30))) == 20


def test_servers_that_are_not_as_configured() -> None:
    configured = {
        ("b", n): ""
        for n in ("fine", "light", "agent", "off", "maint", "back", "drained", "down", "unresolved")
    }
    configured |= {("b", "moved"): "10.0.0.9", ("b", "fine"): "10.0.0.1"}
    found = {d.server: d.difference for d in server_differences(parse_servers_state(SERVERS), configured)}
    assert found.pop("added").startswith("not in the configuration on disk")
    assert found == {
        "light": "weight 10, configured 100",
        "maint": "in maintenance by the CLI",
        "back": "enabled by the CLI, disabled in the configuration",
        "drained": "drained by the CLI",
        "down": "down by its check",
        "moved": "address 10.0.9.9, configured 10.0.0.9",
    }


def test_peers_are_in_sync_when_all_has_been_learnt() -> None:
    line = (
        "0x5615a1f243c0: [22/Nov/2026:22:01:04] id=p disabled={} flags=0x{} resync_timeout=4s task_calls=1\n"
    )
    assert peers_in_sync("") is None
    assert peers_in_sync(line.format(0, "33")) is True
    assert peers_in_sync(line.format(0, "11") + line.format(0, "3")) is False
    assert peers_in_sync(line.format(1, "0")) is None
    assert peers_in_sync("0x56: [22/Nov/2026:22:01:04] id=p state=0 flags=0x1 resync_timeout=4s") is False


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    peers_in_sync(text)
