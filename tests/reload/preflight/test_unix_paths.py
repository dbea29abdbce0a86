import errno
from typing import Any

import pytest

from hitless.host.rights import Rights
from hitless.reload.preflight.socket_view import SeenSocket
from hitless.reload.preflight.trial_task import PathResult
from hitless.reload.preflight.unix_paths import judge_paths
from hitless.reloads import CheckState, PreflightCheck
from tests.reload.preflight.binds_bed import FILE, NOBODY, ROOT, STRANGER, facts_of, unix

THEN = "HAProxy would refuse the new configuration and keep the old worker"
WHO = "the master (pid 7, uid 65534)"
OWN_SOCKET = PathResult(kind="socket", uid=65534, device=8, inode=77)


def judged(
    seen: PathResult,
    *sockets: SeenSocket,
    path: str = "/run/h/x.sock",
    owner: Any = (None, None),
    **words: Any,
) -> list[PreflightCheck]:
    facts = facts_of(f"bind {path}", *sockets, paths={0: seen}, owners={0: owner}, **words)
    return list(judge_paths(facts))


@pytest.mark.parametrize(
    ("seen", "rights", "why"),
    [
        (PathResult(), ROOT, ""),
        (PathResult(), NOBODY, ""),
        (PathResult(directory_errno=errno.ENOENT), ROOT, "/run/h does not exist"),
        (PathResult(directory_errno=errno.ENOTDIR), ROOT, "/run/h is no directory"),
        (PathResult(directory_errno=errno.EACCES), NOBODY, f"{WHO} cannot reach /run/h (Permission denied)"),
        (PathResult(write_errno=errno.EACCES), NOBODY, f"{WHO} cannot write /run/h (Permission denied)"),
        (PathResult(write_errno=errno.EROFS), ROOT, "cannot write /run/h (Read-only file system)"),
        (PathResult(kind="directory"), ROOT, "a directory stands there"),
        (PathResult(kind="socket"), ROOT, ""),
        (OWN_SOCKET, NOBODY, ""),
        (
            PathResult(kind="socket"),
            NOBODY,
            "the socket there belongs to uid 0, and fs.protected_hardlinks=1",
        ),
        (PathResult(kind="file"), NOBODY, "the file there belongs to uid 0, and fs.protected_hardlinks=1"),
        (PathResult(kind="symbolic link"), NOBODY, "the symbolic link there belongs to uid 0"),
        (
            PathResult(kind="file", safe_to_link=True, sticky=True),
            NOBODY,
            "the file there belongs to uid 0, in a sticky directory",
        ),
    ],
)
def test_what_cannot_be_bound(seen: PathResult, rights: Rights, why: str) -> None:
    checks = judged(seen, rights=rights)
    if not why:
        assert checks == []
        return
    (check,) = checks
    assert (check.name, check.state) == ("binds", CheckState.FAILED)
    assert why in check.message
    assert check.message.startswith(f"/run/h/x.sock (frontend a, {FILE}:2): ")
    assert check.message.endswith(THEN)


def test_links_of_others_where_the_kernel_allows_them() -> None:
    seen = PathResult(kind="socket")
    assert judged(seen, rights=NOBODY, sysctls={"fs.protected_hardlinks": "0"}) == []
    (check,) = judged(
        PathResult(kind="socket", sticky=True), rights=NOBODY, sysctls={"fs.protected_hardlinks": "0"}
    )
    assert "sticky" in check.message
    own = PathResult(kind="socket", sticky=True, directory_uid=65534)
    assert judged(own, rights=NOBODY, sysctls={"fs.protected_hardlinks": "0"}) == []


@pytest.mark.parametrize(("length", "fits"), [(97, True), (98, False)])
def test_the_length_that_haproxy_takes(length: int, *, fits: bool) -> None:
    checks = judged(PathResult(), path="/" + "x" * (length - 1))
    assert [c.state for c in checks] == ([] if fits else [CheckState.FAILED])


@pytest.mark.parametrize(
    ("owner", "rights", "why"),
    [
        ((0, None), NOBODY, "cannot give the socket to uid 0"),
        ((None, 0), NOBODY, "cannot give the socket to gid 0"),
        ((65534, 4), NOBODY, ""),
        ((None, 65534), NOBODY, ""),
        ((5, 5), ROOT, ""),
    ],
)
def test_whom_the_socket_is_given_to(owner: Any, rights: Rights, why: str) -> None:
    checks = judged(PathResult(), owner=owner, rights=rights)
    assert [why in check.message for check in checks] == ([True] if why else [])


@pytest.mark.parametrize(
    ("socket", "stolen"),
    [
        (unix("/run/h/x.sock", STRANGER, file=(8, 77)), True),
        (unix("/elsewhere", STRANGER, file=(8, 77)), True),
        (unix("/run/h/x.sock", STRANGER, file=(8, 78)), False),
        (unix("/run/h/x.sock", STRANGER), True),
        (unix("/run/h/x.sock", STRANGER, file=(9, 77)), True),
        (unix("/elsewhere", STRANGER, file=(9, 77)), False),
    ],
)
def test_a_stranger_that_serves_the_path(socket: SeenSocket, *, stolen: bool) -> None:
    checks = judged(OWN_SOCKET, socket)
    assert [check.state for check in checks] == ([CheckState.FAILED] if stolen else [])
    if stolen:
        assert checks[0].message == (
            f"/run/h/x.sock (frontend a, {FILE}:2) is served by haproxy (pid 4711): "
            "HAProxy would silently take the path from it"
        )


def test_an_own_socket_there_is_as_it_should_be() -> None:
    held = unix("/run/h/x.sock", file=(8, 77))
    assert judged(OWN_SOCKET, held, transfer=False) == []


@pytest.mark.parametrize("kind", ["file", "symbolic link", "fifo", "other"])
def test_what_would_be_replaced_is_a_warning(kind: str) -> None:
    (check,) = judged(PathResult(kind=kind))
    assert check.state is CheckState.WARNED
    assert f"a {kind} stands there, and HAProxy would replace it" in check.message


def test_the_masters_cli_ends_the_service() -> None:
    facts = facts_of(
        "bind :80",
        argv="haproxy -W -S /run/h/m.sock -f x",
        paths={1: PathResult(directory_errno=errno.ENOENT)},
    )
    (check,) = judge_paths(facts)
    assert check.message == (
        "/run/h/m.sock (master CLI (-S)): /run/h does not exist: the master would end, and the whole service with it"
    )


def test_what_was_not_looked_at_is_for_others_to_say() -> None:
    assert list(judge_paths(facts_of("bind /run/x"))) == []
