from typing import Any

import pytest

from hitless.reload.preflight.receivers import Kind
from hitless.reload.preflight.socket_view import SeenSocket
from hitless.reloads import ListenerFate
from tests.reload.preflight.binds_bed import FILE, inet, plan_of, unix

INHERITED, ANEW, NEW, REMOVED = (
    ListenerFate.INHERITED,
    ListenerFate.OPENED_ANEW,
    ListenerFate.NEW,
    ListenerFate.REMOVED,
)
V22, V26, V32 = {"version": (2, 2, 9)}, {"version": (2, 6, 12)}, {"version": (3, 2, 26)}

ROWS: list[tuple[str, SeenSocket, dict[str, Any], ListenerFate, str]] = [
    ("bind :80", inet("0.0.0.0:80"), {}, INHERITED, ""),
    ("bind :80", inet("0.0.0.0:80"), {"transfer": False}, ANEW, "hands no sockets over"),
    ("bind :80", inet("0.0.0.0:81"), {}, NEW, ""),
    ("bind 192.0.2.1:80", inet("0.0.0.0:80"), {}, NEW, ""),
    ("bind :::80", inet("0.0.0.0:80"), {}, NEW, ""),
    ("bind :80 transparent", inet("0.0.0.0:80"), {}, ANEW, "`transparent` is new"),
    ("bind :80", inet("0.0.0.0:80", foreign=True), {}, ANEW, "`transparent` is gone"),
    ("bind :80 transparent", inet("0.0.0.0:80", foreign=True), {}, INHERITED, ""),
    ("bind :80 transparent", inet("0.0.0.0:80", foreign=None), {}, INHERITED, ""),
    ("bind :80 interface lo", inet("0.0.0.0:80"), {}, ANEW, "another one"),
    ("bind :80", inet("0.0.0.0:80", interface=1), {}, ANEW, "is gone"),
    ("bind :80 interface lo", inet("0.0.0.0:80", interface=1), {}, INHERITED, ""),
    ("bind :80 interface eth0", inet("0.0.0.0:80", interface=1), {}, ANEW, "another one"),
    ("bind :80 interface none", inet("0.0.0.0:80"), {}, INHERITED, ""),
    ("bind :::80", inet("[::]:80"), {}, INHERITED, ""),
    ("bind :::80 v4v6", inet("[::]:80"), {}, INHERITED, ""),
    ("bind :::80 v6only", inet("[::]:80"), {}, ANEW, "IPv6 alone now"),
    ("bind :::80", inet("[::]:80", v6_only=True), {}, ANEW, "takes IPv4 too now"),
    ("bind :::80", inet("[::]:80", v6_only=True), {"v6_only_default": True}, INHERITED, ""),
    ("bind ::1:80", inet("[::1]:80", v6_only=True), {}, ANEW, "without `v6only`"),
    ("bind ::1:80", inet("[::1]:80", v6_only=True), V26, ANEW, "without `v6only`"),
    ("bind ::1:80", inet("[::1]:80", v6_only=True), V32, ANEW, "without `v6only`"),
    ("bind ::1:80", inet("[::1]:80", v6_only=True), {"v6_only_default": True}, INHERITED, ""),
    ("bind ::1:80", inet("[::1]:80", v6_only=True), V22, INHERITED, ""),
    ("bind ::1:80 v4v6", inet("[::1]:80", v6_only=True), {}, ANEW, "without `v6only`"),
    ("bind ::1:80 v6only", inet("[::1]:80", v6_only=True), {}, INHERITED, ""),
    ("bind ::ffff:192.0.2.1:80", inet("192.0.2.1:80", family=6), {}, INHERITED, ""),
    ("bind 192.0.2.1:80", inet("192.0.2.1:80", family=6), {}, NEW, ""),
    ("bind /run/x.sock", unix("/run/x.sock"), {}, INHERITED, ""),
    ("bind /run/x.sock", unix("/run/x.sock"), V22, INHERITED, ""),
    ("bind /run/x.sock", unix("/run/x.sock"), V26, INHERITED, ""),
    ("bind /run/x.sock", unix("/run/x.sock"), {"version": (2, 6, 10)}, ANEW, "does not recognise"),
    ("bind /run/x.sock", unix("/run/x.sock"), {"version": (2, 4, 9)}, ANEW, "does not recognise"),
    ("bind /run/x.sock", unix("/run/x.sock"), {"transfer": False}, ANEW, "hands no sockets over"),
    ("bind abns@x", unix("@x"), {}, INHERITED, ""),
    ("bind abns@x", unix("@x"), {"version": (2, 4, 9)}, INHERITED, ""),
    ("bind abns@x", unix("@x"), {"transfer": False}, ANEW, "hands no sockets over"),
    ("bind quic4@:443", inet("0.0.0.0:443", kind=Kind.UDP), {}, INHERITED, ""),
    ("bind quic4@:443", inet("0.0.0.0:443"), {}, NEW, ""),
    ("bind quic4@:443 interface lo", inet("0.0.0.0:443", kind=Kind.UDP, interface=1), {}, ANEW, "datagram"),
    ("bind quic6@[::1]:443", inet("[::1]:443", kind=Kind.UDP, v6_only=True), {}, ANEW, "`v6only`"),
    ("bind :80 namespace b", inet("0.0.0.0:80"), {}, NEW, ""),
    ("bind :80 namespace b", inet("0.0.0.0:80", namespace="b"), {}, INHERITED, ""),
]


