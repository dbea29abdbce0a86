"""Names out of certificates, for binds that answer nobody else."""

from pathlib import Path

import pytest

from hitless.prove.certificate_names import names_for_strict_binds
from hitless.sandbox.certificates import make_authority
from tests.config.samples import model_of


@pytest.fixture(scope="module")
def pem() -> bytes:
    return make_authority().issue_pem(("shop.example.com", "*.example.org", "192.0.2.1"))


def names(text: str) -> tuple[str, ...]:
    model = model_of(f"frontend www\n mode http\n bind :443 {text}\n")
    return names_for_strict_binds(model.frontends[0], model)


def test_a_strict_bind_is_asked_for_names_that_its_certificates_have(tmp_path: Path, pem: bytes) -> None:
    (tmp_path / "a.pem").write_bytes(pem)
    expected = ("shop.example.com", "www.example.org", "localhost")
    (tmp_path / "list.txt").write_text(f"# comment\n{tmp_path}/a.pem [alpn h2] shop.example.com\n\n")
    assert names(f"ssl crt {tmp_path}/a.pem strict-sni") == expected
    assert names(f"ssl crt {tmp_path}/ strict-sni") == expected
    assert names(f"ssl crt-list {tmp_path}/list.txt strict-sni") == expected
    assert names(f"ssl crt {tmp_path}/a.pem") == ()


def test_what_is_no_certificate_has_no_names(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(b"\x00 no PEM")
    assert names(f"ssl crt {tmp_path}/key.pem strict-sni") == ()
    assert names(f"ssl crt {tmp_path}/lacking.pem strict-sni") == ()
