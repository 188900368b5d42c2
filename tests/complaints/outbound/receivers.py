"""Receivers of webhooks on this machine: one that behaves, and others that do to us what they can.

They speak TLS with a certificate for receiver.example of their own making; the rule that
leads to them (``rule``) is the real one but for this machine's address and that certificate.
"""

import contextlib
import datetime as dt
import gzip
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests import PATIENCE
from tests.complaints.notices.post_office import Server, serving
from web import safe_http

NAME = "receiver.example"


@cache
def certificate() -> tuple[bytes, bytes]:
    """(certificate, key) in PEM, made once a run."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return made.public_bytes(pem), key.private_bytes(pem, form, serialization.NoEncryption())


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=certificate()[0].decode())


@dataclass
class Receiver:
    """``mode``: ok, slow (a byte at a time), silent, endless (10 GB), bomb (gzip), headers (endless), redirect."""

    status: int = 204
    mode: str = "ok"
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    asked: list[str] = field(default_factory=list)
    sent: int = 0
    port: int = 0
    on_post: Callable[[], None] = lambda: None
    at_once: int = 0
    most_at_once: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/hook?from=portal"

    def resolve(self, name: str, _port: int) -> list[str]:
        self.asked.append(name)
        return ["127.0.0.1"]

    def rule(self, **changes: Any) -> safe_http.Rule:
        values = {"ports": (self.port,), "allows": lambda a: a == ip_address("127.0.0.1")}
        return safe_http.Rule(**values | {"resolve": self.resolve, "tls": trusting} | changes)


class _Talk(socketserver.BaseRequestHandler):
    server: Any

    def handle(self) -> None:
        receiver: Receiver = self.server.receiver
        receiver.connections += 1
        with contextlib.suppress(OSError):
            sock = self.server.tls.wrap_socket(self.request, server_side=True)
            if receiver.mode == "silent":
                receiver.ended.wait(PATIENCE)
                return
            file = sock.makefile("rb")
            headers = {":request": file.readline().decode().strip()}
            while text := file.readline().decode().strip():
                name, _, value = text.partition(":")
                headers[name.lower()] = value.strip()
            receiver.posts.append((headers, file.read(int(headers.get("content-length", 0)))))
            receiver.on_post()
            receiver.at_once += 1
            receiver.most_at_once = max(receiver.most_at_once, receiver.at_once)
            self.answer(sock, receiver)
            receiver.at_once -= 1
            with contextlib.suppress(OSError):
                sock.unwrap()

    def answer(self, sock: ssl.SSLSocket, receiver: Receiver) -> None:
        if receiver.mode == "slow":
            for byte in b"HTTP/1.1 204 No Content\r\n" + b"X-Slow: 1\r\n" * 1000:
                if receiver.ended.wait(0.1):
                    return
                sock.sendall(bytes([byte]))
        elif receiver.mode == "headers":
            sock.sendall(b"HTTP/1.1 204 No Content\r\n")
            for _ in range(200_000):
                sock.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")
                receiver.sent += 1000
        elif receiver.mode == "endless":
            sock.sendall(f"HTTP/1.1 {receiver.status} OK\r\nContent-Length: 10737418240\r\n\r\n".encode())
            while not receiver.ended.is_set():
                sock.sendall(b"\0" * 65536)
                receiver.sent += 65536
        elif receiver.mode == "bomb":
            body = gzip.compress(b"\0" * 10_000_000)
            length = f"Content-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
            sock.sendall(f"HTTP/1.1 {receiver.status} OK\r\n{length}".encode() + body)
        elif receiver.mode == "redirect":
            head = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://169.254.169.254/\r\n"
            sock.sendall(head + b"Content-Length: 0\r\n\r\n")
        else:
            sock.sendall(f"HTTP/1.1 {receiver.status} Said\r\nContent-Length: 0\r\n\r\n".encode())


@contextlib.contextmanager
def listening(**told: Any) -> Iterator[Receiver]:
    made, tls = Receiver(**told), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_bytes(b"".join(certificate()))
        tls.load_cert_chain(path)
    with serving(Server(_Talk, receiver=made, tls=tls)) as made.port:
        try:
            yield made
        finally:
            made.ended.set()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as made:
        yield made
