from hitless.facts import RunMode, Unit
from hitless.migrations import Following
from hitless.reload.migrate.units import judge_unit, unit_change

WORDS = ("/usr/sbin/haproxy", "-W", "-D", "-f", "/etc/h.cfg", "-p", "/run/h.pid")


def unit(main_pid: int = 7, kind: str = "simple", **properties: str) -> Unit:
    return Unit(name="h.service", source="", main_pid=main_pid, type=kind, properties=properties)


def judge(found: Unit | None, *, root: bool = True, pid_file: str = "", notifies: bool = False) -> Following:
    return judge_unit(found, 7, pid_file=pid_file, is_root=root, notifies=notifies).following


def test_without_a_unit_or_a_main_process_nothing_follows() -> None:
    assert judge(None) is Following.NOBODY
    assert judge(unit(0)) is Following.NOBODY
    assert judge(unit(3)) is Following.NOBODY


def test_one_that_listens_is_told_by_root() -> None:
    for access in ("main", "exec", "all"):
        assert judge(unit(NotifyAccess=access)) is Following.TOLD
        assert judge(unit(NotifyAccess=access), root=False) is Following.LOST
    assert judge(unit(NotifyAccess="none")) is Following.LOST


def test_a_master_that_may_say_that_it_stops_would_stop_the_unit() -> None:
    assert judge(unit(NotifyAccess="all"), notifies=True) is Following.LOST
    assert judge(unit(NotifyAccess="main"), notifies=True) is Following.TOLD


def test_a_pid_file_counts_where_the_successor_writes_just_that() -> None:
    assert judge(unit(PIDFile="/run/h.pid"), pid_file="/run//h.pid") is Following.PID_FILE
    assert judge(unit(PIDFile="/run/h.pid"), pid_file="/run/o.pid") is Following.LOST
    assert judge(unit(PIDFile="/run/h.pid")) is Following.LOST
    why = judge_unit(unit(PIDFile="/run/h.pid"), 7, pid_file="", is_root=True).why
    assert "/run/h.pid" in why
    assert "h.service ends" in why


def test_the_drop_in_of_a_master() -> None:
    lines = unit_change(RunMode.MASTER_WORKER, WORDS, (), has_notify=True, pid_file="/run/h.pid")
    assert "ExecStart=/usr/sbin/haproxy -Ws -f /etc/h.cfg -p /run/h.pid" in lines
    assert "Type=notify" in lines
    forking = unit_change(RunMode.MASTER_WORKER, WORDS, (), has_notify=False, pid_file="/run/h.pid")
    assert "ExecStart=/usr/sbin/haproxy -D -W -f /etc/h.cfg -p /run/h.pid" in forking
    assert "PIDFile=/run/h.pid" in forking


def test_the_drop_in_of_a_classic_one_gets_a_pid_file() -> None:
    words = ("/usr/sbin/haproxy", "-db", "-L", 'a "b$%')
    lines = unit_change(RunMode.CLASSIC, words, ("/etc/h.cfg",), has_notify=True, pid_file="")
    assert 'ExecStart=/usr/sbin/haproxy -D -L "a \\"b$$%%" -f /etc/h.cfg -p /run/haproxy.pid' in lines, lines
    assert "Type=forking" in lines
