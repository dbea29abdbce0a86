from pathlib import Path

import msgspec
import pytest

from hitless.errors import UsageError
from hitless.facts import ExecCommand, Process, Role, Unit
from hitless.gather.options import GatherOptions
from hitless.gather.services import choose, find_services


def process(
    pid: int, role: Role, *words: str, parent: int = 1, unit: str = "", generation: int | None = None
) -> Process:
    return Process(
        pid=pid,
        parent_pid=parent,
        role=role,
        generation=generation,
        arguments=("/usr/sbin/haproxy", *words),
        executable="/usr/sbin/haproxy",
        unit=unit,
    )


def unit(name: str, *words: str, main_pid: int = 0) -> Unit:
    command = ExecCommand(arguments=words, text=" ".join(words))
    return Unit(name=name, source="x", start=(command,), main_pid=main_pid)


MASTER = process(10, Role.MASTER, "-Ws", "-f", "/etc/a.cfg", unit="haproxy.service")
WORKER = process(11, Role.WORKER, "-Ws", "-f", "/etc/a.cfg", parent=10, unit="haproxy.service", generation=0)
OLD = process(20, Role.CLASSIC, "-f", "/etc/b.d", generation=1)
NEW = process(21, Role.CLASSIC, "-f", "/etc/b.d", "-sf", "20", generation=0)
DEAD = unit("haproxy-x.service", "/usr/sbin/haproxy", "-W", "-f", "/etc/x.cfg")
EXPORTER = unit("haproxy-exporter.service", "/usr/bin/haproxy_exporter", "--web")


def test_processes_and_units_are_joined() -> None:
    services = find_services(
        [MASTER, WORKER, OLD, NEW], [EXPORTER, unit("haproxy.service", "/usr/sbin/haproxy"), DEAD]
    )
    assert [s.name for s in services] == ["haproxy.service", "pid 21", "haproxy-x.service"]
    assert services[0].main == MASTER
    assert services[1].arguments == ("/usr/sbin/haproxy", "-f", "/etc/b.d")
    assert services[2].files == ("/etc/x.cfg",)


def test_a_unit_is_joined_by_its_main_process() -> None:
    services = find_services([NEW], [unit("lb.service", "/opt/start", main_pid=21)])
    assert [(s.name, s.main) for s in services] == [("lb.service", NEW)]


def test_a_packaged_configuration_stands_for_a_service_where_nothing_else_does() -> None:
    assert find_services([], [], packaged="/etc/haproxy/haproxy.cfg")[0].files == (
        "/etc/haproxy/haproxy.cfg",
    )
    assert len(find_services([NEW], [], packaged="/etc/haproxy/haproxy.cfg")) == 1


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (GatherOptions(), ["pid 10", "pid 21", "haproxy-x.service"]),
        (GatherOptions(pid=11), ["pid 10"]),
        (GatherOptions(pid=20), ["pid 21"]),
        (GatherOptions(unit="haproxy-x"), ["haproxy-x.service"]),
        (GatherOptions(configuration="/etc/b.d/web.cfg"), ["pid 21"]),
        (GatherOptions(configuration="/etc/a.cfg"), ["pid 10"]),
    ],
)
def test_one_is_chosen(options: GatherOptions, names: list[str]) -> None:
    services = find_services([MASTER, WORKER, OLD, NEW], [DEAD])
    assert [s.name for s in choose(services, options)] == names


def test_what_matches_nothing_is_an_error_that_lists_what_there_is() -> None:
    with pytest.raises(UsageError, match="No HAProxy matches --pid 5") as caught:
        choose(find_services([NEW], [DEAD]), GatherOptions(pid=5))
    assert "pid 21, /etc/b.d" in caught.value.hint
    assert "haproxy-x.service, not running" in caught.value.hint
    with pytest.raises(UsageError, match="No HAProxy was found"):
        choose([], GatherOptions(root=str(Path("/srv"))))


def test_a_unit_file_where_no_systemd_runs_says_nothing_of_what_runs() -> None:
    packaged = unit("haproxy.service", "/usr/sbin/haproxy", "-Ws", "-f", "/etc/b.d")
    assert [s.name for s in find_services([NEW], [packaged])] == ["pid 21"]
    assert [s.name for s in find_services([], [packaged])] == ["haproxy.service"]
    seen = msgspec.structs.replace(packaged, active_state="inactive")
    assert [s.name for s in find_services([NEW], [seen])] == ["pid 21", "haproxy.service"]


def test_what_there_is_to_choose_from_fits_a_screen() -> None:
    long = [process(100 + n, Role.CLASSIC, "-f", f"/{n}" + "A" * 5000, generation=0) for n in range(60)]
    with pytest.raises(UsageError) as failure:
        choose(find_services(long, []), GatherOptions(unit="none.service"))
    lines = (failure.value.hint or "").splitlines()
    assert lines[-1] == "  and 20 more"
    assert max(map(len, lines)) < 250
