import errno
from dataclasses import replace
from typing import Any

import pytest

from hitless.facts import VirtualAddress
from hitless.host.rights import Rights
from hitless.reload.preflight.bind_conflicts import judge_addresses
from hitless.reload.preflight.bind_facts import BindFacts
from hitless.reload.preflight.neighbours import Neighbours
from hitless.reload.preflight.receivers import Kind
from hitless.reload.preflight.trial_task import AddressResult
from hitless.reloads import CheckState, PreflightCheck
from tests.reload.preflight.binds_bed import FILE, MASTER, NOBODY, STRANGER, WORKER, facts_of, inet, unix

FINE = AddressResult()
IN_USE = AddressResult(step="bind", errno=errno.EADDRINUSE)
DENIED = AddressResult(step="bind", errno=errno.EACCES)
ABSENT = AddressResult(step="bind", errno=errno.EADDRNOTAVAIL)
BIND = "bind 192.0.2.9:8443"
TITLE = f"192.0.2.9:8443 (frontend a, {FILE}:2)"
REFUSED = "HAProxy would refuse every client of every frontend for about 2 s and keep the old worker"
BIND_ONLY = Rights(uid=99, gid=99, groups=(), effective=1 << 10)


def judged(facts: BindFacts) -> list[PreflightCheck]:
    return list(judge_addresses(facts, Neighbours(facts.views)))


def only(facts: BindFacts, state: CheckState = CheckState.FAILED) -> PreflightCheck:
    (check,) = judged(facts)
    assert (check.name, check.state) == ("binds", state)
    return check


def tried(result: AddressResult, *sockets: Any, text: str = BIND, **words: Any) -> BindFacts:
    return facts_of(text, *sockets, tried={0: result}, **words)


def test_a_free_address_is_nothing_to_speak_of() -> None:
    assert judged(tried(FINE, inet("0.0.0.0:80", STRANGER))) == []


@pytest.mark.parametrize("endpoint", ["192.0.2.9:8443", "0.0.0.0:8443", "[::]:8443"])
def test_a_stranger_that_refuses_the_bind(endpoint: str) -> None:
    check = only(tried(IN_USE, inet(endpoint, STRANGER)))
    assert check.message == f"{TITLE} is held by nginx (pid 4711): {REFUSED}"
    assert "ps -fp 4711" in check.hint
    assert "nobody listens" in check.hint
    assert check.stops
    assert endpoint in check.evidence[0].text


def test_without_transfer_nothing_worse_can_come() -> None:
    check = only(tried(IN_USE, inet("0.0.0.0:8443", STRANGER), transfer=False))
    assert "unanswered for about 2 s" in check.message
    assert "nobody listens" not in check.hint


def test_a_stranger_that_shares_the_port() -> None:
    check = only(tried(FINE, inet("192.0.2.9:8443", STRANGER)))
    assert check.message.startswith(f"{TITLE} is held by nginx (pid 4711) too, with SO_REUSEPORT")


def test_a_stranger_on_another_device_shares_nothing() -> None:
    check = only(tried(FINE, inet("192.0.2.9:8443", STRANGER, interface=2)), CheckState.WARNED)
    assert "takes its connections from nginx (pid 4711), which listens on 192.0.2.9:8443" in check.message


@pytest.mark.parametrize(
    ("bind", "endpoint", "said"),
    [
        ("bind :8443", "192.0.2.9:8443", "leaves the connections to 192.0.2.9:8443 to nginx (pid 4711)"),
        (BIND, "0.0.0.0:8443", "takes its connections from nginx (pid 4711), which listens on 0.0.0.0:8443"),
    ],
)
def test_a_stranger_on_a_part_of_it(bind: str, endpoint: str, said: str) -> None:
    assert said in only(tried(FINE, inet(endpoint, STRANGER), text=bind), CheckState.WARNED).message


