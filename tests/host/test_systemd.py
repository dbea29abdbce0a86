from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.facts import FileText
from hitless.host import systemd
from hitless.host.errors import HostError
from hitless.host.root import HostRoot
from hitless.host.systemctl import PROPERTIES, parse_show
from hitless.host.systemd import merge, read_units

UNIT = """\
[Service]
EnvironmentFile=-/etc/default/haproxy
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "EXTRAOPTS=-S /run/m.sock"
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Type=notify
"""
_REST = "start_time=[n/a] ; stop_time=[n/a] ; pid=0 ; code=(null) ; status=0/0 }"
SHOWN = f"""\
Id=haproxy.service
LoadState=loaded
ActiveState=active
Type=notify
KillMode=mixed
KillSignal=15
TimeoutStopUSec=1min 30s
LimitNOFILE=524288
LimitNOFILESoft=18446744073709551615
MemoryMax=infinity
NeedDaemonReload=no
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "EXTRAOPTS=-S /run/m.sock"
EnvironmentFiles=/etc/default/haproxy (ignore_errors=yes)
AmbientCapabilities=cap_net_bind_service
TriggeredBy=haproxy.socket haproxy.timer
BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log:rbind
ExecStart={{ path=/usr/sbin/haproxy ; argv[]=/usr/sbin/haproxy -Ws -f $CONFIG $EXTRAOPTS ; ignore_errors=no ; {_REST}
ExecReload={{ path=/bin/kill ; argv[]=/bin/kill -USR2 $MAINPID ; ignore_errors=no ; {_REST}
FragmentPath=/lib/systemd/system/haproxy.service
"""


def write(directory: Path, path: str, text: str) -> None:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def test_files_say_where_as_long_as_systemd_agrees() -> None:
    files = (FileText(path="/u", text=UNIT),)
    unit = merge("haproxy.service", parse_show(SHOWN), files, {})
    assert unit.start[0].where == "/u:4"
    assert unit.start[0].arguments[2:] == ("-f", "/etc/haproxy/haproxy.cfg", "-S", "/run/m.sock")
    assert (unit.kill_signal, unit.timeout_stop_s) == ("SIGTERM", 90.0)
    assert (unit.descriptor_limit, unit.descriptor_hard_limit, unit.memory_limit_bytes) == (
        None,
        524288,
        None,
    )
    assert unit.environment_files == ("/etc/default/haproxy",)
    assert unit.ambient_capabilities == ("CAP_NET_BIND_SERVICE",)
    assert unit.sockets == ("haproxy.socket",)
    assert unit.bind_paths == ("/dev/log:/var/lib/haproxy/dev/log",)


def test_systemd_is_believed_where_the_file_has_changed() -> None:
    files = (FileText(path="/u", text=UNIT.replace("USR2", "HUP").replace("-Ws", "-W")),)
    unit = merge("haproxy.service", parse_show(SHOWN), files, {"EXTRAOPTS": "-dr"})
    assert unit.reload[0].arguments == ("/bin/kill", "-USR2", "$MAINPID")
    assert unit.reload[0].where == "systemctl show haproxy.service (ExecReload)"
    assert unit.start[0].arguments == ("/usr/sbin/haproxy", "-Ws", "-f", "/etc/haproxy/haproxy.cfg", "-dr")


def test_a_tree(tmp_path: Path) -> None:
    write(tmp_path, "usr/lib/systemd/system/haproxy.service", UNIT)
    write(tmp_path, "etc/default/haproxy", 'EXTRAOPTS="-S /run/x.sock"\n')
    write(tmp_path, "etc/systemd/system/haproxy.service.d/a.conf", "[Service]\nKillMode=process\n")
    write(tmp_path, "etc/systemd/system/haproxy.socket", "[Socket]\n")
    write(tmp_path, "etc/systemd/system/other.service", "[Service]\nExecStart=/bin/a\n")
    units, unknown = read_units(HostRoot(tmp_path, live=False), ["other.service", "gone.service", "x.scope"])
    assert unknown == []
    assert [u.name for u in units] == ["haproxy.service", "other.service"]
    assert units[0].start[0].arguments[-1] == "/run/x.sock"
    assert units[0].source == "/usr/lib/systemd/system/haproxy.service"
    assert units[0].kill_mode == "process"
    assert units[0].sockets == ("haproxy.socket",)
    assert [f.path for f in units[0].files][1:] == ["/etc/systemd/system/haproxy.service.d/a.conf"]


def test_a_masked_unit_of_a_tree(tmp_path: Path) -> None:
    write(tmp_path, "usr/lib/systemd/system/haproxy.service", UNIT)
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/haproxy.service").symlink_to("/dev/null")
    units, unknown = read_units(HostRoot(tmp_path, live=False))
    assert [(u.load_state, u.start) for u in units] == [("masked", ())]
    assert unknown == []


def test_systemd_that_cannot_be_asked_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: str) -> str:
        raise HostError("Failed to connect to bus")

    monkeypatch.setattr("hitless.host.systemctl.ask_systemctl", refuse)
    _, unknown = read_units(HostRoot())
    assert unknown[0].why == "Failed to connect to bus"


def test_what_systemd_does_not_have_is_no_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd, "list_services", lambda _: ["haproxy.service", "alias.service"])
    monkeypatch.setattr(
        systemd, "ask_systemctl", lambda *a: SHOWN if a[-1] != "gone.service" else "LoadState=not-found\n"
    )
    units, _ = read_units(HostRoot(), ["gone.service"])
    assert [u.name for u in units] == ["haproxy.service"]
    assert units[0].active_state == "active"


@given(st.dictionaries(st.sampled_from(PROPERTIES), st.lists(st.text(), max_size=3)))
def test_any_answer_of_systemd(properties: dict[str, list[str]]) -> None:
    merge("haproxy.service", properties, (FileText(path="/u", text=UNIT),), {})


@given(st.text(alphabet="ab $'\"\\;{}@:"))
def test_any_command(argv: str) -> None:
    shown = f"{{ path=/x ; argv[]=/x {argv} ; ignore_errors=no ; {_REST}"
    unit = merge("haproxy.service", {"ExecStart": [shown]}, (), {})
    assert len(unit.start) == 1
