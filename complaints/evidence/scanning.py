"""Has files searched for malware by clamd. The row is the queue. What the scanner objects to is held back, which the
record says (complaints/handling/scanned_files.py)."""

import logging
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO

from django.conf import settings
from django.db import transaction
from django.db.models import F

from accounts.keys import row_tags
from complaints.evidence.handing_out import HELD
from complaints.evidence.storing import CHUNK, storage
from complaints.models.evidence import Evidence, EvidenceState

log = logging.getLogger(__name__)

BATCH = 20
#: Longer than one file may take and below the limit of a task.
LEASE = timedelta(seconds=60)
SECONDS = 15
#: Of silence, for each answer of the scanner.
PATIENCE = 10
#: Minutes after the first, second, … failed try.
TRY_AGAIN_AFTER = (1, 5, 15)


class ScannerAway(Exception):
    """No answer, or none that can be read: later again."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """``finding`` names the malware, or says why the scanner could not look."""

    state: EvidenceState
    finding: str = ""


#: Says of these rows in the record of their cases that they are held back.
HoldBack = Callable[[list[Evidence], datetime], None]


def sweep_scans(*, now: datetime, hold_back: HoldBack) -> int:
    """How many files got a verdict. Ends early when the scanner is away."""
    if settings.CLAMD is None:
        return 0
    judged, end = 0, time.monotonic() + SECONDS
    while time.monotonic() < end and (batch := _lease(now=now)):
        for row in batch:
            if time.monotonic() >= end:
                # Its lease runs out and the next sweep takes it.
                return judged
            try:
                verdict = _look(row)
            except ScannerAway as away:
                log.warning("the scanner is away: %s", away)
                _later(batch, now=now)
                return judged
            _stamp(row, verdict, now=now, hold_back=hold_back)
            judged += 1
    return judged


def _lease(*, now: datetime) -> list[Evidence]:
    """One row for each file: cases filed together share one."""
    with transaction.atomic():
        waiting = Evidence.objects.filter(state=EvidenceState.QUARANTINED, scan_after__lte=now)
        rows = list(waiting.select_for_update(skip_locked=True).order_by("scan_after", "pk")[:BATCH])
        Evidence.objects.filter(pk__in=[row.pk for row in rows]).update(
            scan_after=now + LEASE, scan_tries=F("scan_tries") + 1
        )
    return list({row.path: row for row in rows}.values())


def _look(row: Evidence) -> Verdict:
    """The original decides for its copies too: they were made of it."""
    try:
        with storage().open(row.path, "rb") as file:
            return scanned(file)
    except FileNotFoundError:
        return Verdict(EvidenceState.UNSCANNABLE, "file missing")


def _stamp(row: Evidence, verdict: Verdict, *, now: datetime, hold_back: HoldBack) -> None:
    with transaction.atomic():
        judged = list(Evidence.objects.filter(path=row.path, state=EvidenceState.QUARANTINED).order_by("pk"))
        for one in judged:
            one.state, one.finding, one.scanned_at, one.scan_after = verdict.state, verdict.finding, now, None
            one.tag = row_tags.made_for(one)
        if verdict.state in HELD:
            # No name of a file: it may name a person.
            log.warning("evidence %s is %s: %s", row.pk, verdict.state, verdict.finding)
            hold_back([one for one in judged if one.complaint_id is not None], now)
        Evidence.objects.bulk_update(judged, ["state", "finding", "scanned_at", "scan_after", "tag"])


def _later(rows: list[Evidence], *, now: datetime) -> None:
    """``scan_tries`` of the rows was read before the lease counted this try."""
    for row in rows:
        minutes = TRY_AGAIN_AFTER[min(row.scan_tries, len(TRY_AGAIN_AFTER) - 1)]
        Evidence.objects.filter(pk=row.pk, state=EvidenceState.QUARANTINED).update(
            scan_after=now + timedelta(minutes=minutes)
        )


def scanned(file: IO[bytes]) -> Verdict:
    """Sends the bytes by INSTREAM. Raises ScannerAway."""
    try:
        with closing(_connected()) as wire:
            wire.sendall(b"zINSTREAM\0")
            try:
                for part in _parts(file):
                    wire.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                # It says why before it hangs up: too large for it, say.
                pass
            answer = b""
            while not answer.endswith(b"\0") and len(answer) < 4096 and (more := wire.recv(4096)):
                answer += more
    except OSError as error:
        raise ScannerAway(type(error).__name__) from None
    return _read(answer)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield struct.pack(">I", len(chunk)) + chunk
    yield struct.pack(">I", 0)


def _read(answer: bytes) -> Verdict:
    """`stream: OK`, `stream: Eicar FOUND`, `… ERROR`."""
    if not answer.endswith(b"\0"):
        raise ScannerAway("cut off")
    text = answer.rstrip(b"\0").decode("ascii", "replace").strip()
    if text == "stream: OK":
        return Verdict(EvidenceState.CLEAN)
    if text.startswith("stream: ") and text.endswith(" FOUND"):
        return Verdict(EvidenceState.INFECTED, text[len("stream: ") : -len(" FOUND")][:200])
    if text.endswith("ERROR"):
        return Verdict(EvidenceState.UNSCANNABLE, text[:200])
    raise ScannerAway("odd answer")


def _connected() -> socket.socket:
    place = settings.CLAMD
    if place is None:
        raise ScannerAway("not configured")
    if place.path:
        wire = socket.socket(socket.AF_UNIX)
        wire.settimeout(PATIENCE)
        try:
            wire.connect(place.path)
        except OSError:
            wire.close()
            raise
        return wire
    return socket.create_connection((place.host, place.port), PATIENCE)
