import resource

import pytest
from msgspec.structs import replace as replace_record

from hitless.config.arguments import parse_arguments
from hitless.errors import ReloadError
from hitless.facts import Unit
from hitless.host.process_traits import Capabilities, ProcessTraits
from hitless.reload.succession import (
    Account,
    choose_account,
    runs_as_daemon,
    successor_command,
    trusted_environment,
    why_irreplaceable,
)


def traits(
    uid: int = 0, *, pid_inside: int = 4711, elsewhere: tuple[str, ...] = (), ambient: int = 0
) -> ProcessTraits:
    return ProcessTraits(
        pid=4711,
        uid=uid,
        gid=uid,
        groups=(uid, 7),
        umask=0o22,
        nice=0,
        oom_score_adj=0,
        no_new_privileges=False,
        capabilities=Capabilities(inheritable=ambient, permitted=ambient, bounding=0x1FF, ambient=ambient),
        limits={resource.RLIMIT_NOFILE: (1024, 4096)},
        control_group_files=(),
        other_namespaces=elsewhere,
        pid_inside=pid_inside,
    )


UNIT = Unit(name="haproxy.service", source="test", main_pid=4711, type="simple")


@pytest.mark.parametrize(
    ("seen", "unit", "why"),
    [
        (traits(), None, ""),
        (traits(elsewhere=("mnt", "net")), None, ""),
        (traits(pid_inside=1), None, "first of its pid namespace"),
        (traits(elsewhere=("pid",)), None, "another pid or user namespace"),
        (traits(elsewhere=("user",)), None, "another pid or user namespace"),
        (traits(), UNIT, "systemd follows process 4711 (Type=simple without PIDFile=)"),
        (traits(), replace_record(UNIT, type=""), "Type=simple"),
        (traits(), replace_record(UNIT, main_pid=1), ""),
        (traits(), replace_record(UNIT, type="forking", properties={"PIDFile": "/run/h.pid"}), ""),
        (traits(), replace_record(UNIT, type="forking", properties={"PIDFile": ""}), "Type=forking"),
    ],
)
def test_who_cannot_be_replaced(seen: ProcessTraits, unit: Unit | None, why: str) -> None:
    found = why_irreplaceable(seen, unit)
    assert why in found if why else not found


def test_root_starts_what_root_runs() -> None:
    found = choose_account(traits(0), our_uid=0, drops_rights=False, made_by=frozenset({0}))
    assert found == Account(0, 0, (0, 7))


def test_a_process_that_gave_up_its_rights_is_started_by_root() -> None:
    found = choose_account(traits(99), our_uid=0, drops_rights=True, made_by=frozenset({0}))
    assert found == Account(0, 0, (), raised=True)


@pytest.mark.parametrize(
    ("drops", "made_by"),
    [
        (True, frozenset({99})),  # `user` names the user who starts it anyway
        (True, frozenset[int]()),  # nothing shows that root had a hand in it
        (False, frozenset({0})),  # sockets that were handed to it
        (False, frozenset({99})),
    ],
)
def test_else_its_own_user_starts_it_with_what_it_was_given(drops: bool, made_by: frozenset[int]) -> None:  # noqa: FBT001
    found = choose_account(traits(99, ambient=0x400), our_uid=0, drops_rights=drops, made_by=made_by)
    assert found == Account(99, 99, (99, 7), inheritable=0x400, ambient=0x400)


def test_without_root_only_our_own() -> None:
    found = choose_account(traits(99), our_uid=99, drops_rights=True, made_by=frozenset({0}))
    assert (found.uid, found.raised) == (99, False)
    with pytest.raises(ReloadError, match="belongs to user 0, and we are user 99"):
        choose_account(traits(0), our_uid=99, drops_rights=False, made_by=frozenset())


def test_what_makes_programs_load_code_is_not_passed_on_as_root() -> None:
    environment = {
        "PATH": "/bin",
        "LD_PRELOAD": "/x.so",
        "LUA_INIT": "@/x",
        "OPENSSL_CONF": "/x",
        "LDAP": "y",
    }
    assert trusted_environment(environment) == (
        {"PATH": "/bin", "LDAP": "y"},
        ("LD_PRELOAD", "LUA_INIT", "OPENSSL_CONF"),
    )


@pytest.mark.parametrize(
    ("words", "configured", "daemon"),
    [
        ("haproxy -f a", False, False),
        ("haproxy -D -f a", False, True),
        ("haproxy -f a", True, True),
        ("haproxy -db -f a", True, False),
        ("haproxy -d -f a", True, False),
        ("haproxy -D -db -f a", False, True),
    ],
)
def test_the_background(words: str, configured: bool, daemon: bool) -> None:  # noqa: FBT001
    assert runs_as_daemon(parse_arguments(words.split()), configured=configured) is daemon


@pytest.mark.parametrize(
    ("words", "transfer", "files", "expected"),
    [
        ("h -f a", None, (), "h -sf N -f a"),
        ("h -D -f a -p b", "/run/o", (), "h -x /run/o -sf N -D -f a -p b"),
        ("h -x /old -sf 1 2 -D -f a", "/run/o", (), "h -x /run/o -sf N -D -f a"),
        ("h -x /given -f a", "/run/o", (), "h -x /run/o -sf N -f a"),
        ("h -x /given -f a", None, (), "h -sf N -x /given -f a"),
        ("h -C sub -f a -C /abs", None, (), "h -sf N -f a -C /abs"),
        ("h -D -- a -C", "/run/o", (), "h -x /run/o -sf N -D -- a -C"),
        ("h -D -- a b", "/run/o", ("new",), "h -x /run/o -sf N -D -f new"),
    ],
)
def test_the_command_line(words: str, transfer: str | None, files: tuple[str, ...], expected: str) -> None:
    command = successor_command(words.split(), "/usr/sbin/haproxy", transfer_from=transfer, files=files)
    assert command.program == "/usr/sbin/haproxy"
    assert " ".join((*command.before, "N", *command.after)) == expected
