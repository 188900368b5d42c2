"""Builds dossiers, one at a time: two papers, and the ZIP that docs/verify/verify_dossier.py checks. Files are put in
place by a rename, and only the sweep that still holds the lease finishes the row."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.http import Http404
from django.utils.translation import override

from complaints.documents import printing
from complaints.dossier import asking, papers
from complaints.dossier.gathering import DossierFile, Gathered, gather
from complaints.dossier.proving import seal_of
from complaints.evidence.files import ENDINGS
from complaints.evidence.storing import CHUNK, storage
from complaints.models import Dossier
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record import record

FORMAT = "odr-dossier-1"
_README = Path(__file__).with_name("README.txt")


def pack(
    out: IO[bytes],
    gathered: Gathered,
    *,
    seal: dict[str, Any] | None,
    papers: dict[str, bytes],
    at: datetime,
    each: Callable[[], None],
) -> None:
    """Write the archive. ``papers``: name → PDF; ``each`` is called after each file of evidence."""
    archive, page, listed = _Archive(out, at=at), gathered.page, []
    with archive.zip:
        for place, part in enumerate(gathered.files, 1):
            path = f"files/{place:02d}{ENDINGS.get(part.media_type, ('.bin',))[0]}"
            row = {"sha256": part.sha256, "size": part.size, "name": part.name}
            if part.path and archive.copy(path, part):
                row |= {"path": path} | ({"copy": part.copy_sha256} if part.copy_sha256 else {})
            listed.append(row)
            each()
        entries = [
            {"sequence": sequence, "hash": head.hex()} | ({"withheld": True} if body is None else {})
            for sequence, head, body in gathered.entries
        ]
        head = {"format": FORMAT, "case": page.complaint.number, "audience": "parties", "made_for": page.side}
        parts = {"made_at": record.stamp(at), "withheld": gathered.withheld, "files": listed, "entries": entries}
        archive.json("dossier.json", head | parts)
        for sequence, _head, body in gathered.entries:
            if body is not None:
                archive.write(f"entries/{sequence:04d}.json", body.encode())
        archive.json("texts.json", {"texts": gathered.texts, "names": gathered.names})
        if seal is not None:
            archive.json("seal.json", seal)
            archive.write("public-key.txt", f"{seal['public_key']}\n".encode())
        for name, paper in papers.items():
            archive.write(name, paper)
        archive.write("README.txt", _README.read_bytes())
        archive.write_sums()


class _Archive:
    """Parts with one date; their digests stand in the last one."""

    def __init__(self, out: IO[bytes], *, at: datetime) -> None:
        self.zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED)
        self.date = at.astimezone(SHANGHAI).timetuple()[:6]
        self.sums: list[str] = []

    def _info(self, name: str, kind: int) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, date_time=self.date)
        info.compress_type, info.external_attr = kind, 0o644 << 16
        return info

    def write(self, name: str, content: bytes) -> None:
        self.zip.writestr(self._info(name, zipfile.ZIP_DEFLATED), content)
        self.sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

    def json(self, name: str, value: Any) -> None:
        self.write(name, json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode())

    def copy(self, name: str, part: DossierFile) -> bool:
        """A file of evidence, a piece at a time; pictures and recordings are compressed already. False: it is gone."""
        try:
            source = storage().open(part.path, "rb")
        except FileNotFoundError:
            return False
        digest, info = hashlib.sha256(), self._info(name, zipfile.ZIP_STORED)
        info.file_size = part.size
        with source, self.zip.open(info, "w") as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                target.write(chunk)
        self.sums.append(f"{digest.hexdigest()}  {name}\n")
        return True

    def write_sums(self) -> None:
        self.zip.writestr(self._info("SHA256SUMS", zipfile.ZIP_DEFLATED), "".join(self.sums))


log = logging.getLogger(__name__)

#: A sweep begins no dossier after so many seconds.
SECONDS = 12
#: Longer than any file takes to be copied; taken anew after each.
LEASE = timedelta(seconds=60)
MOST_ATTEMPTS = 4
#: The record is sealed every minute: so long a dossier waits for the seal over its last entry.
SEALED_WITHIN = timedelta(seconds=100)
#: Reading, two papers, packing.
_PIECES = 3
#: AnyOf all who build: an advisory lock for the moment of choosing.
_CHOOSING = 0xD055
BATCH = 200


def sweep_dossiers(*, now: datetime) -> int:
    """How many were worked on. Any number of sweeps may run; one of them builds at a time."""
    throw_away(now=now)
    begun, worked = time.monotonic(), 0
    while time.monotonic() < begun + SECONDS and (dossier := _lease(now=now)):
        worked += 1
        try:
            with override(dossier.language):
                _build(dossier, now=now)
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
    gathered = gather(dossier, now=now)
    seal = seal_of(dossier.complaint)
    last = gathered.entries[-1][0]
    is_sealed = seal is not None and seal["sequence"] >= last
    if not is_sealed and now < dossier.asked_at + SEALED_WITHIN:
        # Not failed: the seal over the last entry is not there yet.
        waits = now + timedelta(seconds=5)
        Dossier.objects.filter(pk=dossier.pk).update(state="asked", leased_until=waits, attempts=0)
        return
    work = _Work(dossier, pieces=_PIECES + len(gathered.files), now=now)
    made = {"pdf": printing.typeset(papers.dossier_paper(gathered, seal=seal, site=dossier.site), at=now)}
    work.go_on()
    if papers.has_agreement(gathered.page):
        made["agreement"] = printing.typeset(papers.agreement_paper(gathered, site=dossier.site), at=now)
    work.go_on()
    files = {form: _put(dossier, form, paper) for form, paper in made.items()}
    made |= {f"documents/{place:02d}": one.content for place, one in enumerate(gathered.documents, 1) if one.content}
    files["zip"] = _pack(dossier, gathered, seal, made, work, now=now)
    _finish(dossier, files, entries=last, is_sealed=is_sealed, now=now)


class _Work:
    """How far it is; the lease lasts as long as something moves."""

    def __init__(self, dossier: Dossier, *, pieces: int, now: datetime) -> None:
        self.dossier, self.now, self.begun, self.done = dossier, now, time.monotonic(), 0
        Dossier.objects.filter(pk=dossier.pk).update(total=pieces, done=0)

    def go_on(self) -> None:
        self.done += 1
        until = self.now + timedelta(seconds=time.monotonic() - self.begun) + LEASE
        Dossier.objects.filter(pk=self.dossier.pk, state="building").update(done=self.done, leased_until=until)


def _pack(
    dossier: Dossier,
    gathered: Gathered,
    seal: dict[str, Any] | None,
    made: dict[str, bytes],
    work: _Work,
    *,
    now: datetime,
) -> list[str | int]:
    path = asking.path_of(dossier.public_id, "zip")
    half = path.with_suffix(".zip.part")
    named = {f"{'dossier' if name == 'pdf' else name}.pdf": content for name, content in made.items()}
    with os.fdopen(os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as out:
        pack(out, gathered, seal=seal, at=now, each=work.go_on, papers=named)
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
        size = out.seek(0, os.SEEK_END)
    half.rename(path)
    return [digest, size]


def _put(dossier: Dossier, form: str, content: bytes) -> list[str | int]:
    path = asking.path_of(dossier.public_id, form)
    half = path.with_suffix(".pdf.part")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
    half.rename(path)
    return [hashlib.sha256(content).hexdigest(), len(content)]


def _finish(
    dossier: Dossier, files: dict[str, list[str | int]], *, entries: int, is_sealed: bool, now: datetime
) -> None:
    held = Dossier.objects.filter(pk=dossier.pk, state="building", attempts=dossier.attempts)
    with transaction.atomic():
        is_ours = held.update(
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
    # Else erased meanwhile; or taken over by another sweep after our lease, whose files have the same names.
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
