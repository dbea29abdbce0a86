"""Addresses and marks."""

import pytest

from hitless.findings import Place
from hitless.report.audit.sarif_places import address, fingerprints, location_of
from tests.report.audit.synthetic import finding


@pytest.mark.parametrize(
    ("path", "directory", "expected"),
    [
        ("/repo/a b/%25ü.cfg", "/repo", "a%20b/%2525%C3%BC.cfg"),
        ("/etc/haproxy.cfg", "/repo", "file:///etc/haproxy.cfg"),
        ("./conf/x.cfg", "/repo", "conf/x.cfg"),
        ("../x.cfg", "/repo/sub", "file:///repo/x.cfg"),
        ("/repository/x", "/repo", "file:///repository/x"),
        ("a:b.cfg", "/repo", "a%3Ab.cfg"),
        ("/x\udcff", "", "file:///x%FF"),
        ("x.cfg", "", "x.cfg"),
        ("/x", "/", "x"),
    ],
)
def test_addresses(path: str, directory: str, expected: str) -> None:
    assert address(path, directory) == expected


def at(line: int, text: str = "bind :80") -> Place:
    return Place(file="/x.cfg", line=line, text=text)


def test_a_mark_stays_when_the_line_moves_or_is_indented() -> None:
    before = fingerprints([finding(place=at(3)), finding(place=at(9, "bind :81"))], "")
    after = fingerprints([finding(place=at(7, "   bind  :80")), finding(place=at(12, "bind :81"))], "")
    assert before == after


def test_equal_lines_have_marks_of_their_own() -> None:
    assert len(set(fingerprints([finding(place=at(3)), finding(place=at(4))], ""))) == 2


def test_pids_do_not_change_a_mark() -> None:
    one, other = (finding(place=Place(file=f"process {pid}")) for pid in (12, 3456))
    assert fingerprints([one], "") == fingerprints([other], "")


def test_rules_and_files_do() -> None:
    marks = [
        fingerprints([f], "")[0] for f in (finding(place=at(1)), finding("HL203", place=at(1)), finding())
    ]
    assert len(set(marks)) == 3


def test_a_finding_without_a_file_has_a_name() -> None:
    assert location_of(finding(place=None, instance=""), "")["logicalLocations"][0]["name"] == "host"
    assert "physicalLocation" in location_of(finding(place=Place(file="/run/x.sock")), "")