def test_a_stranger_whom_nobody_could_see() -> None:
    check = only(tried(IN_USE, replace(inet("0.0.0.0:8443", STRANGER, inode=5), pids=(), names=())))
    assert "is held by a process that could not be seen (socket inode 5)" in check.message
    assert "ps -fp" not in check.hint


def test_own_sockets_of_all_generations_are_no_strangers() -> None:
    assert judged(tried(FINE, inet("0.0.0.0:8443"), inet("192.0.2.1:8443", MASTER))) == []


def test_an_own_socket_in_the_way_ends_in_nobody_listening() -> None:
    check = only(tried(IN_USE, inet("0.0.0.0:8443")))
    assert f"beside 0.0.0.0:8443, where this HAProxy itself listens (haproxy (pid {WORKER}))" in check.message
    assert check.message.endswith("nobody would listen on any TCP address")


def test_without_transfer_own_sockets_in_the_way_are_a_short_gap() -> None:
    text = "bind :8443\nbind :8444\nbind :8445"
    held = [inet(f"0.0.0.0:{port}") for port in (8443, 8444, 8445)]
    facts = facts_of(text, *held, transfer=False, tried=dict.fromkeys(range(3), IN_USE))
    check = only(facts, CheckState.WARNED)
    assert check.message.startswith(
        f"0.0.0.0:8443 (frontend a, {FILE}:2) and 2 more addresses are free only when"
    )
    single = only(facts_of("bind :8443", held[0], transfer=False, tried={0: IN_USE}), CheckState.WARNED)
    assert single.message.startswith(f"0.0.0.0:8443 (frontend a, {FILE}:2) is free only when")


def test_the_masters_own_cli_is_never_in_its_way() -> None:
    argv = "haproxy -W -S 127.0.0.1:9 -f x"
    for transfer in (True, False):
        facts = facts_of(
            "bind :1",
            inet("0.0.0.0:1"),
            inet("127.0.0.1:9", MASTER),
            argv=argv,
            transfer=transfer,
            tried={0: FINE, 1: IN_USE},
        )
        assert judged(facts) == []
    (check,) = judged(facts_of("bind :1", argv=argv, tried={0: FINE, 1: ABSENT}))
    assert check.message.endswith("the master would end, and the whole service with it")


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ((2, 2, 9), CheckState.WARNED),
        ((2, 4, 9), CheckState.FAILED),
        ((2, 6, 12), CheckState.FAILED),
        ((2, 8, 25), CheckState.WARNED),
        ((3, 2, 26), CheckState.WARNED),
    ],
)
def test_an_abstract_name_that_the_old_process_gives_up(version: tuple[int, ...], state: CheckState) -> None:
    facts = tried(IN_USE, unix("@x"), text="bind abns@x", transfer=False, version=version, mode="classic")
    states = {check.state for check in judged(facts)}
    assert state in states
    assert (CheckState.FAILED in states) is (state is CheckState.FAILED)


def test_an_abstract_name_of_a_stranger() -> None:
    check = only(tried(IN_USE, unix("@x", STRANGER), text="bind abns@x"))
    assert check.message == f"@x (frontend a, {FILE}:2) is held by haproxy (pid 4711): {REFUSED}"


def test_a_port_that_a_connection_uses() -> None:
    user = "the connection 192.0.2.9:8443 to 198.51.100.1:443 of curl (pid 8)"
    check = only(tried(IN_USE, port_users={8443: user}))
    assert check.message == f"{TITLE} is in use by {user}: {REFUSED}"
    assert "ip_local_port_range" in check.hint
    assert "in use by a socket that does not listen" in only(tried(IN_USE)).message


def test_a_udp_port_that_a_stranger_has_is_not_tried() -> None:
    facts = facts_of("bind quic4@:443", inet("192.0.2.1:443", STRANGER, kind=Kind.UDP))
    assert (
        "is held by nginx (pid 4711): HAProxy could not bind it, or would take its datagrams"
        in only(facts).message
    )


