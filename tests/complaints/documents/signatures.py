"""Whether a PDF is signed as it should be, by the validator of pyHanko, which shares no code with the portal."""

import io
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from complaints.documents import signing

for name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


def verdict(pdf: bytes) -> str:
    """Empty for a paper that our key signed, all of it, and that nothing was added to; else what is wrong in a word."""
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        if len(reader.embedded_signatures) != 1:
            return "no signature"
        status = _judged(reader.embedded_signatures[0], _ours())
    except Exception as wrong:
        return type(wrong).__name__
    if not status.intact:
        return "changed"
    if not status.valid:
        return "bad signature"
    if not status.trusted:
        return "unknown signer"
    return "" if status.coverage.name == "ENTIRE_FILE" else "appended"


def stamped_at(pdf: bytes, root: x509.Certificate) -> datetime | None:
    """The time of the stamp in the signature, where it holds under ``root``; None without one."""
    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    context = ValidationContext(trust_roots=[asn1.Certificate.load(root.public_bytes(Encoding.DER))])
    status = _judged(signature, _ours(), ts_validation_context=context)
    stamp = status.timestamp_validity
    return stamp.timestamp if stamp is not None and stamp.intact and stamp.valid and stamp.trusted else None


def _judged(*signature: Any, **contexts: Any) -> Any:
    """In a thread of its own: pyHanko begins a loop of events, and the browser of other tests may have left one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(validate_pdf_signature, *signature, **contexts).result()


def _ours() -> ValidationContext:
    roots = [asn1.Certificate.load(one.public_bytes(Encoding.DER)) for one in signing.document_key().certificates]
    return ValidationContext(trust_roots=roots, allow_fetching=False)
