"""Whether a PDF is signed as it should be, by the validator of pyHanko, which shares no code with the portal."""

import io
import logging

from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from complaints.documents import signing

for name in ("pyhanko", "pyhanko_certvalidator"):
    logging.getLogger(name).setLevel(logging.CRITICAL)


def verdict(pdf: bytes) -> str:
    """ "" for one that our key signed, all of it, and that nothing was added to; else what is wrong in one word."""
    roots = [asn1.Certificate.load(one.public_bytes(Encoding.DER)) for one in signing.document_key().certificates]
    try:
        reader = PdfFileReader(io.BytesIO(pdf))
        if len(reader.embedded_signatures) != 1:
            return "no signature"
        signature = reader.embedded_signatures[0]
        context = ValidationContext(trust_roots=roots, allow_fetching=False)
        status = validate_pdf_signature(signature, context)
    except Exception as wrong:
        return type(wrong).__name__
    if not status.intact:
        return "changed"
    if not status.valid:
        return "bad signature"
    if not status.trusted:
        return "unknown signer"
    if status.coverage.name != "ENTIRE_FILE":
        return "appended"
    return "" if status.bottom_line else "refused"
