"""The document key: it signs what leaves the portal as a file. An Ed25519 key signs the manifest of a dossier; a key
with an X.509 certificate signs PDFs (PAdES, ETSI EN 319 142-1), so that any reader of PDFs shows by whom and whether
anything was changed. Both, and the certificate, stand in one PEM file, which worker and watch can read and nobody else.
"""

import datetime as dates
import io
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID
from django.conf import settings

from complaints.record import stamps
from complaints.record.notes import raw_key
from web.environment import open_to_others

log = logging.getLogger(__name__)

#: A certificate of our own making; one that a certification authority gave has its own term.
VALID_FOR = timedelta(days=3653)
_PRIVATE = "PRIVATE KEY-----"


class NoDocumentKey(Exception):
    """This process has no document key, or the file is not one; the message says what to do."""


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """``manifest`` signs lists, ``pdf`` signs papers under ``certificates``, the first of which is its own."""

    manifest: Ed25519PrivateKey
    pdf: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    certificates: tuple[x509.Certificate, ...]

    @property
    def public(self) -> str:
        """The public half of ``manifest``: 32 bytes in hexadecimal."""
        return raw_key(self.manifest).hex()


def parse(text: str) -> DocumentKey:
    """Raises NoDocumentKey: two keys and a certificate, in any order, are needed."""
    blocks = [f"-----BEGIN {block}" for block in text.split("-----BEGIN ")[1:]]
    try:
        keys = [load_pem_private_key(block.encode(), password=None) for block in blocks if _PRIVATE in block]
        certificates = x509.load_pem_x509_certificates("".join(b for b in blocks if _PRIVATE not in b).encode())
    except (ValueError, TypeError):
        keys, certificates = [], []
    manifest = next((key for key in keys if isinstance(key, Ed25519PrivateKey)), None)
    pdf = next((key for key in keys if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)), None)
    own = [one for one in certificates if pdf is not None and one.public_key() == pdf.public_key()]
    if manifest is None or pdf is None or not own:
        raise NoDocumentKey(
            "DOCUMENT_KEY_FILE needs an Ed25519 key, an EC or RSA key, and the certificate of the latter: "
            "`manage.py make_document_key FILE` makes all three"
        )
    return DocumentKey(manifest, pdf, (own[0], *(one for one in certificates if one != own[0])))


def document_key() -> DocumentKey:
    """The key of this process. Raises NoDocumentKey."""
    if not settings.DOCUMENT_KEY_FILE:
        raise NoDocumentKey("DOCUMENT_KEY_FILE is not set: papers cannot be signed, so none is made")
    file = Path(settings.DOCUMENT_KEY_FILE)
    try:
        if wrong := open_to_others(file):
            raise NoDocumentKey(f"DOCUMENT_KEY_FILE: {wrong}")
        return _read(file, file.stat().st_mtime_ns)
    except OSError as wrong:
        raise NoDocumentKey(f"DOCUMENT_KEY_FILE: {wrong.strerror}") from None


@cache
def _read(file: Path, _changed: int) -> DocumentKey:
    # One that is no text is told like any other that is no key file.
    return parse(file.read_text(encoding="utf-8", errors="replace"))


def fresh(name: str, *, now: datetime) -> str:
    """The text of a new key file. ``name`` is what readers of PDFs show as the signer; the certificate is signed by
    itself, so they add that they do not know him."""
    manifest, pdf = Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = dict.fromkeys(("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign"), False)
    usage |= {"crl_sign": False, "encipher_only": False, "decipher_only": False}
    certificate = (
        x509.CertificateBuilder(subject, subject, pdf.public_key(), x509.random_serial_number())
        .not_valid_before(now.astimezone(dates.UTC) - timedelta(minutes=5))
        .not_valid_after(now.astimezone(dates.UTC) + VALID_FOR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(pdf.public_key()), critical=False)
        .sign(pdf, hashes.SHA256())
    )
    pem = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) for key in (manifest, pdf)]
    return b"".join([*pem, certificate.public_bytes(Encoding.PEM)]).decode()


def sign_pdf(content: bytes) -> bytes:
    """The same paper with a PAdES signature over all of it that forbids every later change (ISO 32000-2, 12.8.2.2,
    DocMDP 1); with a time stamp (B-T) where an authority for them is set and answers. Raises NoDocumentKey. No
    transaction should be open: the authority may take ten seconds."""
    key = document_key()
    if stamps.is_on():
        try:
            return _signed(content, key, _stamper(settings.TSA_URL))
        except stamps.NoStamp as problem:
            log.warning("a paper has no time stamp: %s", problem.code)
    return _signed(content, key, None)


@cache
def _stamper(_url: str) -> Any:
    """Kept, since it asks once how long an answer is."""
    from asn1crypto import tsp
    from pyhanko.sign.timestamps import TimeStamper

    class Stamper(TimeStamper):
        async def async_request_tsa_response(self, req: Any) -> Any:
            digest, nonce = req["message_imprint"]["hashed_message"].native, req["nonce"].native
            return tsp.TimeStampResp.load(stamps.answer_to(req.dump(), digest=digest, nonce=nonce))

    return Stamper()  # type: ignore[no-untyped-call]


def _signed(content: bytes, key: DocumentKey, stamper: Any) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter

    described = signers.PdfSignatureMetadata(
        field_name="Portal",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
    )
    out = io.BytesIO()
    signer = signers.PdfSigner(described, signer=_signer(key), timestamper=stamper)
    # How long a signature gets is known without a stamp; else it is tried, which doubles the work.
    room = None if stamper is not None else _room(key)
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    # pyHanko begins a loop of events, and a thread has but one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(signer.sign_pdf, writer, output=out, bytes_reserved=room).result()
    return out.getvalue()


def _room(key: DocumentKey) -> int:
    """Hexadecimal digits that hold the signature with its certificates, with room to spare."""
    return 2 * (2048 + sum(len(one.public_bytes(Encoding.DER)) for one in key.certificates))


@cache
def _signer(key: DocumentKey) -> Any:
    from asn1crypto import keys
    from asn1crypto import x509 as asn1
    from pyhanko.sign import signers
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    known: Any = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    own, *others = (asn1.Certificate.load(one.public_bytes(Encoding.DER)) for one in key.certificates)
    known.register_multiple(others)
    private = key.pdf.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return signers.SimpleSigner(signing_cert=own, signing_key=keys.PrivateKeyInfo.load(private), cert_registry=known)
