"""Files on the screens of a filing: taken, taken back, and what was read on a photographed bill."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from accounts.models import User
from complaints import evidence
from complaints.filing import bills, drafts, story
from complaints.filing.story_forms import HeardForm
from complaints.models.evidence import Evidence, FilingDraft
from web.incoming import ID_DIGITS, whole

#: Where the draft keeps why files were not taken: shown on the screen until it is sent again.
REFUSED = "refused"


def uploader(request: HttpRequest) -> int | None:
    return request.user.pk if isinstance(request.user, User) else None


def refused_in(draft: FilingDraft | None) -> list[str]:
    """Why files were not taken that came with the screen as it was sent last."""
    return drafts.values(draft, REFUSED).getlist("file") if draft else []


def keep_refused(draft: FilingDraft, texts: list[str], *, now: datetime) -> None:
    if texts:
        draft.data[REFUSED] = {"file": texts}
    elif draft.data.pop(REFUSED, None) is None:
        return
    drafts.touch(draft, now=now, fields=["data"])


def take_files(
    request: HttpRequest, draft: FilingDraft, uploads: Iterable[UploadedFile], *, kind: str, now: datetime
) -> list[Evidence]:
    """Takes back the one that is to be removed, else keeps those that came. Returns what was kept now."""
    if (removed := whole(request.POST.get("remove"), ID_DIGITS)) is not None:
        row = Evidence.objects.filter(draft=draft, pk=removed).first()
        if row is not None:
            evidence.remove(row)
            bills.forget(draft, removed, said=draft.data.get(story.SAID, ()))
            drafts.touch(draft, now=now, fields=["data"])
            messages.info(request, _("已删除“%(file)s”") % {"file": row.name}, extra_tags="info")
        uploads = ()
    kept: list[Evidence] = []
    texts: list[str] = []
    for upload in uploads:
        try:
            row = evidence.receive(upload, draft=draft, kind=kind, uploaded_by=uploader(request), now=now)
        except evidence.EvidenceRefused as refusal:
            texts.append(str(refusal))
            continue
        kept.append(row)
        bills.look_at(draft, row, now=now, today=timezone.localdate(now))
    keep_refused(draft, texts, now=now)
    return kept


def bill_lines(draft: FilingDraft) -> list[BoundField]:
    """What was read on a bill and not answered yet."""
    what = story.understood(draft)
    form, said = HeardForm(what=what), draft.data.get(story.SAID, {})
    return [form[one.name] for one in what.printed if one.name not in said]


def answer_bill(request: HttpRequest, draft: FilingDraft, *, now: datetime) -> str:
    """Takes what was said to such lines. Returns the field that is to be changed, of which the second screen asks."""
    what = story.understood(draft)
    sent = drafts.typed_in(request.POST, [one.name for one in what.printed])
    if not sent:
        return ""
    said = dict(draft.data.get(story.SAID, {})) | sent
    form = HeardForm(MultiValueDict(said), what=what)
    form.is_valid()
    story.take(draft, form.cleaned_data, said=said, now=now, today=timezone.localdate(now))
    return next((one.field for one in what.printed if sent.get(one.name) == [story.CHANGE]), "")
