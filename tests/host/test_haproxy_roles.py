import pytest

from hitless.facts import Process, Role
from hitless.host.haproxy_roles import (
    assign_roles,
    group_instances,
    unit_of_control_group,
)

DOCKER = "docker-" + "0123456789ab" * 5 + "cdef.scope"


def process(
    pid: int, words: str, *, parent: int = 1, age_s: float = 10.0, listens: tuple[int, ...] | None = ()
) -> Process:
    return Process(
        pid=pid,
        parent_pid=parent,
        role=Role.OTHER,
        arguments=("/usr/sbin/haproxy", *words.split()),
        age_s=age_s,
        listening_inodes=listens,
    )


def outcome(*processes: Process) -> dict[int, tuple[str, int | None]]:
    return {p.pid: (p.role.value, p.generation) for p in assign_roles(processes)}


def test_a_master_and_its_workers_by_their_start() -> None:
    again = "-sf 12 11 -x sockpair@4 -Ws -f h.cfg"
    assert outcome(
        process(10, again, age_s=90),
        process(11, "-Ws -f h.cfg", parent=10, age_s=90),
        process(12, "-sf 11 -x sockpair@3 -Ws -f h.cfg", parent=10, age_s=50),
        process(13, again, parent=10, age_s=1, listens=(7,)),
    ) == {10: ("master", None), 11: ("worker", 2), 12: ("worker", 1), 13: ("worker", 0)}


def test_a_worker_that_initialises_does_not_serve_yet() -> None:
    assert outcome(
        process(10, "-W -f h.cfg", age_s=90),
        process(11, "-W -f h.cfg", parent=10, age_s=90, listens=(7,)),
        process(12, "-sf 11 -W -f h.cfg", parent=10, age_s=1),
    ) == {10: ("master", None), 11: ("worker", 0), 12: ("worker", None)}


def test_without_a_look_at_sockets_the_start_decides() -> None:
    assert outcome(
        process(10, "-W -f h.cfg", listens=None),
        process(11, "-W -f h.cfg", parent=10, age_s=9, listens=None),
        process(12, "-W -f h.cfg", parent=10, age_s=1, listens=None),
    ) == {10: ("master", None), 11: ("worker", 1), 12: ("worker", 0)}


def test_workers_of_one_clock_tick_go_by_pid() -> None:
    found = outcome(
        process(10, "-W -f h.cfg"),
        process(11, "-W -f h.cfg", parent=10, age_s=1),
        process(12, "-W -f h.cfg", parent=10, age_s=1),
    )
    assert (found[11][1], found[12][1]) == (1, 0)


def test_the_keyword_makes_a_master_too() -> None:
    assert outcome(process(10, "-f h.cfg"), process(11, "-f h.cfg", parent=10, listens=(7,))) == {
        10: ("master", None),
        11: ("worker", 0),
    }


def test_the_child_of_a_classic_process_or_a_worker_runs_a_check() -> None:
    assert outcome(
        process(10, "-f h.cfg", listens=(7,)), process(11, "-f h.cfg", parent=10, listens=(7,))
    ) == {
        10: ("classic", 0),
        11: ("other", None),
    }
    found = outcome(
        process(10, "-W -f h.cfg"),
        process(11, "-W -f h.cfg", parent=10, listens=(7,)),
        process(12, "-W -f h.cfg", parent=11, listens=(7,)),
    )
    assert found[12] == ("other", None)


def test_a_check_of_the_configuration_serves_nothing() -> None:
    assert outcome(process(10, "-c -q -W -f h.cfg")) == {10: ("other", None)}
    assert group_instances(assign_roles([process(10, "-c -q -f h.cfg")])) == []


def test_a_worker_without_master_is_no_master() -> None:
    orphan = process(11, "-W -S /run/m.sock -f h.cfg", age_s=90, listens=(7, 8))
    assert outcome(orphan) == {11: ("worker", None)}
    assert outcome(process(10, "-W -S /run/m.sock -f h.cfg", listens=(7,))) == {10: ("master", None)}
    master = process(20, "-W -S /run/m.sock -f h.cfg", listens=(9,))
    groups = group_instances(assign_roles([orphan, master]))
    assert [[p.pid for p in group] for group in groups] == [[20, 11]]


