"""Builds what somebody asked for, one at a time: a dossier (two papers, and the ZIP that docs/verify/verify_dossier.py
checks), the papers for a court, a receipt. Each paper is signed. Files are put in place by a rename, and only the sweep
that still holds the lease finishes the row."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import override

from complaints.documents import printing, signing
from complaints.dossier import asking, court, papers, receipts
from complaints.dossier.gathering import Gathered, gather
from complaints.dossier.packing import pack
from complaints.dossier.proving import Proof, certified, proof_of
from complaints.evidence import outgoing
from complaints.models import Dossier
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case import ENTERPRISE, find_case, page_of
from complaints.reading.case_documents import may_print
from database import row_security
from web import private_files

log = logging.getLogger(__name__)

#: A sweep begins no dossier after so many seconds.
SECONDS = 12
#: Longer than any file takes to be copied; taken anew after each.
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 4
#: A checkpoint is signed every minute: so long a dossier waits for one over its last entry.
SEALED_WITHIN = timedelta(seconds=100)
#: Reading, two papers, packing.
_PIECES = 3
#: Of all who build: an advisory lock for the moment of choosing.
_CHOOSING = 0xD055
BATCH = 200


def sweep_dossiers(*, now: datetime) -> int:
    """How many were worked on. Any number of sweeps may run; one of them builds at a time."""
    throw_away(now=now)
    if not Dossier.objects.filter(state__in=asking.LIVE).exists():
        return 0
    try:
        certified(signing.document_key(), now=now)
    except signing.NoDocumentKey as problem:
        log.error("no dossier is built: %s", str(problem))
        return 0
    begun, worked = time.monotonic(), 0
    while time.monotonic() < begun + SECONDS and (dossier := _lease(now=now)):
        worked += 1
        try:
            with override(dossier.language):
                _BUILDERS[dossier.kind](dossier, now=now)
        except Http404:
            # Who does not see the case any more is told nothing of it.
            _end(dossier, "failed")
        except OperationalError:
            raise
        except Exception as error:
            # Only its kind: its words may hold what stands in the case. The lease runs out and it is tried again.
            log.error("dossier %s was not built: %s", dossier.public_id, type(error).__name__)
    return worked


def _lease(*, now: datetime) -> Dossier | None:
    live = Dossier.objects.filter(state__in=asking.LIVE)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_CHOOSING])
        if live.filter(state="building", leased_until__gt=now).exists():
            return None
        free = live.filter(Q(leased_until=None) | Q(leased_until__lte=now))
        dossier = free.order_by("id").select_related("asked_by", "complaint").first()
        if dossier is None:
            return None
        dossier.state, dossier.leased_until, dossier.attempts = "building", now + LEASE, dossier.attempts + 1
        dossier.save(update_fields=["state", "leased_until", "attempts"])
    if dossier.attempts > MOST_ATTEMPTS:
        with transaction.atomic(), override(dossier.language):
            _end(dossier, "failed")
            asking.tell(dossier, is_ready=False, now=now)
        return None
    return dossier


def _build(dossier: Dossier, *, now: datetime) -> None:
    gathered, key = gather(dossier, now=now), signing.document_key()
    erased = {one["digest"] for one in gathered.withheld if one["reason"] == "erased"}
    erased |= {file.sha256 for file in gathered.files if file.reason == "erased"}
    proof = proof_of(dossier.complaint, erased=erased, key=key)
    last = gathered.entries[-1][0]
    is_sealed = proof is not None and proof.is_complete and proof.sequence >= last
    # What was erased is proved, or nobody could tell it from what somebody took away.
    is_unproved = bool(erased) and proof is not None and not proof.is_complete
    if not is_sealed and (is_unproved or now < dossier.asked_at + SEALED_WITHIN):
        # No checkpoint over the last entry is there yet.
        _wait(dossier, now=now)
        return
    # Of an attempt that was killed; one that only lost its lease finds its files gone.
    asking.remove_files(dossier.public_id)
    work = _Work(dossier, pieces=_PIECES + len(gathered.files), now=now)
    made = {"pdf": _paper(papers.dossier_paper(gathered, proof=proof, site=dossier.site), at=now)}
    work.go_on()
    if papers.has_agreement(gathered.page):
        made["agreement"] = _paper(papers.agreement_paper(gathered, site=dossier.site), at=now)
    work.go_on()
    files = {form: _put(dossier, form, paper) for form, paper in made.items()}
    made |= {f"documents/{place:02d}": one.content for place, one in enumerate(gathered.documents, 1) if one.content}
    files["zip"] = _pack(dossier, gathered, proof, made, key, work, now=now)
    _finish(dossier, files, entries=last, is_sealed=is_sealed, now=now)


def _build_for_court(dossier: Dossier, *, now: datetime) -> None:
    user, day = dossier.asked_by, now.astimezone(SHANGHAI).date()
    with row_security.seeing_as(user, day=day, is_at_job=dossier.side == ENTERPRISE):
        result = find_case(user, dossier.complaint.number, side=dossier.side, now=now)
        version = court.agreement_of(result)
        if version is None or not may_print(result.side, result.actor):
            raise Http404
        page = page_of(result, now=now)
    if not version.sha256 and now < dossier.asked_at + SEALED_WITHIN:
        # The agreement is still to be printed and signed.
        _wait(dossier, now=now)
        return
    asking.remove_files(dossier.public_id)
    signed = signing.sign_pdf(court.application(page, version, site=dossier.site))
    try:
        made = {"application": signed, "court": court.package(signed, version)}
    except LookupError:
        # The words of the agreement were destroyed meanwhile.
        raise Http404 from None
    files = {form: _put(dossier, form, content) for form, content in made.items()}
    _finish(dossier, files, entries=page.complaint.last_sequence, is_sealed=False, now=now)


def _build_receipt(dossier: Dossier, *, now: datetime) -> None:
    user, day = dossier.asked_by, now.astimezone(SHANGHAI).date()
    with row_security.seeing_as(user, day=day, is_at_job=False):
        own = receipts.of_person(user)
        case = receipts.found(own, dossier.complaint.number)
        if case is None:
            raise Http404
        said = receipts.contents(case, own, track_page=f"{dossier.site}/track/", now=now)
    asking.remove_files(dossier.public_id)
    files = {"receipt": _put(dossier, "receipt", signing.sign_pdf(receipts.paper(said, at=now)))}
    _finish(dossier, files, entries=case.last_sequence, is_sealed=False, now=now)


_BUILDERS = {Dossier.DOSSIER: _build, Dossier.COURT: _build_for_court, Dossier.RECEIPT: _build_receipt}


def _wait(dossier: Dossier, *, now: datetime) -> None:
    """Not failed: what it needs is not there yet."""
    waits = now + timedelta(seconds=5)
    _held(dossier).update(state="asked", leased_until=waits, attempts=dossier.attempts - 1)


def _held(dossier: Dossier) -> QuerySet[Dossier]:
    """Its row, as long as no other sweep took it over."""
    return Dossier.objects.filter(pk=dossier.pk, state="building", attempts=dossier.attempts)


def _paper(content: dict[str, Any], *, at: datetime) -> bytes:
    return signing.sign_pdf(printing.typeset(content, at=at))


class _Work:
    """How far it is; the lease lasts as long as something moves."""

    def __init__(self, dossier: Dossier, *, pieces: int, now: datetime) -> None:
        self.dossier, self.now, self.begun, self.done = dossier, now, time.monotonic(), 0
        _held(dossier).update(total=pieces, done=0)

    def go_on(self) -> None:
        self.done += 1
        until = self.now + timedelta(seconds=time.monotonic() - self.begun) + LEASE
        _held(self.dossier).update(done=self.done, leased_until=until)


def _pack(
    dossier: Dossier,
    gathered: Gathered,
    proof: Proof | None,
    made: dict[str, bytes],
    key: signing.DocumentKey,
    work: _Work,
    *,
    now: datetime,
) -> list[str | int]:
    path = asking.path_of(dossier, "zip")
    half = path.with_name(f"{path.name}.part")
    named = {f"{'dossier' if name == 'pdf' else name}.pdf": content for name, content in made.items()}
    with os.fdopen(private_files.opened(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC), "w+b") as out:
        pack(out, gathered, proof=proof, at=now, key=key, each=work.go_on, papers=named)
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
        size = out.seek(0, os.SEEK_END)
    half.rename(path)
    outgoing.share(path)
    return [digest, size]


def _put(dossier: Dossier, form: str, content: bytes) -> list[str | int]:
    path = asking.path_of(dossier, form)
    half = path.with_name(f"{path.name}.part")
    with os.fdopen(private_files.opened(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb") as out:
        out.write(content)
    half.rename(path)
    outgoing.share(path)
    return [hashlib.sha256(content).hexdigest(), len(content)]


def _finish(
    dossier: Dossier, files: dict[str, list[str | int]], *, entries: int, is_sealed: bool, now: datetime
) -> None:
    with transaction.atomic():
        is_ours = _held(dossier).update(
            state="ready",
            files=files,
            has_files=True,
            entries=entries,
            is_sealed=is_sealed,
            ready_at=now,
            expires_at=now + asking.EXPIRES_AFTER,
            leased_until=None,
        )
        if is_ours:
            asking.tell(dossier, is_ready=True, now=now)
    # Else erased meanwhile; or taken over by another sweep after our lease, whose files have other names.
    if not is_ours and not Dossier.objects.filter(pk=dossier.pk).exclude(state__in=["expired", "failed"]).exists():
        asking.remove_files(dossier.public_id)


def _end(dossier: Dossier, state: str) -> None:
    asking.remove_files(dossier.public_id)
    Dossier.objects.filter(pk=dossier.pk).update(state=state, leased_until=None, has_files=False)


def throw_away(*, now: datetime) -> int:
    """What is over a day old. How many dossiers went."""
    old = Dossier.objects.filter(has_files=True, expires_at__lte=now).order_by("pk")[:BATCH]
    for dossier in old:
        _end(dossier, "expired")
    return len(old)
