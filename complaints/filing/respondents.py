"""The second and third respondent of a draft: each becomes a linked case of its own (procedure, section 3).

Who stands here is told apart by what was picked or written, never twice; whoever is added or taken out changes whom the
consents name, so those are asked again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from complaints.filing import drafts
from complaints.filing.forms import NAMED, Pick, read_pick
from complaints.handling.steps.filing import MOST_RESPONDENTS
from complaints.models.evidence import FilingDraft
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.typed_values import FreeText
from enterprises.models import Enterprise

#: Where the draft keeps them: picks as the form writes them, names behind a colon.
PLACE, FIELD = "others", "respondent"
#: Consents that name who receives the case.
_NAMING = ("share_with_enterprise", "pause_for_settlement")


@dataclass(frozen=True)
class Further:
    """One more respondent: from the directory, or as the consumer calls it."""

    pick: Pick | None = None
    named: str = ""

    def __str__(self) -> str:
        return str(self.pick) if self.pick else f":{self.named}"

    @property
    def identity(self) -> str:
        """The same legal entity, or the same name, is the same respondent."""
        return str(self.pick.enterprise_id) if self.pick else f":{self.named}"


def read(draft: FilingDraft) -> list[Further]:
    return [
        Further(pick) if (pick := read_pick(value)) else Further(named=value.removeprefix(":"))
        for value in draft.data.get(PLACE, {}).get(FIELD, [])
    ]


def first(draft: FilingDraft) -> Further:
    """The one of the first screen; empty when the authority decides who it is."""
    chosen = drafts.first(draft, "enterprise", "respondent")
    return Further(read_pick(chosen), drafts.first(draft, "enterprise", "named").strip() if chosen == NAMED else "")


class FurtherForm(forms.Form):
    """A pick or a name. Refuses a fourth respondent and one who stands there already."""

    respondent = forms.CharField(required=False, max_length=60, error_messages={"max_length": _("请从列表中选择企业")})
    named = FreeText(label=_("店名或企业名称"), most=120, required=False)

    def __init__(self, *arguments: Any, draft: FilingDraft, **options: Any) -> None:
        self.draft = draft
        super().__init__(*arguments, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        pick = read_pick(cleaned.get("respondent", ""))
        if cleaned.get("respondent") and (pick is None or not drafts.is_known_pick(pick, draft=self.draft)):
            raise ValidationError({"respondent": _("请从列表中选择企业")})
        if pick is None and not cleaned.get("named"):
            raise ValidationError({"named": _("请搜索并选择企业，或写下它的名称")})
        more = Further(pick, "" if pick else cleaned["named"])
        here = read(self.draft)
        if 1 + len(here) >= MOST_RESPONDENTS:
            raise ValidationError({"named": _("一次最多投诉3个对象。")})
        if more.identity in {one.identity for one in [first(self.draft), *here]}:
            raise ValidationError({"named": _("它已经在名单里了")})
        cleaned["further"] = more
        return cleaned


def put(draft: FilingDraft, rows: list[Further], *, now: datetime) -> None:
    """Keep these; the consents that name them are asked anew."""
    draft.data[PLACE] = {FIELD: [str(row) for row in rows]}
    for consent in _NAMING:
        draft.data.get("consents", {}).pop(consent, None)
    drafts.touch(draft, now=now, fields=["data"])


def requests(draft: FilingDraft) -> tuple[RespondentRequest, ...]:
    """The further respondents as the verb `file` takes them."""
    return tuple(requested(row.pick) if row.pick else RespondentRequest(named=row.named) for row in read(draft))


def requested(pick: Pick) -> RespondentRequest:
    return RespondentRequest(enterprise_id=pick.enterprise_id, branch_id=pick.branch_id, brand_id=pick.brand_id)


def names(draft: FilingDraft) -> list[str]:
    """What to call them, in their order; one query."""
    rows = read(draft)
    known = Enterprise.objects.in_bulk({row.pick.enterprise_id for row in rows if row.pick})
    return [row.named if row.pick is None else str(known.get(row.pick.enterprise_id, "")) for row in rows]