def test_classic_processes_that_were_asked_to_leave() -> None:
    assert outcome(
        process(10, "-D -f h.cfg", age_s=90, listens=(7,)),
        process(11, "-D -f h.cfg -sf 10", age_s=50, listens=(7,)),
        process(12, "-D -f h.cfg -sf 11 10", age_s=1, listens=(7,)),
    ) == {10: ("classic", 2), 11: ("classic", 1), 12: ("classic", 0)}


def test_classic_processes_that_nobody_asked_both_serve() -> None:
    processes = assign_roles(
        [
            process(10, "-D -f h.cfg", age_s=90, listens=(7,)),
            process(11, "-D -f h.cfg", age_s=1, listens=(8,)),
        ]
    )
    assert [(p.role, p.generation) for p in processes] == [(Role.CLASSIC, 0), (Role.CLASSIC, 0)]
    assert len(group_instances(processes)) == 1


def test_an_old_classic_process_drains_although_who_asked_it_is_gone() -> None:
    assert outcome(
        process(10, "-D -f h.cfg", age_s=90),
        process(12, "-D -f h.cfg -sf 11", age_s=1, listens=(7,)),
    ) == {10: ("classic", 1), 12: ("classic", 0)}
    assert outcome(
        process(10, "-D -f h.cfg", age_s=90, listens=None),
        process(12, "-D -f h.cfg -sf 11", age_s=1, listens=None),
    ) == {10: ("classic", None), 12: ("classic", 0)}


def test_a_classic_process_that_initialises_has_replaced_nobody_yet() -> None:
    assert outcome(
        process(10, "-D -f h.cfg", age_s=90, listens=(7,)),
        process(11, "-D -f h.cfg -sf 10", age_s=1),
    ) == {10: ("classic", 0), 11: ("classic", None)}


def test_services_are_apart() -> None:
    processes = assign_roles(
        [
            process(30, "-D -f b.cfg", listens=(1,)),
            process(10, "-W -f a.cfg"),
            process(21, "-W -f a.cfg", parent=10, listens=(2,)),
            process(22, "-W -f a.cfg", parent=10, age_s=99),
            process(40, "-D -f releases/2/b.cfg -sf 30", age_s=1, listens=(1,)),
            process(50, "-W -f a.cfg"),
        ]
    )
    groups = group_instances(processes)
    assert [[p.pid for p in group] for group in groups] == [[10, 21, 22], [40, 30], [50]]


def test_any_parents_and_words_are_survived() -> None:
    assert outcome(process(10, "-W -f h.cfg", parent=10)) == {10: ("other", None)}
    assert outcome(
        process(10, "-W -f", parent=11),
        process(11, "-sf x ٣ 99999999999999 -st", parent=10),
    ) == {10: ("other", None), 11: ("other", None)}


@pytest.mark.parametrize(
    ("path", "first", "expected"),
    [
        ("/system.slice/haproxy.service", "/init.scope", "haproxy.service"),
        ("/system.slice/system-haproxy.slice/haproxy@web.service", "/init.scope", "haproxy@web.service"),
        ("/system.slice/haproxy.service/payload", "/", "haproxy.service"),
        ("/user.slice/user-0.slice/session-3.scope", "/init.scope", "session-3.scope"),
        (f"/system.slice/{DOCKER}/system.slice/haproxy.service", "/init.scope", DOCKER),
        ("/machine.slice/systemd-nspawn@a.service/payload/x.service", "/", "systemd-nspawn@a.service"),
        ("/docker/0123456789abcdef/system.slice/haproxy.service", "/init.scope", ""),
        ("/lxc.payload.web/system.slice/haproxy.service", "/", ""),
        ("/docker/0123/system.slice/haproxy.service", "/docker/0123/init.scope", "haproxy.service"),
        ("/docker/0123", "/docker/0123", ""),
        ("/", "/", ""),
        ("", "", ""),
    ],
)
def test_the_unit_by_the_control_group(path: str, first: str, expected: str) -> None:
    assert unit_of_control_group(path, first) == expected
