from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.facts import FileText, Unit
from hitless.host.unit_files import (
    environment_file_paths,
    read_settings,
    read_unit_files,
    signal_name,
    with_specifiers,
)

CONFIG = "/etc/haproxy/haproxy.cfg"
PIDFILE = "/run/haproxy.pid"

DEBIAN_11 = """\
[Unit]
Description=HAProxy Load Balancer
After=network-online.target rsyslog.service
Wants=network-online.target

[Service]
EnvironmentFile=-/etc/default/haproxy
EnvironmentFile=-/etc/sysconfig/haproxy
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "PIDFILE=/run/haproxy.pid" "EXTRAOPTS=-S /run/haproxy-master.sock"
ExecStartPre=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS
ExecStart=/usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS
ExecReload=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Restart=always
SuccessExitStatus=143
Type=notify

[Install]
WantedBy=multi-user.target
"""
DEBIAN_12 = DEBIAN_11.replace("ExecStartPre=/usr/sbin/haproxy -Ws -f $CONFIG -c -q $EXTRAOPTS\n", "").replace(
    "KillMode", "BindReadOnlyPaths=/dev/log:/var/lib/haproxy/dev/log\nKillMode"
)
DEBIAN_13 = DEBIAN_12.replace(" -c -q ", " -c ")
UPSTREAM_1_8 = """\
[Unit]
Description=HAProxy Load Balancer
After=network.target

[Service]
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "PIDFILE=/run/haproxy.pid"
ExecStartPre=/usr/local/sbin/haproxy -f $CONFIG -c -q
ExecStart=/usr/local/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE
ExecReload=/usr/local/sbin/haproxy -f $CONFIG -c -q
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Restart=always
Type=notify
"""
UPSTREAM_3_4 = """\
[Service]
EnvironmentFile=-/etc/default/haproxy
EnvironmentFile=-/etc/sysconfig/haproxy
Environment="CONFIG=/etc/haproxy/haproxy.cfg" "PIDFILE=/run/haproxy.pid" "CFGDIR=/etc/haproxy/conf.d" \\
    "EXTRAOPTS=-S /run/haproxy-master.sock"
ExecStart=/usr/local/sbin/haproxy -Ws -f $CONFIG -f $CFGDIR -p $PIDFILE $EXTRAOPTS
ExecReload=/usr/local/sbin/haproxy -Ws -f $CONFIG -f $CFGDIR -c $EXTRAOPTS
ExecReload=/bin/kill -USR2 $MAINPID
KillMode=mixed
Restart=always
SuccessExitStatus=143
Type=notify
"""
UNIT_FILE = "/lib/systemd/system/haproxy.service"


def unit(*texts: str, name: str = "haproxy.service", environment: dict[str, str] | None = None) -> Unit:
    files = [FileText(path=f"f{number}", text=text) for number, text in enumerate(texts)]
    return read_unit_files(name, files, environment)


def test_debian_11() -> None:
    read = unit(DEBIAN_11)
    master = ("-S", "/run/haproxy-master.sock")
    assert [c.arguments for c in read.start_pre] == [
        ("/usr/sbin/haproxy", "-Ws", "-f", CONFIG, "-c", "-q", *master)
    ]
    assert [c.arguments for c in read.start] == [
        ("/usr/sbin/haproxy", "-Ws", "-f", CONFIG, "-p", PIDFILE, *master)
    ]
    assert [c.where for c in read.reload] == ["f0:12", "f0:13"]
    assert read.reload[1].arguments == ("/bin/kill", "-USR2", "$MAINPID")
    assert read.environment_files == ("/etc/default/haproxy", "/etc/sysconfig/haproxy")
    assert (read.type, read.kill_mode, read.kill_signal, read.restart) == (
        "notify",
        "mixed",
        "SIGTERM",
        "always",
    )
    assert read.timeout_stop_s is None
    assert read.start[0].text == "/usr/sbin/haproxy -Ws -f $CONFIG -p $PIDFILE $EXTRAOPTS"


def test_debian_12_and_13() -> None:
    assert unit(DEBIAN_12).start_pre == ()
    assert unit(DEBIAN_12).bind_paths == ("/dev/log:/var/lib/haproxy/dev/log",)
    assert unit(DEBIAN_13).reload[0].arguments[-3:] == ("-c", "-S", "/run/haproxy-master.sock")


def test_upstream() -> None:
    assert unit(UPSTREAM_1_8).start[0].arguments == (
        "/usr/local/sbin/haproxy",
        "-Ws",
        "-f",
        CONFIG,
        "-p",
        PIDFILE,
    )
    assert unit(UPSTREAM_3_4).start[0].arguments[4:6] == ("-f", "/etc/haproxy/conf.d")


@pytest.mark.skipif(not Path(UNIT_FILE).exists(), reason="no haproxy package here")
def test_the_package_of_this_machine() -> None:
    read = unit(Path(UNIT_FILE).read_text(encoding="utf-8"))
    assert read.start[0].arguments[0] == "/usr/sbin/haproxy"
    assert "$" not in "".join(read.start[0].arguments)
    assert read.reload


