"""An authority for time stamps on this machine, for tests: a root, a signer, and the answers of ``openssl ts``."""

import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# No chain of certificates: openssl writes one in an order that is no SET of DER, and it is refused by chance.
_SETTINGS = """
[tsa]
default_tsa = it
[it]
serial = {folder}/serial
signer_cert = {folder}/signer.pem
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name | None = None,
    signer: ec.EllipticCurvePrivateKey | None = None,
    usages: Sequence[x509.ObjectIdentifier] = (),
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    is_root, now = issuer is None, datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer or subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key((signer or key).public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(True, not is_root, False, False, False, is_root, is_root, False, False), critical=True
        )
    )
    if usages:
        built = built.add_extension(x509.ExtendedKeyUsage(list(usages)), critical=True)
    return built.sign(signer or key, hashes.SHA256())


class Authority:
    """``root`` is its certificate; ``answer`` is what its address answers to a request."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.folder, self.root = folder, _certificate("Root of a test", root_key)
        signer = _certificate("Stamps of a test", key, self.root.subject, root_key, [ExtendedKeyUsageOID.TIME_STAMPING])
        pem = serialization.Encoding.PEM
        (folder / "root.pem").write_bytes(self.root.public_bytes(pem))
        (folder / "signer.pem").write_bytes(signer.public_bytes(pem))
        (folder / "signer.key").write_bytes(
            key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        (folder / "serial").write_text("01")
        (folder / "settings").write_text(_SETTINGS.format(folder=folder))

    def answer(self, request: bytes) -> bytes:
        (self.folder / "request").write_bytes(request)
        command = ["openssl", "ts", "-reply", "-queryfile", "request", "-out", "answer", "-config", "settings"]
        subprocess.run(command, check=True, capture_output=True, cwd=self.folder)
        return (self.folder / "answer").read_bytes()