def test_own_udp_sockets_are_left_alone() -> None:
    assert (
        judged(facts_of("bind quic4@:443 interface lo", inet("0.0.0.0:443", kind=Kind.UDP, interface=1)))
        == []
    )


def test_a_udp_port_in_use_where_nobody_lists_them() -> None:
    facts = tried(IN_USE, text="bind quic4@:443", udp_problem="no udp_diag")
    check = only(facts, CheckState.UNKNOWN)
    assert "by whom is not known: no udp_diag" in check.message
    assert not check.stops


@pytest.mark.parametrize(
    ("rights", "sysctl", "said"),
    [
        (NOBODY, "1024", "is below 1024, and the master (pid 7, uid 65534) has no CAP_NET_BIND_SERVICE"),
        (NOBODY, "", "is below 1024, and the master"),
        (NOBODY, "80", "cannot be bound by the master (pid 7, uid 65534) (Permission denied)"),
        (BIND_ONLY, "1024", "cannot be bound by the master (pid 7, uid 99) (Permission denied)"),
    ],
)
def test_no_right_to_a_low_port(rights: Rights, sysctl: str, said: str) -> None:
    facts = tried(
        DENIED,
        text="bind :80",
        rights=rights,
        sysctls={"net.ipv4.ip_unprivileged_port_start": sysctl},
    )
    check = only(facts)
    assert said in check.message
    assert check.message.endswith(REFUSED)
    assert check.evidence[0].text == "bind: Permission denied"


def test_an_address_that_is_not_here() -> None:
    check = only(tried(ABSENT))
    assert check.message == f"{TITLE}: 192.0.2.9 is on no interface of this host: {REFUSED}"
    assert "`transparent`" in check.hint
    assert "net.ipv4.ip_nonlocal_bind=1" in check.hint


def test_an_address_of_keepalived_that_is_not_here() -> None:
    vip = VirtualAddress(
        address="2001:db8::9", prefix_length=64, where="/etc/keepalived/keepalived.conf:8", instance="VI_1"
    )
    check = only(tried(ABSENT, text="bind 2001:db8::9:80", virtual=(vip,)))
    said = "; it is a virtual address of Keepalived (/etc/keepalived/keepalived.conf:8, vrrp_instance VI_1)"
    assert f"2001:db8::9 is on no interface of this host{said}" in check.message
    assert "net.ipv6.ip_nonlocal_bind=1" in check.hint


def test_an_address_that_is_still_tentative() -> None:
    check = only(tried(ABSENT, text="bind 2001:db8::9:80", tentative=frozenset({"2001:db8::9"})))
    assert "is still tentative" in check.message


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENODEV, "interface eth9 does not exist"), (errno.EPERM, "Operation not permitted")],
)
def test_an_interface_that_is_missing_is_a_warning(number: int, said: str) -> None:
    facts = tried(AddressResult(interface_errno=number), text="bind :80 interface eth9")
    check = only(facts, CheckState.WARNED)
    assert said in check.message
    assert check.message.endswith("HAProxy would listen on every interface")


def test_a_namespace_that_is_missing() -> None:
    facts = tried(AddressResult(step="namespace", errno=errno.ENOENT), text="bind :80 namespace blue")
    check = only(facts)
    assert "the network namespace blue cannot be entered (No such file or directory)" in check.message
    assert check.hint == "ip netns add blue"


def test_another_error_in_the_kernels_words() -> None:
    facts = tried(AddressResult(step="socket", errno=errno.EAFNOSUPPORT), text="bind :::80")
    assert "(Address family not supported by protocol)" in only(facts).message


def test_two_binds_of_the_configuration_itself() -> None:
    text = "global\n noreuseport\nfrontend a\n bind :80\n bind 192.0.2.1:80\n"
    facts = facts_of(text, tried={0: FINE, 1: FINE})
    assert "as well and `noreuseport` lets only one of them" in only(facts).message


def test_what_was_not_tried_is_for_others_to_say() -> None:
    assert judged(facts_of(BIND)) == []