def test_an_environment_file_goes_before_environment() -> None:
    read = unit(DEBIAN_12, environment={"CONFIG": "/etc/other.cfg", "EXTRAOPTS": ""})
    assert read.start[0].arguments == ("/usr/sbin/haproxy", "-Ws", "-f", "/etc/other.cfg", "-p", PIDFILE)
    assert dict(read.environment)["CONFIG"] == "/etc/other.cfg"


def test_drop_ins_reset_and_add() -> None:
    read = unit(
        DEBIAN_12,
        "[Service]\nExecReload=\nExecReload=/bin/kill -USR2 $MAINPID\nEnvironment=X=1\nLimitNOFILE=1024:524288\n",
        "[Service]\nKillMode=process\nEnvironment=\nKillSignal=10\nTimeoutStopSec=1min\nTimeoutSec=5\nKillMode=\n",
    )
    assert [c.where for c in read.reload] == ["f1:3"]
    assert read.environment == ()
    assert read.start[0].arguments == ("/usr/sbin/haproxy", "-Ws", "-f", "-p")
    assert (read.descriptor_limit, read.descriptor_hard_limit) == (1024, 524288)
    assert (read.kill_mode, read.kill_signal, read.timeout_stop_s) == ("control-group", "SIGUSR1", 5.0)


def test_a_setting_of_another_section_is_another_setting() -> None:
    read = unit(
        "KillMode=none\n[Unit]\nKillMode=process\n[Service]\nExecStart=/bin/a\n[X-Mine]\nExecStart=/bin/b\n"
    )
    assert read.kill_mode == "control-group"
    assert [c.arguments for c in read.start] == [("/bin/a",)]
    assert read.type == "simple"


def test_a_oneshot_may_have_several_commands() -> None:
    read = unit("[Service]\nType=oneshot\nExecStart=/bin/a ; /bin/b x\nExecStart=/bin/c\n")
    assert [(c.arguments, c.text) for c in read.start] == [
        *((("/bin/a",), "/bin/a"), (("/bin/b", "x"), "/bin/b x"), (("/bin/c",), "/bin/c")),
    ]


def test_a_template_knows_its_instance() -> None:
    text = "[Service]\nExecStart=/usr/sbin/haproxy -W -f /etc/haproxy/%i.cfg -L %H 100%%\n"
    text += "RuntimeDirectory=haproxy-%i:link\n"
    read = unit(text, name="haproxy@edge.service")
    assert read.start[0].arguments[3:] == ("/etc/haproxy/edge.cfg", "-L", "%H", "100%")
    assert read.start[0].text.endswith("/etc/haproxy/%i.cfg -L %H 100%%")
    assert read.runtime_directory == ("haproxy-edge",)


def test_specifiers() -> None:
    name = r"ha-proxy@a-b\x2dc.service"
    assert with_specifiers(name, "%n %N %p %i %I %j %t %S %%i") == (
        rf"{name} ha-proxy@a-b\x2dc ha-proxy a-b\x2dc a/b-c proxy /run /var/lib %i"
    )


def test_limits_and_sizes() -> None:
    read = unit("[Service]\nLimitNOFILE=infinity\nMemoryMax=1.5G\nTimeoutStopSec=infinity\nPrivateTmp=yes\n")
    assert (read.descriptor_limit, read.descriptor_hard_limit) == (None, None)
    assert read.memory_limit_bytes == 1610612736
    assert read.timeout_stop_s is None
    assert read.private_tmp
    assert unit("[Service]\nMemoryMax=80%\n").memory_limit_bytes is None


def test_signals() -> None:
    assert [signal_name(s) for s in ("15", "USR1", "SIGHUP", "term", "999", "x")] == [
        *("SIGTERM", "SIGUSR1", "SIGHUP", "SIGTERM", "999", "x")
    ]


def test_environment_file_paths() -> None:
    files = [FileText(path="f", text="[Service]\nEnvironmentFile=-/etc/default/%p\nEnvironmentFile=/a b\n")]
    assert environment_file_paths("haproxy.service", files) == ("/etc/default/haproxy", "/a b")


def test_a_secret_of_the_environment_is_hidden() -> None:
    read = unit("[Service]\nEnvironment=TOKEN=abc\nExecStart=/bin/a $TOKEN\n")
    assert read.environment == (("TOKEN", "***"),)
    assert read.start[0].arguments == ("/bin/a", "***")


def test_no_file_at_all() -> None:
    assert unit().start == ()
    assert read_settings([]) == []


@given(
    st.lists(
        st.sampled_from(
            [
                "[Service]",
                "ExecStart=",
                "/bin/a $X",
                "\n",
                "\\",
                "'",
                '"',
                "%",
                "=",
                "LimitNOFILE=",
                "9" * 30,
                "KillSignal=",
                "²",
                "MemoryMax=",
            ]
        )
    )
)
def test_any_text_gives_a_unit(pieces: list[str]) -> None:
    read = unit("[Service]\n" + "".join(pieces))
    assert read.name == "haproxy.service"
