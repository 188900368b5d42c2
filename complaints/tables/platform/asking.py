"""Sending a platform file in, and deciding what is done with it.

Nothing of a file is carried out before an officer has seen what would come of each line; the same bytes
sent again lead to the answer that stands.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.retention import delete_some
from accounts.roles import Right
from complaints.models import PlatformFile, PlatformLine
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.tables.exporting import files
from complaints.tables.sheets import MOST_BYTES, SheetRefused, form_of

MOST_LINES = 10_000
#: Of one authority at a time.
MOST_AT_A_TIME = 5
UNDERWAY = ("checking", "checked", "applying")
WORKING = ("checking", "applying")
#: Nobody decides for so long, and the file is dropped; so long one may look at what came of it.
DECIDED_WITHIN, KEPT_FOR = timedelta(days=7), timedelta(days=365)
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def take_in(
    chunks: Iterable[bytes], *, name: str, user: User, actor: Actor, language: str, now: datetime
) -> PlatformFile:
    """Keep the file and the row that a sweep will find, or the row of the same bytes. Raises WrongInput for no
    table."""
    if actor.authority_id is None or not actor.may(Right.SEND_PLATFORM_FILE):
        raise StepNotAllowed("not_yours", _("这一步由其他人办理。"))
    mark = f"P{timezone.localdate(now):%y%m%d}-" + "".join(secrets.choice(_LETTERS) for _n in range(8))
    path = files.upload_of(mark)
    try:
        digest, first = _keep(chunks, mark)
        form = form_of(first)
        same = _live(actor.authority_id).filter(digest=digest)
        known = same.first()
        if known is None:
            if _live(actor.authority_id).filter(state__in=UNDERWAY).count() >= MOST_AT_A_TIME:
                raise StepNotAllowed(
                    "too_many_files", _("已有%(n)s份文件没有办完，请先办完或者放弃其中一份。") % {"n": MOST_AT_A_TIME}
                )
            try:
                with transaction.atomic():
                    return PlatformFile.objects.create(
                        mark=mark,
                        authority_id=actor.authority_id,
                        asked_by=user,
                        file_name=name[-120:],
                        form=form,
                        digest=digest,
                        language=language,
                        asked_at=now,
                    )
            except IntegrityError:
                # Somebody sent in the same bytes at the same moment.
                known = same.get()
        path.unlink(missing_ok=True)
        return known
    except SheetRefused as refused:
        path.unlink(missing_ok=True)
        raise WrongInput("not_a_table", str(refused), field="file") from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _live(authority_id: int) -> QuerySet[PlatformFile]:
    return PlatformFile.objects.filter(authority_id=authority_id).exclude(state__in=["dropped", "failed"])


def _keep(chunks: Iterable[bytes], mark: str) -> tuple[str, bytes]:
    """(digest, first bytes) of what was written beside the row."""
    digest, size, first = hashlib.sha256(), 0, b""
    with os.fdopen(os.open(files.upload_of(mark), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in chunks:
            first = first or chunk[:8]
            size += len(chunk)
            if size > MOST_BYTES:
                raise WrongInput(
                    "too_large", _("文件太大，最多%(n)s MB。请分成几份。") % {"n": MOST_BYTES >> 20}, field="file"
                )
            digest.update(chunk)
            file.write(chunk)
    if not size:
        raise WrongInput("empty", _("这份文件是空的。"), field="file")
    return digest.hexdigest(), first


def counts_of(file: PlatformFile) -> dict[str, int]:
    """How many lines are in each state."""
    found = dict.fromkeys(PlatformLine.STATES, 0)
    return found | dict(PlatformLine.objects.filter(file=file).order_by().values_list("state").annotate(n=Count("pk")))


def decide(file: PlatformFile, choice: str, *, now: datetime) -> None:
    """``good`` or ``drop``. ``file`` is locked by the caller."""
    if file.state != "checked":
        raise StepNotAllowed("already_decided", _("这份文件已经不在等您决定。"))
    if choice == "drop":
        end(file, "dropped", now=now)
        return
    if choice != "good" or not counts_of(file)["good"]:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="decision")
    file.state, file.decided_at, file.place, file.attempts, file.leased_until = "applying", now, 0, 0, None
    file.save(update_fields=["state", "decided_at", "place", "attempts", "leased_until"])


def end(file: PlatformFile, state: str, *, now: datetime, code: str = "", words: str = "") -> None:
    """Done, dropped or failed: what was sent in is not needed any more, what came of it stays."""
    file.state, file.ended_at, file.leased_until, file.failure, file.failure_words = state, now, None, code, words[:300]
    file.save(update_fields=["state", "ended_at", "leased_until", "failure", "failure_words"])
    files.upload_of(file.mark).unlink(missing_ok=True)


def forget(*, now: datetime, limit: int) -> int:
    """Files that nobody decided are dropped; what is old is deleted with its lines. How many rows went."""
    for _n in range(limit):
        with transaction.atomic():
            # Whoever decides at this moment holds the row.
            waiting = PlatformFile.objects.filter(state="checked", asked_at__lte=now - DECIDED_WITHIN).order_by("id")
            file = waiting.select_for_update(skip_locked=True).first()
            if file is None:
                break
            end(file, "dropped", now=now)
    old = PlatformFile.objects.filter(ended_at__lte=now - KEPT_FOR)
    lines = delete_some(PlatformLine.objects.filter(file__in=old), limit=limit * 10)
    return lines or delete_some(old, limit=limit)
