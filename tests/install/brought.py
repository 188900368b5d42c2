"""What an administrator brings (docs/install.md): a name with a certificate, and somebody who sends text messages."""

import base64
import datetime as dt
import http.server
import json
import re
import secrets
import ssl
import threading
import time
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PORTAL, SMS = "portal.example.org", "sms.example.org"
GATEWAY_PORT = 8443


def certificates(folder: Path) -> Path:
    """Writes fullchain.pem and privkey.pem for both names; the certificate of the authority that signed them."""
    now = dt.datetime.now(dt.UTC)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority of an installation that is tried")])

    def made(subject: x509.Name, public: Any, **extensions: Any) -> x509.Certificate:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(hours=1))
        builder = builder.not_valid_after(now + dt.timedelta(days=3))
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        known = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
        builder = builder.add_extension(known, critical=False)
        for extension, critical in extensions.values():
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(authority_key, hashes.SHA256())

    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    ) | {"decipher_only": False}
    signs = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage)
    serves = x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage)
    authority = made(
        issuer,
        authority_key.public_key(),
        basic=(x509.BasicConstraints(ca=True, path_length=0), True),
        usage=(signs, True),
    )
    server = made(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, PORTAL)]),
        key.public_key(),
        basic=(x509.BasicConstraints(ca=False, path_length=None), True),
        usage=(serves, True),
        purpose=(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        names=(x509.SubjectAlternativeName([x509.DNSName(PORTAL), x509.DNSName(SMS)]), False),
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "fullchain.pem").write_bytes(server.public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    result = folder / "authority.crt"
    result.write_bytes(authority.public_bytes(pem))
    return result


class Gateway:
    """Takes text messages as docs/operations.md says, and hands the newest code to whoever waits for it."""

    def __init__(self, folder: Path) -> None:
        self.key = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
        (folder / "sms-gateway.key").write_text(f"{self.key}\n")
        self.sent: list[tuple[str, str]] = []
        gateway = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]
                gateway.sent.append((data["to"], data["text"]))
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", GATEWAY_PORT), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def code(self, phone: str, *, seconds: float = 60) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for to, text in reversed(self.sent):
                found = re.search(r"\d{6}", text.replace("12315", ""))
                if to.endswith(phone) and found:
                    return found[0]
            time.sleep(0.1)
        raise SystemExit(f"no code came to {phone} within {seconds:.0f} s")
