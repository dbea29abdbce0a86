from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hitless.host.keepalived import read_keepalived
from hitless.host.root import HostRoot

MAIN = """\
! Configuration
global_defs {
    router_id lb1   # comment
}
$VIP = 192.0.2.10
vrrp_script chk { script "/usr/bin/killall -0 haproxy" ; interval 2 }
vrrp_instance VI_1 {
    state MASTER
    interface eth0
    authentication {
        auth_type PASS
        auth_pass 1111
    }
    virtual_ipaddress {
        ${VIP}/24 dev eth1 label eth1:vip
        192.0.2.11   ! the second
        @lb1 192.0.2.12/24 brd 192.0.2.255
        2001:db8::1/64
        # 192.0.2.99
        nonsense
    }
    virtual_ipaddress_excluded { 192.0.2.20/32 }
    track_script { chk }
}
include conf.d/*.conf
"""
SECOND = """\
vrrp_instance VI_2
{
  virtual_ipaddress
  {
    10.0.0.1
  }
  interface bond0
  state BACKUP
}
include keepalived.conf
include ../keepalived.conf
"""


def write(directory: Path, path: str, text: str) -> HostRoot:
    target = directory / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return HostRoot(directory, live=False)


def test_addresses_with_what_their_instance_says(tmp_path: Path) -> None:
    write(tmp_path, "etc/keepalived/conf.d/b.conf", SECOND)
    read = read_keepalived(write(tmp_path, "etc/keepalived/keepalived.conf", MAIN))
    main = "/etc/keepalived/keepalived.conf"
    assert [
        (a.address, a.prefix_length, a.interface, a.instance, a.state, a.where) for a in read.addresses
    ] == [
        ("192.0.2.10", 24, "eth1", "VI_1", "MASTER", f"{main}:15"),
        ("192.0.2.11", 32, "eth0", "VI_1", "MASTER", f"{main}:16"),
        ("192.0.2.12", 24, "eth0", "VI_1", "MASTER", f"{main}:17"),
        ("2001:db8::1", 64, "eth0", "VI_1", "MASTER", f"{main}:18"),
        ("192.0.2.20", 32, "eth0", "VI_1", "MASTER", f"{main}:22"),
        ("10.0.0.1", 32, "bond0", "VI_2", "BACKUP", "/etc/keepalived/conf.d/b.conf:5"),
    ]
    assert [f.path for f in read.files] == [main, "/etc/keepalived/conf.d/b.conf"]
    assert "auth_pass ****" in read.files[0].text
    assert len(read.unknown) == 2, "one file is missing, one includes itself"


def test_no_keepalived(tmp_path: Path) -> None:
    read = read_keepalived(HostRoot(tmp_path, live=False))
    assert (read.addresses, read.files, read.unknown) == ((), (), ())


def test_files_that_include_themselves_end(tmp_path: Path) -> None:
    text = "include *.conf\ninclude keepalived.conf\n" * 5
    for name in "abc":
        write(tmp_path, f"etc/keepalived/{name}.conf", text)
    read = read_keepalived(write(tmp_path, "etc/keepalived/keepalived.conf", text))
    assert read.unknown
    assert len(read.files) <= 200


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "etc/keepalived/keepalived.conf").mkdir(parents=True)
    assert [u.what for u in read_keepalived(HostRoot(tmp_path, live=False)).unknown] == [
        "Keepalived's /etc/keepalived/keepalived.conf"
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=50)
@given(
    st.lists(
        st.sampled_from(
            [
                "vrrp_instance",
                " ",
                "x",
                "{",
                "}",
                "\n",
                '"',
                "$A",
                "= $A$A",
                "virtual_ipaddress",
                "10.0.0.1",
                "@",
                "\x00",
            ]
        )
    )
)
def test_any_text(tmp_path: Path, pieces: list[str]) -> None:
    read_keepalived(write(tmp_path, "etc/keepalived/keepalived.conf", "".join(pieces)))
