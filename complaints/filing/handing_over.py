"""A draft about a place of another province goes on at that province's portal, which files it: there alone it becomes a
case. What was typed goes along; files do not, and nothing that only this portal says."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.crypto import salted_hmac

from complaints.filing import drafts
from complaints.filing.forms import NAMED, Pick, read_pick
from complaints.filing.held import GOES_ALONG
from complaints.models.evidence import FilingDraft
from database.row_security import show
from enterprises.models import Enterprise
from web import cells


def province_of(draft: FilingDraft) -> str:
    """The other province whose portal files this draft; "" for this one."""
    region = drafts.first(draft, "enterprise", "service_region")
    return cells.of_place(int(region)) if region.isdecimal() and len(region) < 10 else ""


def hand_over(draft: FilingDraft) -> str:
    """Where the browser goes on. The same draft handed over again, or twice at once, is the same draft there: its key
    follows from it. Raises cells.Away; then nothing has changed."""
    province = province_of(draft)
    key = salted_hmac("complaints.filing.handing_over", str(draft.pk), algorithm="sha256").hexdigest()
    data = {part: draft.data[part] for part in GOES_ALONG if part in draft.data}
    values = [value for part in ("enterprise", "others") for value in data.get(part, {}).get("respondent", ())]
    picks = {value: pick.enterprise_id for value in values if (pick := read_pick(value))}
    firms = Enterprise.objects.in_bulk(picks.values())
    named = {value: [firms[pk].uscc or "", str(firms[pk])] for value, pk in picks.items() if pk in firms}
    said = {"key_digest": drafts.digest_of(key), "data": data, "firms": named}
    cells.tell(province, reverse("complaints:cell-draft"), said)
    return str(settings.CELLS[province] + reverse("complaints:file-from", args=[key]))


def take_over(said: dict[str, Any], *, now: datetime) -> None:
    """What another portal handed over becomes a draft here, once. A firm is the one with that credit code here, or the
    name that it has there."""
    data = {part: fields for part, fields in said["data"].items() if part in GOES_ALONG}
    codes = [code for code, _name in said["firms"].values() if code]
    here = dict(Enterprise.objects.filter(uscc__in=codes).values_list("uscc", "pk"))

    def meant(value: str) -> str:
        """A pick of here, or a colon and the name, as the draft keeps further respondents."""
        code, name = said["firms"].get(value, ("", ""))
        return str(Pick(here[code])) if code in here else f":{name}" if name else value

    for part in ("enterprise", "others"):
        if firms := data.get(part, {}).get("respondent"):
            data[part]["respondent"] = [meant(value) for value in firms]
    chosen = data.get("enterprise", {}).get("respondent", [""])[0]
    if chosen.startswith(":"):
        data["enterprise"] |= {"respondent": [NAMED], "named": [chosen[1:]], "query": [chosen[1:]]}
    if show(said["key_digest"]).draft is not None:
        return
    # Of two at once the second finds it made.
    with suppress(IntegrityError), transaction.atomic():
        FilingDraft.objects.create(
            **{"key_digest": said["key_digest"], "data": data, "source": "cell", "step": "heard"},
            **{"created_at": now, "saved_at": now, "expires_at": now + drafts.kept_for(now)},
        )