@pytest.mark.parametrize(("text", "held", "words", "fate", "why"), ROWS)
def test_what_becomes_of_a_socket(
    text: str, held: SeenSocket, words: dict[str, Any], fate: ListenerFate, why: str
) -> None:
    """Each row tried on 2.2.9, 2.6.12, 2.8.25, 3.0.11 and 3.2.26 by the inode before and after a reload."""
    plan = plan_of(text, held, **words)
    (planned,) = plan.binds
    assert planned.change.fate is fate
    assert why in planned.change.why
    assert bool(planned.change.why) is bool(why)
    if fate is NEW:
        assert [(c.fate, c.inodes_before) for c in plan.removed] == [(REMOVED, (held.inode,))]
    else:
        assert planned.change.inodes_before == (held.inode,)
        assert planned.change.inodes_after == ((held.inode,) if fate is INHERITED else ())
        assert plan.removed == ()
    assert planned.change.where == f"{FILE}:2"
    assert planned.is_bound is (fate is not INHERITED)


def test_more_shards_are_opened_beside_those_handed_over() -> None:
    plan = plan_of("bind :80 shards 3", inet("0.0.0.0:80", inode=1))
    assert [(c.fate, c.inodes_after, c.why) for c in plan.changes] == [
        (INHERITED, (1,), "2 more sockets for this address"),
    ]


def test_fewer_shards_close_what_is_left_with_its_queue() -> None:
    held = [inet("0.0.0.0:80", inode=number) for number in (1, 2, 3)]
    kept, closed = plan_of("bind :80", *held).changes
    assert (kept.fate, kept.inodes_after) == (INHERITED, (1,))
    assert (closed.fate, closed.endpoint, closed.inodes_before) == (REMOVED, "0.0.0.0:80", (2, 3))
    assert closed.why.startswith("2 sockets fewer")


def test_an_unknown_number_of_shards_stays_as_it_is() -> None:
    held = [inet("0.0.0.0:80", inode=number) for number in (1, 2)]
    (change,) = plan_of("bind :80 shards by-thread thread 1-2", *held).changes
    assert (change.fate, change.inodes_after) == (INHERITED, (1, 2))


def test_two_lines_of_one_address_take_a_socket_each() -> None:
    plan = plan_of("bind :80\nbind :80\nbind :80", inet("0.0.0.0:80", inode=1), inet("0.0.0.0:80", inode=2))
    assert [(p.change.fate, p.change.inodes_before) for p in plan.binds] == [
        (INHERITED, (1,)),
        (INHERITED, (2,)),
        (NEW, ()),
    ]


def test_the_master_opens_its_cli_anew() -> None:
    plan = plan_of("bind :80", unix("/run/m.sock"), argv="haproxy -W -S /run/m.sock -f x")
    (cli,) = plan.of(ANEW)
    assert cli.receiver.of_master
    assert cli.is_bound
    assert "master opens its CLI" in cli.change.why


def test_a_descriptor_that_is_passed_on_is_what_it_is_bound_to() -> None:
    passed = SeenSocket(Kind.DESCRIPTOR, "fd@3", 9, shown="0.0.0.0:80")
    plan = plan_of("bind fd@3\nbind fd@4", inet("0.0.0.0:80", inode=9), passed)
    assert [(c.endpoint, c.fate) for c in plan.changes] == [("0.0.0.0:80", INHERITED), ("fd@4", NEW)]
    assert not any(p.is_bound for p in plan.binds)


def test_an_address_in_a_named_namespace_is_not_taken_for_the_services_own() -> None:
    plan = plan_of("bind :80 namespace b", inet("0.0.0.0:80", namespace="c"))
    assert [(c.endpoint, c.fate) for c in plan.changes] == [
        ("0.0.0.0:80 in namespace b", NEW),
        ("0.0.0.0:80 in namespace c", REMOVED),
    ]


def test_what_must_be_known_before_the_worker_is_touched() -> None:
    plan = plan_of("bind :80\nbind :81\nbind /run/x.sock\nbind quic4@:82", inet("0.0.0.0:80"))
    assert [p.receiver.endpoint for p in plan.binds if p.is_new_tcp] == ["0.0.0.0:81"]


def test_an_unknown_version_is_taken_for_a_new_one() -> None:
    plan = plan_of("bind /run/x.sock\nbind ::1:80", unix("/run/x.sock"), inet("[::1]:80", v6_only=True))
    unknown = plan_of(
        "bind /run/x.sock\nbind ::1:80",
        unix("/run/x.sock"),
        inet("[::1]:80", v6_only=True),
        version=(0, 0, 0),
    )
    assert [c.fate for c in unknown.changes] == [c.fate for c in plan.changes] == [INHERITED, ANEW]
