"""A certificate that the local cloud made for itself, for HTTPS on loopback.

Clients trust it by `ca-bundle.pem`, which holds it beside the authorities that this
machine trusts anyway: a bundle *replaces* a client's own list.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID = dt.timedelta(days=365)
RENEWED = dt.timedelta(days=30)
# What a user points programs elsewhere with comes before the system's own.
BUNDLE_VARIABLES = ("GIT_SSL_CAINFO", "AWS_CA_BUNDLE", "SSL_CERT_FILE")


class Certificate:
    """The server's certificate and key in its state folder, made at first use."""

    def __init__(self, state_dir: Path) -> None:
        self._certificate = state_dir / "tls.pem"
        self._key = state_dir / "tls.key"
        self.bundle = state_dir / "ca-bundle.pem"

    def context(self) -> ssl.SSLContext:
        """Return what to serve with; a certificate that ends soon is made anew."""
        if not self._is_good():
            self._make()
        trusted = _trusted_here(self.bundle)
        self.bundle.write_text(f"{trusted}\n{self._certificate.read_text()}")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        return context

    def _is_good(self) -> bool:
        if not self._certificate.exists() or not self._key.exists():
            return False
        held = x509.load_pem_x509_certificate(self._certificate.read_bytes())
        return held.not_valid_after_utc > dt.datetime.now(dt.UTC) + RENEWED

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        names = [
            x509.DNSName("localhost"),
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        ]
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + VALID)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, hashes.SHA256())
        )
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        descriptor = os.open(self._key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(private)
        self._certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _trusted_here(own: Path) -> str:
    """Return the certificates that this machine trusts without us."""
    given = [os.environ.get(name) for name in BUNDLE_VARIABLES]
    for candidate in (*given, ssl.get_default_verify_paths().cafile):
        if candidate and (file := Path(candidate)) != own and file.is_file():
            return file.read_text()
    return ""
