import ssl
from pathlib import Path

import pytest

from hitless.sandbox.certificates import Authority, make_authority, make_dh_parameters


@pytest.fixture(scope="module")
def authority() -> Authority:
    return make_authority()


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> "ssl.SSLObject":
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = server.wrap_bio(to_server, to_client, server_side=True)
    theirs = client.wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for side in (theirs, ours):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ours


def test_clients_and_servers_verify_each_other(authority: Authority, tmp_path: Path) -> None:
    for name, pem in (("server", authority.issue_pem(["www.example.org", "10.0.0.7", "*.api.example.org"])),
                      ("client", authority.issue_pem(["client.invalid"]))):  # fmt: skip
        (tmp_path / name).write_bytes(pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "server")
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_verify_locations(cadata=authority.certificate_pem().decode())
    client = ssl.create_default_context(cadata=authority.certificate_pem().decode())
    client.load_cert_chain(tmp_path / "client")
    for name in ("www.example.org", "10.0.0.7", "x.api.example.org"):
        peer = _handshake(server, client, name).getpeercert()
        assert peer is not None
        assert ("DNS", "client.invalid") in peer["subjectAltName"]
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(server, client, "other.example.org")


def test_names_that_no_certificate_can_hold_are_left_out(authority: Authority) -> None:
    assert b"BEGIN CERTIFICATE" in authority.issue_pem(["", "bad name", "zoë.example", "x" * 300])


def test_the_revocation_list_is_the_authoritys(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "crl").write_bytes(authority.revocation_list_pem())
    context = ssl.create_default_context(cadata=authority.certificate_pem().decode())
    context.load_verify_locations(tmp_path / "crl")
    assert context.cert_store_stats()["crl"] == 1


def test_openssl_accepts_the_dh_parameters(tmp_path: Path) -> None:
    (tmp_path / "dh").write_bytes(make_dh_parameters())
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_dh_params(str(tmp_path / "dh"))
