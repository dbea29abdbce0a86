"""Real certificates for the sandbox: one private authority, and what it signs.

RSA keys of 2048 bits, since configurations that limit TLS to RSA cipher suites are common and the reverse is
rare; one key for all, since making one takes a tenth of a second. Import this module where a certificate is
made, not before: `cryptography` is slow to import.
"""

import base64
import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "key_pem", "load_authority", "make_authority", "make_dh_parameters"]

_VALID = dt.timedelta(days=30)
_CLOCK_SKEW = dt.timedelta(days=1)
_NAME_LIMIT_CHARACTERS = 253


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority that exists for one run."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    leaf_key: rsa.RSAPrivateKey

    def certificate_pem(self) -> bytes:
        """Return the authority's own certificate, for a `ca-file`."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue_pem(self, names: Iterable[str]) -> bytes:
        """Return certificate and key in one PEM, for a server or a client with these names and addresses.

        Names that no certificate can hold are left out.
        """
        certificate = _sign(
            self.leaf_key, self.key, "hitless stand-in", self.certificate.subject, tuple(names)
        )
        return certificate.public_bytes(serialization.Encoding.PEM) + key_pem(self.leaf_key)

    def revocation_list_pem(self) -> bytes:
        """Return an empty list of revoked certificates, for a `crl-file`."""
        now = dt.datetime.now(dt.UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - _CLOCK_SKEW).next_update(now + _VALID)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def load_authority(certificate_pem: bytes, key_pem: bytes, leaf_key_pem: bytes) -> Authority:
    """Return an authority that was made earlier in the same run.

    Raises: ValueError if the files are not what `Authority` wrote.
    """
    certificate = x509.load_pem_x509_certificate(certificate_pem)
    return Authority(_load_key(key_pem), certificate, _load_key(leaf_key_pem))


def _load_key(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")  # noqa: TRY004 - the content is wrong, not the argument
    return key


def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    """Return a private key in PEM, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def make_authority() -> Authority:
    """Make a new authority; takes about a fifth of a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    leaf_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = "hitless private authority"
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return Authority(key, _sign(key, key, name, issuer, names=None), leaf_key)


def _sign(
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
    common_name: str,
    issuer: x509.Name,
    names: tuple[str, ...] | None,
) -> x509.Certificate:
    """Return a signed certificate: an authority's if `names` is None, else one for these names."""
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )
    if names is not None:
        builder = builder.add_extension(x509.SubjectAlternativeName(_general_names(names)), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _general_names(names: tuple[str, ...]) -> list[x509.GeneralName]:

    found: list[x509.GeneralName] = []
    for name in dict.fromkeys((*names, "localhost")):
        try:
            found.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            if name and name.isascii() and " " not in name and len(name) <= _NAME_LIMIT_CHARACTERS:
                found.append(x509.DNSName(name))
    return found


def make_dh_parameters() -> bytes:
    """Return Diffie-Hellman parameters in PEM (PKCS #3): the group ffdhe2048.

    Source: RFC 7919 appendix A.1.
    """
    prime = b"\x02\x82\x01\x01\x00" + _FFDHE2048
    generator = b"\x02\x01\x02"
    body = b"\x30\x82" + len(prime + generator).to_bytes(2, "big") + prime + generator
    text = base64.encodebytes(body).decode()
    return f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n".encode()


_FFDHE2048 = bytes.fromhex(
    "FFFFFFFFFFFFFFFFADF85458A2BB4A9AAFDC5620273D3CF1D8B9C583CE2D3695A9E13641146433FBCC939DCE249B3EF9"
    "7D2FE363630C75D8F681B202AEC4617AD3DF1ED5D5FD65612433F51F5F066ED0856365553DED1AF3B557135E7F57C935"
    "984F0C70E0E68B77E2A689DAF3EFE8721DF158A136ADE73530ACCA4F483A797ABC0AB182B324FB61D108A94BB2C8E3FB"
    "B96ADAB760D7F4681D4F42A3DE394DF4AE56EDE76372BB190B07A7C8EE0A6D709E02FCE1CDF7E2ECC03404CD28342F61"
    "9172FE9CE98583FF8E4F1232EEF28183C3FE3B1B4C6FAD733BB5FCBC2EC22005C58EF1837D1683B2C6F34A26C1B2EFFA"
    "886B423861285C97FFFFFFFFFFFFFFFF"
)
