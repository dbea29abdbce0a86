"""The examples are what their first lines say, to the real HAProxy. (`hitless prove` shows what they do to clients.)"""

from pathlib import Path

import pytest

from hitless.control import Level, check_configuration, find_haproxy

pytestmark = pytest.mark.system

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
CERTIFICATE = "/etc/haproxy/certs/shop.example.com.pem"
NAME_THAT_DOES_NOT_RESOLVE = "could not resolve address 'api.internal.example.com'"


def write_certificate(path: Path) -> None:
    """What `hitless prove` would put in its place."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    valid = builder.not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    certificate = valid.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + key.private_bytes(pem, *plain))


@pytest.mark.parametrize("name", ["haproxy.cfg", "keepalive-default.cfg"])
def test_an_example_is_accepted_without_a_warning(haproxy_path: str, tmp_path: Path, name: str) -> None:
    write_certificate(tmp_path / "shop.pem")
    text = (EXAMPLES / name).read_text()
    # Users and groups are stand-ins of the proof, too.
    text = text.replace(CERTIFICATE, str(tmp_path / "shop.pem"))
    text = text.replace("    user haproxy\n", "").replace("    group haproxy\n", "")
    (tmp_path / name).write_text(text)
    result = check_configuration(find_haproxy(haproxy_path), [str(tmp_path / name)], flags=["-W"])
    assert result.ok, result.raw
    assert [m.text for m in result.warnings if NAME_THAT_DOES_NOT_RESOLVE not in m.text] == []


def test_the_example_that_circulates_is_refused(haproxy_path: str) -> None:
    path = EXAMPLES / "circulating.cfg"
    result = check_configuration(find_haproxy(haproxy_path), [str(path)], flags=["-W"])
    assert not result.ok
    (alert,) = result.alerts
    assert alert.level is Level.ALERT
    assert path.read_text().splitlines()[alert.line - 1].split() == ["expose-fd", "listeners"]
    assert "unknown keyword 'expose-fd' in 'global' section" in alert.text
