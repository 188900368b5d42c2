"""Files in an S3-compatible bucket, signed with version 4. For EVIDENCE_STORAGE=s3. A file is written once, so there is
no rename. The usual library wants python-dateutil below 3, which our pins do not allow."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import IO, Any
from urllib.parse import quote, urlsplit

from django.core.files import File
from django.core.files.storage import Storage
from django.utils import timezone

#: Seconds to reach the bucket, and for each answer of it. A file is sent again once, so one host of a bucket that goes
#: dark costs whoever waits less than ten.
REACHED_WITHIN, ANSWERS_WITHIN = 2, 5
_CHUNK = 1024 * 1024
_EMPTY = hashlib.sha256(b"").hexdigest()
#: Larger files go through the disk on their way out.
_IN_MEMORY = 2 * 1024 * 1024
_LISTED = re.compile(r"<Key>([^<]*)</Key>\s*<LastModified>([^<]*)</LastModified>")


@dataclass(frozen=True, slots=True)
class Keys:
    """Who we are to the bucket."""

    name: str
    secret: str = field(repr=False)
    region: str = "us-east-1"


class BucketAway(OSError):
    """No answer, or one that makes no sense; the status is the text. Never the words of the other side."""


def signed(
    method: str, path: str, headers: Mapping[str, str], *, payload: str, keys: Keys, at: datetime, query: str = ""
) -> dict[str, str]:
    """The headers with their signature (AWS Signature Version 4). ``headers`` names the host; ``payload`` is the
    SHA-256 of the body in hexadecimal; ``query`` is encoded and in the order of its names."""
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    whole = {**headers, "x-amz-content-sha256": payload, "x-amz-date": moment}
    names = sorted(whole, key=str.lower)
    listed = ";".join(name.lower() for name in names)
    lines = "".join(f"{name.lower()}:{whole[name].strip()}\n" for name in names)
    asked = f"{method}\n{path}\n{query}\n{lines}\n{listed}\n{payload}"
    scope = f"{moment[:8]}/{keys.region}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = f"AWS4{keys.secret}".encode()
    for part in (moment[:8], keys.region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    text = f"AWS4-HMAC-SHA256 Credential={keys.name}/{scope},SignedHeaders={listed},Signature={signature}"
    return {**whole, "Authorization": text}


class Bucket(Storage):
    """``endpoint``: https://host[:port] (http only on this machine); names are below ``bucket``."""

    def __init__(self, *, endpoint: str, bucket: str, keys: Keys) -> None:
        parts = urlsplit(endpoint)
        self.is_safe, self.host = parts.scheme == "https", parts.netloc
        self.bucket, self.keys = bucket, keys

    def _open(self, name: str, mode: str = "rb") -> File[Any]:
        with self._asked("GET", name) as answer:
            if answer.status == 404:
                raise FileNotFoundError(name)
            self._must(answer, 200)
            file: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
        file.seek(0)
        return File(file, name)

    def _save(self, name: str, content: File[Any]) -> str:
        content.seek(0)
        digest, size = hashlib.sha256(), 0
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
        content.seek(0)
        with self._asked("PUT", name, body=content, size=size, payload=digest.hexdigest()) as answer:
            self._must(answer, 200)
        return name

    def delete(self, name: str) -> None:
        with self._asked("DELETE", name) as answer:
            self._must(answer, 200, 204, 404)

    def exists(self, name: str) -> bool:
        with self._asked("HEAD", name) as answer:
            self._must(answer, 200, 404)
            return answer.status == 200

    def listed(self, beginning: str) -> Iterator[tuple[str, datetime]]:
        """Each file whose name begins so, and when it was written; in the order of names."""
        after = ""
        while True:
            asked = {"list-type": "2", "prefix": beginning, **({"start-after": after} if after else {})}
            query = "&".join(f"{name}={quote(value, safe='-_.~')}" for name, value in sorted(asked.items()))
            with self._asked("GET", "", query=query) as answer:
                self._must(answer, 200)
                text = answer.read().decode()
            found = [(unescape(name), datetime.fromisoformat(at)) for name, at in _LISTED.findall(text)]
            yield from found
            if "<IsTruncated>true</IsTruncated>" not in text or not found:
                return
            after = found[-1][0]

    def _asked(
        self, method: str, name: str, *, body: Any = None, size: int = 0, payload: str = _EMPTY, query: str = ""
    ) -> http.client.HTTPResponse:
        """Close the answer and its line goes too. What gets no answer, or one that the bucket is at fault for, is asked
        once more: another host of it may take it, and the same file sent twice is one."""
        try:
            answer = self._asked_once(method, name, body, size, payload, query)
        except BucketAway:
            answer = None
        if answer is not None and answer.status < 500:
            return answer
        if answer is not None:
            answer.close()
        if body is not None:
            body.seek(0)
        return self._asked_once(method, name, body, size, payload, query)

    def _asked_once(
        self, method: str, name: str, body: Any, size: int, payload: str, query: str
    ) -> http.client.HTTPResponse:
        path = quote(f"/{self.bucket}/{name}", safe="/-_.~")
        how: Any = {"payload": payload, "keys": self.keys, "at": timezone.now(), "query": query}  # noqa: TID251
        headers = signed(method, path, {"host": self.host}, **how)
        kind = http.client.HTTPSConnection if self.is_safe else http.client.HTTPConnection
        line = kind(self.host, timeout=REACHED_WITHIN)
        try:
            line.connect()
            line.sock.settimeout(ANSWERS_WITHIN)
            address = f"{path}?{query}" if query else path
            line.request(method, address, body, {**headers, "Content-Length": str(size), "Connection": "close"})
            return line.getresponse()
        except (OSError, http.client.HTTPException) as error:
            line.close()
            raise BucketAway(type(error).__name__) from None

    @staticmethod
    def _must(answer: http.client.HTTPResponse, *wanted: int) -> None:
        if answer.status not in wanted:
            raise BucketAway(str(answer.status))
