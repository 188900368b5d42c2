"""/open/record/: the newest checkpoint of the record, who signed it besides the portal, and how to check it; and for
programs the checkpoint, proofs that one goes on from another, the newest time stamp, and the witness."""

import re
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from complaints.dossier import proving
from complaints.models import Checkpoint, OutsideHolder
from complaints.record import log, notes, seal_keys, stamps
from complaints.record.notes import SIGNS, Note, NoteKey
from web.environment import ROOT

PROGRAM = ROOT / "docs" / "verify" / "witness.py"
_TEXT = "text/plain; charset=utf-8"
_NO_STAMP = "There is no time stamp yet.\n"
_NUMBER = re.compile(r"[0-9]{1,18}")


@never_cache
@require_safe
def record(request: HttpRequest) -> HttpResponse:
    newest, keys = log.newest_checkpoint(), seal_keys.known()
    note = notes.parse(newest.note) if newest is not None else None
    signing = [NoteKey(note.origin, SIGNS, key).text for key in keys.spans if note and not keys.fault(key, note.size)]
    holders = {row.name: row for row in OutsideHolder.objects.all()}
    context: dict[str, Any] = {
        "checkpoint": newest,
        "note": note.text.strip() if note else "",
        "root": note.root.hex() if note else "",
        "origin": note.origin if note else "",
        "keys": signing,
        "recovery": keys.recovery.hex(),
        "document_keys": proving.public_keys(),
        "needed": settings.WITNESSES.needed,
        "witnesses": [_witness(one.key, holders.get(one.key.name), note) for one in settings.WITNESSES.all],
        "stamp": _stamped(),
        "has_stamps": stamps.is_on(),
        # The process that answers compared who can read which key when it started (PROCESS_USERS).
        "is_separated": bool(settings.PROCESS_USERS),
        "is_local": not settings.HTTPS,
    }
    return render(request, "open/record.html", context)


def _witness(key: NoteKey, holder: OutsideHolder | None, note: Note | None) -> dict[str, Any]:
    """A witness, and the newest checkpoint that it signed: this one, an earlier one, or none."""
    at, size = (holder.at, holder.size) if holder is not None else (None, 0)
    seconds = note.cosigned_at(key) if note is not None else None
    if note is not None and seconds is not None:
        at, size = datetime.fromtimestamp(seconds, UTC), note.size
    return {"name": key.name, "key": key.text, "at": at, "size": size, "code": holder.code if holder else ""}


def _stamped() -> dict[str, Any] | None:
    """The newest checkpoint with a time stamp that holds."""
    row = _newest_stamped()
    if row is None:
        return None
    try:
        at = stamps.stamped_at(bytes(row.stamp), notes.parse(row.note).body.encode())
    except stamps.NoStamp:
        return None
    return {"size": row.size, "at": at}


def _newest_stamped() -> Checkpoint | None:
    return Checkpoint.objects.exclude(stamp=b"").order_by("-number").first()


@never_cache
@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The newest checkpoint with all signatures, as a signed note."""
    newest = log.newest_checkpoint()
    if newest is None:
        return _text("There is no checkpoint yet.\n", status=409)
    answer = _text(newest.note)
    answer["Content-Disposition"] = 'attachment; filename="checkpoint.txt"'
    return answer


@never_cache
@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """``?old=N&size=M``: the proof (RFC 9162) that the record of M entries goes on from that of N, a hash a line. 409
    where the record has no such sizes."""
    old, size = request.GET.get("old", ""), request.GET.get("size", "")
    newest = log.newest_checkpoint()
    last = newest.size if newest is not None else 0
    if not (_NUMBER.fullmatch(old) and _NUMBER.fullmatch(size) and 0 < int(old) <= int(size) <= last):
        return _text(f"Write ?old=N&size=M with 0 < N <= M <= {last}, the entries that are signed here.\n", status=409)
    return _text(notes.proof_lines(log.consistency_proof(int(old), int(size))))


def _text(text: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type=_TEXT, headers={"Access-Control-Allow-Origin": "*"})


@never_cache
@require_safe
def stamped(request: HttpRequest) -> HttpResponse:
    """What the authority for time stamps stamped last: the text of that checkpoint without signatures."""
    row = _newest_stamped()
    return _text(notes.parse(row.note).body) if row is not None else _text(_NO_STAMP, status=409)


@never_cache
@require_safe
def stamp(request: HttpRequest) -> HttpResponse:
    """The authority's answer over it (RFC 3161), for ``openssl ts -verify``."""
    row = _newest_stamped()
    if row is None:
        return _text(_NO_STAMP, status=409)
    named = {"Content-Disposition": 'attachment; filename="stamp.tsr"'}
    return HttpResponse(bytes(row.stamp), content_type="application/timestamp-reply", headers=named)


@require_safe
def program(request: HttpRequest) -> HttpResponseBase:
    """The witness, one file, to be kept and read."""
    kind = "text/x-python; charset=utf-8"
    return FileResponse(PROGRAM.open("rb"), as_attachment=True, filename=PROGRAM.name, content_type=kind)
