from datetime import UTC, datetime

import pytest

from hitless.reload.preflight.runtime_certificates import (
    Certificate,
    judge_certificate,
    parse_certificate_file,
    parse_certificate_names,
    parse_shown_certificate,
)
from hitless.sandbox.certificates import make_authority

SHOWN = """Filename: /etc/c.pem
Crt filename: /etc/real.pem
Status: Used
Serial: 1CC57B0BE2540FC674741640FD33D892E09536B4
notBefore: Nov 28 02:40:09 2026 GMT
notAfter: Dec 29 02:40:09 2026 GMT
SHA1 FingerPrint: 41D2C676DFA094AB269BA59F37B46A9E655E82E0
"""
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)


def test_what_haproxy_lists_and_says() -> None:
    listed = "# transaction\n*/etc/c.pem\n# filename\n/etc/c.pem\n/etc/certs/x.pem\n\n"
    assert parse_certificate_names(listed) == ("/etc/c.pem", "/etc/certs/x.pem")
    found = parse_shown_certificate(SHOWN)
    assert found == Certificate(
        "41D2C676DFA094AB269BA59F37B46A9E655E82E0",
        datetime(2026, 11, 28, 2, 40, 9, tzinfo=UTC),
        "/etc/real.pem",
    )
    assert parse_shown_certificate("Filename: /etc/c.pem\nStatus: Empty\n") is None
    without = parse_shown_certificate("SHA1 FingerPrint: AB\nnotBefore: some day\n")
    assert without == Certificate("AB")


@pytest.mark.parametrize(
    ("running", "in_file", "said"),
    [
        (Certificate("A", EARLY), Certificate("A", EARLY), ""),
        (Certificate("A", EARLY), Certificate("B", LATE), ""),
        (Certificate("A", LATE), Certificate("B", EARLY), "is not the file's"),
        (Certificate("A", EARLY), Certificate("B", EARLY), "is not the file's"),
        (Certificate("A"), Certificate("B", LATE), "is not the file's"),
        (Certificate("A", EARLY), None, "no file has it"),
    ],
)
def test_a_newer_one_in_the_file_is_why_people_reload(
    running: Certificate, in_file: Certificate | None, said: str
) -> None:
    found = judge_certificate(running, in_file)
    assert (found == "") is (said == "")
    assert said in found


def test_the_leaf_of_a_pem_file() -> None:
    pem = make_authority().issue_pem(("a.example",))
    found = parse_certificate_file(pem)
    assert found is not None
    assert len(found.fingerprint) == 40
    assert found.fingerprint == found.fingerprint.upper()
    assert found.not_before is not None
    assert parse_certificate_file(b"") is None
    assert parse_certificate_file(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----") is None
