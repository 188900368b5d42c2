"""Sending a platform file in, and deciding what is done with it.

Nothing of a file is carried out before an officer has seen what would come of each line; the same bytes
sent again lead to the answer that stands.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right
from complaints.models import PlatformFile, PlatformLine
from complaints.parties.actors import Actor
from complaints.procedure.numbering import new_mark
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.tables import uploads
from complaints.tables.exporting import files
from complaints.tables.uploads import MOST_AT_A_TIME

MOST_LINES = 10_000
UNDERWAY = ("checking", "checked", "applying")
WORKING = ("checking", "applying")
#: So long one may look at what came of a file.
KEPT_FOR = timedelta(days=365)


def take_in(
    chunks: Iterable[bytes], *, name: str, user: User, actor: Actor, language: str, now: datetime
) -> PlatformFile:
    """Keep the file and the row that a sweep will find, or the row of the same bytes. Raises WrongInput for no
    table."""
    if actor.authority_id is None or not actor.may(Right.SEND_PLATFORM_FILE):
        raise StepNotAllowed("not_yours", _("这一步由其他人办理。"))
    mark = new_mark("P", timezone.localdate(now))
    with uploads.kept(chunks, mark) as (form, digest):
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
        files.upload_of(mark).unlink(missing_ok=True)
        return known


def _live(authority_id: int) -> QuerySet[PlatformFile]:
    return PlatformFile.objects.filter(authority_id=authority_id).exclude(state__in=["dropped", "failed"])


def counts_of(file: PlatformFile) -> dict[str, int]:
    """How many lines are in each state."""
    return uploads.counts_of(PlatformLine.objects.filter(file=file), PlatformLine.STATES)


def decide(file: PlatformFile, choice: str, *, now: datetime) -> None:
    """``good`` or ``drop``. ``file`` is locked by the caller."""
    if file.state != "checked":
        raise StepNotAllowed("already_decided", _("这份文件已经不在等您决定。"))
    if choice == "drop":
        return end(file, "dropped", now=now)
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
    return uploads.forget(
        PlatformFile,
        lambda old: PlatformLine.objects.filter(file__in=old),
        lambda file: end(file, "dropped", now=now),
        kept_for=KEPT_FOR,
        now=now,
        limit=limit,
    )
