"""Asking for a dossier or another paper that a worker signs, being told of it, and fetching what was built: by whoever
asked, for a day. It belongs to one person in one capacity; whoever does not see the case any more gets none of it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import security_log
from accounts.models import OutgoingMessage, User
from complaints.evidence import outgoing
from complaints.models import Complaint, Dossier, NoticeChoice
from complaints.notices.recipients import ORDER, address_of
from complaints.procedure import working_calendar
from complaints.procedure.refusals import StepNotAllowed
from web import private_files

EXPIRES_AFTER = timedelta(hours=24)
#: Of one kind and person within a day; building one costs seconds of a processor.
MOST_A_DAY = 20
LIVE = ("asked", "building")
#: Form → (ending and name of the file, media type).
FORMS = {
    "pdf": ("pdf", "application/pdf"),
    "zip": ("zip", "application/zip"),
    "agreement": ("agreement.pdf", "application/pdf"),
    "application": ("application.pdf", "application/pdf"),
    "court": ("court.zip", "application/zip"),
    "receipt": ("receipt.pdf", "application/pdf"),
}


class DossierGone(StepNotAllowed):
    """It was there and is no more."""

    status = 410


def ask(
    *, user: User, complaint: Complaint, side: str, language: str, site: str, now: datetime, kind: str = Dossier.DOSSIER
) -> Dossier:
    """A new one, or the one that is being built. Raises StepNotAllowed after too many within a day."""
    mine = Dossier.objects.filter(complaint=complaint, asked_by=user, side=side, kind=kind)
    if (live := mine.filter(state__in=LIVE).first()) is not None:
        return live
    of_a_day = Dossier.objects.filter(asked_by=user, kind=kind, asked_at__gt=now - timedelta(days=1))
    if of_a_day.count() >= MOST_A_DAY:
        text = _("24小时内同一种文件最多制作%(n)s份，请明天再试。") % {"n": MOST_A_DAY}
        raise StepNotAllowed("too_many_dossiers", text)
    made = Dossier(complaint=complaint, asked_by=user, side=side, kind=kind, language=language, site=site, asked_at=now)
    # A second window asked at the same moment: its row stands, and ours is not needed.
    Dossier.objects.bulk_create([made], ignore_conflicts=True)
    security_log.note(
        "dossier_asked", now=now, user=user, subject=complaint.number, reason=side if kind == Dossier.DOSSIER else kind
    )
    return mine.filter(state__in=LIVE).order_by("-pk")[0]


def newest(*, user: User, complaint: Complaint, side: str, kind: str = Dossier.DOSSIER) -> Dossier | None:
    return Dossier.objects.filter(complaint=complaint, asked_by=user, side=side, kind=kind).order_by("-pk").first()


def is_there(dossier: Dossier, *, now: datetime) -> bool:
    return dossier.state == "ready" and dossier.expires_at is not None and dossier.expires_at > now


def fetch(dossier: Dossier, form: str, *, now: datetime) -> BinaryIO | None:
    """The open file; None where there is no such form of it. Raises DossierGone, StepNotAllowed."""
    if dossier.state in LIVE:
        raise StepNotAllowed("not_ready", _("文件还没有做好。"))
    if not is_there(dossier, now=now):
        raise _gone()
    if form not in dossier.files:
        return None
    try:
        file = outgoing.opened(path_of(dossier, form))
    except FileNotFoundError:
        raise _gone() from None
    security_log.note("dossier_fetched", now=now, user=dossier.asked_by, subject=dossier.complaint.number, reason=form)
    return file


def _gone() -> DossierGone:
    return DossierGone("file_gone", _("这份文件已经过期删除，请重新制作。"))


def folder() -> Path:
    """Beside the exports: private, and in no archive."""
    return private_files.folder(private_files.folder(Path(settings.EXPORT_ROOT)) / "dossiers")


def path_of(dossier: Dossier, form: str) -> Path:
    """No two attempts share a file: a sweep that lost its lease overwrites nothing of the one that took over."""
    return folder() / f"{dossier.public_id}.{dossier.attempts}.{FORMS[form][0]}"


def remove_files(public_id: UUID) -> None:
    """All that was built of it, half-built parts too."""
    outgoing.remove_all(folder(), f"{public_id}.")


def destroy(dossiers: list[Dossier]) -> None:
    """The files are gone at once, and the rows say so; whoever builds one of them finds no row to finish."""
    for dossier in dossiers:
        remove_files(dossier.public_id)
    Dossier.objects.filter(pk__in=[d.pk for d in dossiers]).update(
        state="expired", leased_until=None, has_files=False, files={}
    )


def tell(dossier: Dossier, *, is_ready: bool, now: datetime) -> None:
    """One message, in the transaction of its state; none to somebody without an address, nor of what takes seconds
    while whoever asked looks on."""
    if dossier.kind != Dossier.DOSSIER:
        return
    user, number = dossier.asked_by, dossier.complaint.number
    wish = NoticeChoice.objects.filter(pk=user.pk).first()
    ways = sorted(ORDER[dossier.side], key=lambda way: wish is None or way != wish.first)
    way = next((way for way in ways if address_of(way, user, {})), "")
    if not way:
        return
    with override(user.language):
        label = (
            _("【12315】投诉%(number)s的档案已做好，请在24小时内登录下载。")
            if is_ready
            else _("【12315】投诉%(number)s的档案没有做成，请登录重新制作。")
        )
        text, subject = label % {"number": number}, ""
        if way == "email":
            subject = _("【12315】%(number)s：案件档案") % {"number": number}
            text += "\n" + dossier.site + reverse("complaints:case-dossier", args=[number])
    OutgoingMessage.objects.create(
        channel=way,
        address=address_of(way, user, {}),
        person_key=user.person_key,
        created_at=now,
        useful_until=now + EXPIRES_AFTER,
        send_after=working_calendar.not_before(way, now),
        subject=subject,
        body=text,
    )
