"""What follows from a snapshot for one instance: versions, how sockets are handed over, the view of all files."""

import pytest

from hitless.subject import Subject, Transfer
from tests.audit.fixtures import read_snapshot

EXPOSING = "global\n    stats socket /s level admin expose-fd listeners\n"
PLAIN = "global\n    stats socket /s level admin\n"


def _subject(text: str) -> Subject:
    snapshot = read_snapshot(text)
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def _cfg(cfg: str, version: str = "2.8.25", mode: str = "master-worker") -> Subject:
    return _subject(f"```cfg\n{cfg}```\n```version {version}\n```\n```mode {mode}\n```\n")


@pytest.mark.parametrize(
    ("version", "mode", "cfg", "transfer"),
    [
        ("2.8.25", "master-worker", PLAIN, Transfer.AUTOMATIC),
        ("2.6.0", "master-worker", PLAIN, Transfer.AUTOMATIC),
        ("2.5.14", "master-worker", PLAIN, Transfer.NONE),
        ("2.4.22", "master-worker", EXPOSING, Transfer.STATS_SOCKET),
        ("3.2.26", "classic", PLAIN, Transfer.NONE),
        ("3.2.26", "classic", EXPOSING, Transfer.STATS_SOCKET),
        ("3.2.26", "unknown", EXPOSING, Transfer.UNKNOWN),
    ],
)
def test_how_sockets_are_handed_over(version: str, mode: str, cfg: str, transfer: str) -> None:
    assert _cfg(cfg, version, mode).transfer == transfer


@pytest.mark.parametrize(("cfg", "transfer"), [(PLAIN, Transfer.UNKNOWN), (EXPOSING, Transfer.STATS_SOCKET)])
def test_a_master_of_no_known_version(cfg: str, transfer: str) -> None:
    subject = _subject(f'```cfg\n{cfg}```\n```json instance\n{{"binary": null}}\n```\n')
    assert subject.version is None
    assert subject.transfer == transfer


@pytest.mark.parametrize(
    ("version", "first", "last", "inside"),
    [
        ("2.6.12", (2, 6), (99,), True),
        ("2.5.0", (2, 6), (99,), False),
        ("2.6.12", (2, 4), (2, 6), True),
        ("2.6.12", (2, 4), (2, 6, 11), False),
        ("2.6.12", (2, 6, 12), (2, 6, 12), True),
        ("3.0.0", (2,), (2,), False),
        ("3.5-dev5", (3, 5), (99,), True),
    ],
)
def test_versions(version: str, first: tuple[int, ...], last: tuple[int, ...], *, inside: bool) -> None:
    assert _cfg("global\n", version).version_in(first, last) is inside


def test_an_unknown_version_is_in_no_range() -> None:
    subject = _subject('```cfg\nglobal\n```\n```json instance\n{"binary": null}\n```\n')
    assert not subject.version_in((0,))


def test_a_version_that_the_user_says() -> None:
    subject = _subject(
        '```cfg\nglobal\n```\n```json instance\n{"binary": null, "assumed_version": [2, 4, 22]}\n```\n'
    )
    assert subject.version_in((2, 4), (2, 4))
    assert subject.version_text == "2.4.22"


def test_a_branch_is_its_latest_version() -> None:
    subject = _subject(
        '```cfg\nglobal\n```\n```json instance\n{"binary": null, "assumed_version": [2, 8, 9999]}\n```\n'
    )
    assert subject.version_text == "2.8"
    assert subject.version_in((2, 8), (2, 8))
    assert not subject.version_in((2, 8), (2, 8, 0))


@pytest.mark.parametrize(
    ("version", "text"), [("[2, 4, 22]", "2.4.22"), ("[2, 8, 9999]", "2.8"), ("null", "")]
)
def test_the_version_as_it_was_said(version: str, text: str) -> None:
    instance = f'{{"binary": null, "assumed_version": {version}}}'
    assert _subject(f"```cfg\nglobal\n```\n```json instance\n{instance}\n```\n").version_text == text


def test_files_in_their_order() -> None:
    subject = _subject("```cfg /a\nglobal\n    nbthread 1\n```\n```cfg /b\nglobal\n    nbthread 2\n```\n")
    assert [d.where for d in subject.in_global("nbthread")] == ["/a:2", "/b:2"]
    assert [file.filename for file, _ in subject.sections("global")] == ["/a", "/b"]


def test_a_file_that_could_not_be_read_is_left_out() -> None:
    subject = _subject(
        '```json instance\n{"configuration": [{"path": "/a", "text": "", "sha256": "", "problem": "EACCES"}]}\n```\n'
    )
    assert subject.files == ()
    assert subject.model.proxies == ()


def test_bytes_that_are_no_text_survive() -> None:
    subject = _subject(
        '```json instance\n{"configuration": [{"path": "/a", "text": "# \\u00e9\\nglobal\\n", "sha256": ""}]}\n```\n'
    )
    assert subject.files[0].to_bytes() == "# é\nglobal\n".encode()


def test_the_local_peer_is_the_name_of_the_host_or_what_the_command_line_says() -> None:
    cfg = '```cfg\npeers p\n    bind :1024\n    server "$HAPROXY_LOCALPEER"\n```\n'
    host = '```json host\n{"host_name": "lb1"}\n```\n'
    assert _subject(cfg + host).model.files
    assert _subject(cfg + host + "```argv\nhaproxy -W -L lb2 -f /x\n```\n").arguments.local_peer == "lb2"


def test_nothing_is_known() -> None:
    subject = _subject('```json instance\n{"binary": null, "mode": "unknown"}\n```\n')
    assert subject.processes == ()
    assert subject.unit is None
    assert subject.host is None
    assert subject.arguments.files == ()
    assert subject.frontends == ()
    assert not subject.master_worker
