import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.control.errors import NotUnderstood
from hitless.control.messages import Level
from hitless.control.replies import (
    Processes,
    ProcessRow,
    parse_info,
    parse_processes,
    parse_reload,
    parse_servers_state,
)

PROC_2_2 = """\
#<PID>          <type>          <relative PID>  <reloads>       <uptime>        <version>
10279           master          0               14              0d00h00m20s     2.2.9-2+deb11u7
# workers
10654           worker          1               0               0d00h00m01s     2.2.9-2+deb11u7
# old workers
10572           worker          [was: 1]        1               0d00h00m03s     2.2.9-2+deb11u7
# programs
"""
PROC_3_0 = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
11387           master          10 [failed: 4]  1d02h03m04s     3.0.11-1+deb13u5
# workers
11389           worker          4               0d00h00m01s     3.0.11-1+deb13u5
# programs
11390           dataplane       0               0d00h00m01s     -
"""
PROC_3_2_AFTER_A_FAILED_RELOAD = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
11649           master          4 [failed: 1]   0d00h00m06s     3.2.26-1
# workers
# old workers
11687           worker          2               0d00h00m04s     3.2.26-1
"""
PROC_1_9 = """\
#<PID>          <type>          <relative PID>  <reloads>       <uptime>
1162            master          0               5               0d00h02m07s
# workers
1271            worker          1               0               0d00h00m00s
"""


def row(
    pid: int, reloads: int, uptime_s: int, version: str, kind: str = "worker", failed: int | None = None
) -> ProcessRow:
    return ProcessRow(pid, kind, reloads, uptime_s, version, failed)


@pytest.mark.parametrize(
    ("reply", "processes"),
    [
        pytest.param(
            PROC_2_2,
            Processes(
                row(10279, 14, 20, "2.2.9-2+deb11u7", "master"),
                (row(10654, 0, 1, "2.2.9-2+deb11u7"),),
                (row(10572, 1, 3, "2.2.9-2+deb11u7"),),
                (),
            ),
            id="2.2",
        ),
        pytest.param(
            PROC_3_0,
            Processes(
                row(11387, 10, 93784, "3.0.11-1+deb13u5", "master", 4),
                (row(11389, 4, 1, "3.0.11-1+deb13u5"),),
                (),
                (row(11390, 0, 1, "-", "dataplane"),),
            ),
            id="3.0",
        ),
        pytest.param(
            PROC_3_2_AFTER_A_FAILED_RELOAD,
            Processes(row(11649, 4, 6, "3.2.26-1", "master", 1), (), (row(11687, 2, 4, "3.2.26-1"),), ()),
            id="3.2 lists the serving worker as old after a failed reload",
        ),
        pytest.param(
            PROC_1_9,
            Processes(row(1162, 5, 127, "", "master"), (row(1271, 0, 0, ""),), (), ()),
            id="1.9 has no version",
        ),
    ],
)
def test_show_proc_of_every_generation(reply: str, processes: Processes) -> None:
    padded = reply.replace("\n", "       \n")  # as HAProxy writes its last column
    assert parse_processes(reply) == parse_processes(padded) == processes
    assert not processes.may_be_cut


def test_a_full_buffer_of_rows_may_be_cut() -> None:
    old = "".join(f"{pid} worker 1 0d00h00m02s 3.0.11\n" for pid in range(20_000, 20_199))
    assert parse_processes(PROC_3_0.partition("# workers")[0] + "# old workers\n" + old).may_be_cut


@pytest.mark.parametrize(
    "reply", ["", "Name: HAProxy", "# workers\n", PROC_2_2 + "???\n", PROC_2_2.replace("20s", "")]
)
def test_what_is_no_show_proc_keeps_its_raw_answer(reply: str) -> None:
    with pytest.raises(NotUnderstood, match="show proc") as caught:
        parse_processes(reply)
    assert caught.value.raw == reply


INFO = """\
Name: HAProxy
Version: 2.8.25-5cf5d0683
Pid: 6683
Uptime: 0d 0h00m06s
Uptime_sec: 6
CurrConns: 7
Stopping: 0
description: a: b
Node:
"""


def test_show_info() -> None:
    info = parse_info(INFO)
    assert (info.pid, info.version, info.uptime_s, info.stopping) == (6683, "2.8.25-5cf5d0683", 6, False)
    assert info.number("CurrConns") == 7
    assert info.number("Version") is None
    assert info.number("Nowhere") is None
    assert info.values["description"] == "a: b"
    assert parse_info(INFO.replace("Stopping: 0", "Stopping: 1")).stopping


@pytest.mark.parametrize("line", ["Pid: 6683", "Version: 2.8.25-5cf5d0683", "Uptime_sec: 6", "Stopping: 0"])
def test_show_info_without_what_we_need(line: str) -> None:
    with pytest.raises(NotUnderstood, match="show info"):
        parse_info(INFO.replace(line + "\n", ""))
    with pytest.raises(NotUnderstood, match="show info"):
        parse_info(INFO.replace("Pid: 6683", "Pid: many"))


def test_reload_that_succeeded() -> None:
    reply = parse_reload(
        "Success=1\n--\n[NOTICE]   (9291) : New worker (9565) forked\n[NOTICE]   (9291) : Loading success."
    )
    assert reply.success is True
    assert [m.text for m in reply.messages] == ["New worker (9565) forked", "Loading success."]
    assert not reply.busy


def test_reload_that_failed_says_where() -> None:
    reply = parse_reload(
        "Success=0\n--\n[NOTICE]   (11649) : Initializing new worker (11711)\n"
        "[ALERT]    (11711) : config : parsing [h.cfg:14] : unknown keyword 'x' in 'frontend' section\n"
        "[WARNING]  (11649) : Failed to load worker (11711) exited with code 1 (Exit)"
    )
    assert reply.success is False
    assert [m.where for m in reply.messages if m.level is Level.ALERT] == ["h.cfg:14"]
    assert not reply.busy


def test_reload_while_another_goes_on() -> None:
    assert parse_reload("Success=0\n--\nAnother reload is still in progress.").busy


def test_reload_of_a_build_without_a_log() -> None:
    assert parse_reload("Success=1").messages == ()


def test_reload_up_to_2_6_says_nothing() -> None:
    assert parse_reload("").success is None
    assert parse_reload("\n").success is None


def test_reload_with_another_answer() -> None:
    with pytest.raises(NotUnderstood, match="Success=2"):
        parse_reload("Success=2\n")


STATE = """\
1
# be_id be_name srv_id srv_name srv_addr srv_op_state
3 be 1 s1 127.0.0.1 2
3 be 2 s2 - 0
"""


def test_servers_state() -> None:
    first, second = parse_servers_state(STATE)
    assert first == {
        "be_id": "3",
        "be_name": "be",
        "srv_id": "1",
        "srv_name": "s1",
        "srv_addr": "127.0.0.1",
        "srv_op_state": "2",
    }
    assert second["srv_name"] == "s2"


@pytest.mark.parametrize(
    "reply", ["", "2\n" + STATE[2:], STATE.replace(" 0\n", "\n"), "1\n# a b\n", "1\nbe_name srv_name\n"]
)
def test_servers_state_of_another_kind(reply: str) -> None:
    with pytest.raises(NotUnderstood, match="servers state"):
        parse_servers_state(reply)


@given(st.text())
def test_no_answer_raises_anything_else(reply: str) -> None:
    for parse in (parse_info, parse_processes, parse_reload, parse_servers_state):
        try:
            parse(reply)
        except NotUnderstood as error:
            assert error.raw == reply  # noqa: PT017 - an answer may also parse
