import pytest

from hitless.facts import ListeningSocket
from hitless.subject import Subject
from hitless.subject.endpoints import can_be_absent, endpoints, host_address, overlaps, own_listeners, text_of
from tests.audit.fixtures import read_snapshot


def subject(bind: str, host: str = "{}") -> Subject:
    snapshot = read_snapshot(
        f"```cfg\nfrontend a\n    bind {bind}\n```\n```json host\n{host}\n```\n"
        '```json instance\n{"processes": [{"pid": 7, "parent_pid": 1, "role": "classic"}]}\n```\n'
    )
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


@pytest.mark.parametrize(
    ("bind", "address", "v6_only", "conflict"),
    [
        # Each tried: the listener first, then HAProxy 2.6.12 and 3.2 with this bind.
        (":8000", "0.0.0.0", False, True),
        (":8000", "127.0.0.1", False, True),
        ("192.0.2.1:8000", "0.0.0.0", False, True),
        ("192.0.2.1:8000", "127.0.0.1", False, False),
        ("192.0.2.1:8000", "::", False, True),
        (":8000", "::", False, True),
        (":8000", "::", True, False),
        ("[::]:8000", "0.0.0.0", False, True),
        ("[::]:8000 v4v6", "192.0.2.1", False, True),
        ("[::]:8000 v6only", "0.0.0.0", False, False),
        ("[::]:8000", "::1", False, True),
        ("[2001:db8::1]:8000", "0.0.0.0", False, False),
        ("192.0.2.1:8000", "::ffff:192.0.2.1", False, True),
        ("quic4@192.0.2.1:8000", "0.0.0.0", False, False),
        (":8001", "0.0.0.0", False, False),
    ],
)
def test_overlap_is_what_the_kernel_refuses(
    bind: str, address: str, *, v6_only: bool, conflict: bool
) -> None:
    socket = ListeningSocket(
        address=address, port=8000, inode=1, uid=0, queue_length=0, queue_limit=9, v6_only=v6_only
    )
    (endpoint,) = endpoints(subject(bind))
    assert overlaps(endpoint, socket) is conflict


def test_the_prefix_of_a_loopback_address_is_local() -> None:
    host = '{"addresses": [{"address": "127.0.0.1", "prefix_length": 8, "interface": "lo"}]}'
    (near,) = endpoints(subject("127.9.9.9:80", host))
    (far,) = endpoints(subject("192.0.2.1:80", host))
    assert host_address(subject("127.9.9.9:80", host), near.ip)
    assert host_address(subject("192.0.2.1:80", host), far.ip) is None
    assert text_of(far) == "192.0.2.1:80"


def test_an_address_may_be_absent_with_transparent_or_the_sysctl() -> None:
    sysctl = '{"sysctls": [{"name": "net.ipv4.ip_nonlocal_bind", "value": "1", "source": ""}]}'
    for bind, host, expected in [
        ("192.0.2.1:80 transparent", "{}", True),
        ("192.0.2.1:80", sysctl, True),
        ("192.0.2.1:80", "{}", False),
        ("[2001:db8::1]:80", sysctl, False),
    ]:
        (endpoint,) = endpoints(subject(bind, host))
        assert can_be_absent(subject(bind, host), endpoint) is expected


def test_own_listeners_are_those_of_this_instance() -> None:
    listening = (
        '{{"listening": [{{"address": "192.0.2.1", "port": 80, "inode": 1, "uid": 0, "queue_length": 0,'
        ' "queue_limit": 1, "pids": [{pid}]}}]}}'
    )
    for pid, expected in [(7, True), (8, False)]:
        seen = subject("192.0.2.1:80", listening.format(pid=pid))
        (endpoint,) = endpoints(seen)
        assert (endpoint.key in own_listeners(seen)) is expected


def test_other_namespaces_and_unix_binds_are_left_out() -> None:
    assert not list(endpoints(subject("192.0.2.1:80 namespace blue")))
    assert not list(endpoints(subject("/run/a.sock")))
