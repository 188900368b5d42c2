"""Time stamps of an authority outside (RFC 3161): asked for over a digest, and checked against its root certificates.
Off where ``TSA_URL`` is not set."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from django.conf import settings
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

from web import safe_http

#: Seconds for the whole call; a stamp is larger than a signature and smaller than this, in bytes.
WITHIN, MOST_BYTES = 10.0, 32 * 1024


class NoStamp(Exception):
    """There is no stamp that holds. ``code``: a code of ``web.safe_http``, ``http_<status>``, or ``odd_stamp``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def is_on() -> bool:
    """Whether an authority for time stamps is set."""
    return bool(settings.TSA_URL)


def stamp(data: bytes) -> bytes:
    """The authority's answer over ``data``: a TimeStampResp in DER that holds for the request's nonce. Only a digest
    goes out. Raises NoStamp. No transaction should be open: it may take ten seconds."""
    request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
    asked = request.cert_request(cert_request=True).build()
    return answer_to(asked.as_bytes(), digest=hashlib.sha256(data).digest(), nonce=asked.nonce)


def answer_to(request: bytes, *, digest: bytes, nonce: int | None) -> bytes:
    """The same for a request (TimeStampReq in DER) that somebody else made over a SHA-256 ``digest``."""
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        status, answer = safe_http.ask(
            settings.TSA_URL, body=request, headers=headers, rule=safe_http.OPERATOR, within=WITHIN, keep=MOST_BYTES
        )
    except (safe_http.Refused, safe_http.NoAnswer) as error:
        raise NoStamp(error.code) from None
    if status != 200:
        raise NoStamp(f"http_{status}")
    _held(answer, digest, settings.TSA_ROOT, nonce)
    return answer


def stamped_at(
    answer: bytes, data: bytes, *, roots: Sequence[x509.Certificate] | None = None, nonce: int | None = None
) -> datetime:
    """The time that the authority says, in UTC, where its answer holds over ``data`` under one of the ``roots``
    (those of ``TSA_ROOT``). Raises NoStamp."""
    return _held(answer, hashlib.sha256(data).digest(), settings.TSA_ROOT if roots is None else roots, nonce)


def is_over(answer: bytes, data: bytes) -> bool:
    """Whether an answer can be read and is over ``data``, whoever signed it: roots change, and old stamps stay."""
    try:
        imprint = decode_timestamp_response(answer).tst_info.message_imprint
        return imprint.hash_algorithm.dotted_string == _SHA256 and imprint.message == hashlib.sha256(data).digest()
    except BaseException as error:
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        return False


def _held(answer: bytes, digest: bytes, roots: Sequence[x509.Certificate], nonce: int | None) -> datetime:
    try:
        response = decode_timestamp_response(answer)
        verifier = VerifierBuilder(roots=list(roots), nonce=nonce).build()
        if response.tst_info.message_imprint.hash_algorithm.dotted_string != _SHA256:
            raise NoStamp("odd_stamp")
        verifier.verify(response, digest)
        return response.tst_info.gen_time
    except NoStamp:
        raise
    except BaseException as error:
        # Whatever the parser makes of rubbish: a panic of its own language is no Exception.
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise NoStamp("odd_stamp") from None


_SHA256 = "2.16.840.1.101.3.4.2.1"
