"""A server whose certificate is of another authority, has run out or is of another name is not spoken to, and whoever
starts the portal is told so in one sentence without the password."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.db.utils import ConnectionHandler
from kombu import Connection
from kombu.exceptions import OperationalError

from odr_portal import checks
from odr_portal.processes import running
from odr_portal.ticks import broker_tls
from web import servers

NOW = datetime.now(UTC)
PEM = serialization.Encoding.PEM


class Authority:
    """Signs certificates; ``file`` holds its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), _named(name)
        own = _certificate(self.name, self.name, self.key, self.key, until=NOW + timedelta(days=9), is_authority=True)
        self.folder, self.file = folder, folder / f"{name}.pem"
        self.file.write_bytes(own.public_bytes(PEM))

    def serves(self, name: str, *, until: datetime) -> ssl.SSLContext:
        """What a server of this name shows."""
        key = ec.generate_private_key(ec.SECP256R1())
        shown = _certificate(_named(name), self.name, key, self.key, until=until, of=name)
        file = self.folder / "server.pem"
        secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file.write_bytes(secret + shown.public_bytes(PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: Any,
    by: Any,
    *,
    until: datetime,
    of: str = "",
    is_authority: bool = False,
) -> x509.Certificate:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(NOW - timedelta(days=9))
    made = made.not_valid_after(until).add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    if of:
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(of)]), critical=False)
    return made.sign(by, hashes.SHA256())


@contextlib.contextmanager
def server(context: ssl.SSLContext, *, is_database: bool) -> Iterator[int]:
    """Its port. A database is asked for TLS in its own words first."""
    door = socket.create_server(("127.0.0.1", 0))

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _address = door.accept()
                with contextlib.suppress(OSError), line:
                    if is_database:
                        line.recv(8)
                        line.sendall(b"S")
                    context.wrap_socket(line, server_side=True)

    threading.Thread(target=answer, daemon=True).start()
    yield door.getsockname()[1]
    door.close()


SHOWN = {"another authority": ("localhost", 9), "run out": ("localhost", -1), "another name": ("db.example.org", 9)}


@pytest.mark.django_db
@pytest.mark.parametrize("what", SHOWN)
def test_a_bad_certificate_is_told_in_one_sentence_at_the_start_and_by_check(
    what: str, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = Authority(tmp_path, "own"), Authority(tmp_path, "other")
    name, days = SHOWN[what]
    signer = other if what == "another authority" else own
    context = signer.serves(name, until=NOW + timedelta(days=days))
    word = 'server certificate for "db.example.org"' if what == "another name" else "certificate verify failed"
    with server(context, is_database=True) as port:
        url = f"postgresql://web:geheim@localhost:{port}/portal?sslmode=verify-full&sslrootcert={own.file}"
        with pytest.raises(SystemExit, match=word) as refused:
            running.check_database("DATABASE_URL", url)
        assert "geheim" not in str(refused.value)
        settings.COMMAND = "check"
        there = servers.database("DATABASE_URL", url)
        there |= {"ENGINE": "database.backend", "OPTIONS": {**there["OPTIONS"], "connect_timeout": 5}}
        monkeypatch.setattr(checks, "connections", ConnectionHandler({"default": there}))
        (told,) = checks.the_database_user_is_under_row_security(None, databases=["default"])
        assert (told.id, word in told.msg, "geheim" in told.msg) == ("odr_portal.E007", True, False)
    with server(context, is_database=False) as port:
        url = f"rediss://:geheim@localhost:{port}/0?ssl_ca_certs={own.file}"
        with (
            Connection(url, ssl=broker_tls(url)) as line,
            pytest.raises(OperationalError, match="CERTIFICATE_VERIFY_FAILED") as unheard,
        ):
            line.ensure_connection(max_retries=1, timeout=5)
        assert "geheim" not in str(unheard.value)


def test_a_certificate_that_is_right_is_spoken_to(tmp_path: Path) -> None:
    """What is refused above is the certificate, and no other fault of this server."""
    own = Authority(tmp_path, "own")
    with server(own.serves("localhost", until=NOW + timedelta(days=9)), is_database=True) as port:
        url = f"postgresql://web@localhost:{port}/portal?sslmode=verify-full&sslrootcert={own.file}"
        with pytest.raises(SystemExit) as refused:
            running.check_database("DATABASE_URL", url)
        assert "certificate" not in str(refused.value)
