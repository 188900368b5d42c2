"""What was said is checked here once: texts, amounts, choices, who is meant. A refusal names the field and the way out
(WrongInput), and nothing is cut, rounded or guessed."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from authorities.periods import YEARS
from complaints.casefile.case_file import CaseFile
from complaints.models import Complaint, Evidence, Matter, Obligation, Offer
from complaints.parties.actors import Actor
from complaints.procedure import typed_values
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.working_calendar import SHANGHAI
from enterprises.models import Branch, Enterprise, MediationBody
from web.incoming import whole

LONGEST = 4000


def text(value: str, field: str, *, needed: bool = True, longest: int = LONGEST, shortest: int = 1) -> str:
    """NFC, no NUL, not longer than ``longest`` characters; empty only when not needed."""
    tidy = unicodedata.normalize("NFC", value or "").strip()
    if "\x00" in tidy:
        raise WrongInput("bad_text", _("文字里有不能保存的字符，请删去后重试。"), field=field)
    if not tidy and needed:
        raise WrongInput("missing", _("请填写这一项。"), field=field)
    if tidy and len(tidy) < shortest:
        raise WrongInput("too_short", _("请至少写%(n)s个字。") % {"n": shortest}, field=field)
    if len(tidy) > longest:
        raise WrongInput("too_long", _("最多%(n)s个字，现在有%(m)s个。") % {"n": longest, "m": len(tidy)}, field=field)
    return tidy


def money(value: Decimal | str | int | None, field: str) -> Decimal | None:
    """Yuan and cents, not negative; None stays None. A text is read as people write sums, never as 1e9."""
    if value is None or value == "":
        return None
    amount = _read(value) if isinstance(value, str) else Decimal(value)
    if (
        not amount.is_finite()
        or amount < 0
        or amount >= Decimal(10) ** 12
        or amount != amount.quantize(Decimal("0.01"))
    ):
        raise WrongInput("bad_amount", _("金额请填数字，例如 128.50"), field=field)
    return amount


def _read(text: str) -> Decimal:
    try:
        return typed_values.money(text)
    except ValidationError:
        return Decimal("NaN")


def choice(value: str, allowed: Collection[str], field: str) -> str:
    if value not in allowed:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field=field)
    return value


def day(value: date | str | None, field: str) -> date | None:
    """A day of YEARS; None stays None."""
    if value is None or value == "":
        return None
    if not isinstance(value, date):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise WrongInput("bad_day", _("日期请写成 2026-12-02 这样。"), field=field) from None
    _in_our_years(value, field)
    return value


def moment(value: datetime | str | None, field: str) -> datetime | None:
    """A moment of YEARS in the time of the country; a day alone means its beginning, None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace("/", "-"))
        except (ValueError, OverflowError):
            raise WrongInput("bad_day", _("时间请写成 2026-12-02 09:30 这样。"), field=field) from None
    # Before anything is asked of it: at the ends of what a date can hold no zone can be reckoned.
    _in_our_years(value, field)
    return value if value.tzinfo is not None else value.replace(tzinfo=SHANGHAI)


def _in_our_years(value: date, field: str) -> None:
    if not YEARS[0] <= value.year <= YEARS[1]:
        raise WrongInput("bad_day", _("年份请写在2000和2100之间。"), field=field)


def open_offer(file: CaseFile) -> Offer:
    offer = file.open_offer
    if offer is None:
        raise StepNotAllowed("no_offer", _("现在没有等待答复的方案。"))
    return offer


def open_matter(file: CaseFile, kind: str, matter_id: int | None = None) -> Matter:
    """The open matter of this kind (the one named, when there may be several)."""
    for matter in file.matters:
        if matter.kind == kind and matter.state == "open" and matter_id in (None, matter.pk):
            return matter
    raise StepNotAllowed("nothing_open", _("没有等待办理的这一事项。"))


def obligations(
    file: CaseFile, ordinals: Sequence[int], states: Collection[str], owed_by: str = ""
) -> list[Obligation]:
    """The named obligations in one of ``states``; refuses when one is not."""
    results = []
    for ordinal in ordinals:
        row = next((o for o in file.obligations if o.ordinal == ordinal), None)
        if row is None or row.state not in states or (owed_by and row.owed_by != owed_by):
            raise StepNotAllowed(
                "not_this_obligation", _("第%(n)s项约定现在不能这样处理。") % {"n": ordinal}, field="obligations"
            )
        results.append(row)
    if not results:
        raise WrongInput("missing", _("请至少选一项约定。"), field="obligations")
    return results


def debtor_side(actor: Actor) -> str:
    return "enterprise" if actor.side == "enterprise" else "consumer"


def creditor_of(owed_by: str) -> str:
    return "consumer" if owed_by == "enterprise" else "enterprise"


def check_named_rows(case: Complaint, step: str, values: Mapping[str, Any]) -> None:
    """Raises WrongInput."""
    digests = set(values.get("files") or ())
    if digests and digests - set(
        Evidence.objects.filter(complaint=case, audience="parties").values_list("sha256", flat=True)
    ):
        raise WrongInput("bad_choice", _("请先上传这些材料，再用它们的sha256。"), field="files")
    if values.get("body_id") is not None and not MediationBody.objects.filter(pk=values["body_id"]).exists():
        raise WrongInput("bad_choice", _("没有找到这个组织，请重新选择。"), field="body_id")
    enterprise, branch = values.get("enterprise_id"), values.get("branch_id")
    if enterprise is not None and not Enterprise.objects.filter(pk=enterprise).exists():
        raise WrongInput("bad_choice", _("没有找到这家企业，请重新选择。"), field="enterprise_id")
    if branch is not None and not Branch.objects.filter(pk=branch, enterprise_id=enterprise or 0).exists():
        raise WrongInput("bad_choice", _("没有找到这家分支机构，请重新选择。"), field="branch_id")
    if step == "resume_performance" and any(whole(name, 5) is None for name in values["dates"]):
        raise WrongInput("bad_choice", _("请用约定的序号作字段名。"), field="dates")
