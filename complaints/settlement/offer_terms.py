"""What an offer says, one half written, and what one lacks before it is sent: findings that forbid nothing."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from rapidfuzz import fuzz

from accounts.models import User
from accounts.retention import delete_some
from complaints import wording
from complaints.models import Complaint, Engagement, OfferDraft
from complaints.models.settlement import MONEY_KINDS
from complaints.procedure.categories import DEMAND_BY_CODE

#: In the order in which they are shown.
CODES = ("unanswered", "no_contact", "no_amount", "no_date", "promised_less", "below_law", "blanks", "copied")
#: From here on (of 100) a text is the same as another one; shorter ones are alike by nature.
ALIKE = 90
SHORTEST = 20
#: What a template leaves open, and what people type who mean to fill it in later.
BLANK = re.compile(r"【请填[^】]*】|\{[^{}\n]{1,20}\}|_{3,}|＿{2,}|[xX×]{3,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAnswer:
    """The answer to one demand; ``verdict`` is empty while there is none."""

    demand: int
    verdict: str
    amount: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftObligation:
    """One obligation. ``has_day``: by a date, or so many days after another one."""

    kind: str
    amount: Decimal | None = None
    owed_by: str = "enterprise"
    has_day: bool = True


@dataclass(frozen=True, slots=True)
class OpenDemand:
    """One open demand."""

    ordinal: int
    kind: str
    amount: Decimal | None = None

    @property
    def is_for_money(self) -> bool:
        kind = DEMAND_BY_CODE.get(self.kind)
        return self.amount is not None or (kind is not None and kind.asks_amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An offer before it is sent, and what is known around it.

    ``earlier``: texts of this enterprise's last answers to other cases; ``least``: what the law certainly gives;
    ``is_measure``: one answer for a set of equal cases; ``is_filled_template``: the message is a template of the
    enterprise whose variables about this case were filled in."""

    demands: Sequence[OpenDemand]
    answers: Sequence[DraftAnswer]
    promises: Sequence[DraftObligation] = ()
    message: str = ""
    has_contact: bool = True
    least: Decimal | None = None
    earlier: Sequence[str] = ()
    is_measure: bool = False
    is_filled_template: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What is missing, and the field where it is mended ("" when it is not in the form)."""

    code: str
    field: str = ""

    @property
    def text(self) -> str:
        return wording.label(self.code, kind="offer_finding")


def findings(draft: Draft) -> list[Finding]:
    """Everything that the offer lacks, in the order of ``CODES``; empty for a good one."""
    results = [
        *_unanswered(draft),
        *_no_contact(draft),
        *_no_amount(draft),
        *_no_date(draft),
        *_promised_less(draft),
        *_below_law(draft),
        *_blanks(draft),
        *_copied(draft),
    ]
    return sorted(results, key=lambda one: CODES.index(one.code))


def _unanswered(draft: Draft) -> list[Finding]:
    given = {answer.demand for answer in draft.answers if answer.verdict}
    return [Finding("unanswered", f"answer-{d.ordinal}") for d in draft.demands if d.ordinal not in given]


def _no_contact(draft: Draft) -> list[Finding]:
    return [] if draft.has_contact or draft.is_measure else [Finding("no_contact")]


def _no_amount(draft: Draft) -> list[Finding]:
    if _promised(draft) is not None:
        return []
    asked = {d.ordinal: d for d in draft.demands}
    return [
        Finding("no_amount", f"amount-{a.demand}")
        for a in draft.answers
        if a.verdict in ("grant", "part") and a.amount is None and a.demand in asked and asked[a.demand].is_for_money
    ]


def _no_date(draft: Draft) -> list[Finding]:
    has_day = any(p.owed_by == "enterprise" and p.has_day for p in draft.promises)
    return [] if has_day or all(a.verdict == "refuse" for a in draft.answers) else [Finding("no_date", "add")]


def _promised_less(draft: Draft) -> list[Finding]:
    """The answers grant more than anybody is to pay."""
    granted = _granted(draft)
    promised = _promised(draft) or Decimal(0)
    if not draft.promises or promised >= granted:
        return []
    place = next((n for n, p in enumerate(draft.promises, start=1) if p.kind in MONEY_KINDS), 1)
    return [Finding("promised_less", f"promise-{place}-amount")]


def _below_law(draft: Draft) -> list[Finding]:
    offered = max(_promised(draft) or Decimal(0), _granted(draft))
    return [Finding("below_law", "h-sum")] if draft.least is not None and offered < draft.least else []


def _blanks(draft: Draft) -> list[Finding]:
    return [Finding("blanks", field) for field, text in _texts(draft) if BLANK.search(text)]


def _copied(draft: Draft) -> list[Finding]:
    """Refusals and the words around them; whoever gets all they ask for is not put off by the same sentence."""
    if draft.is_measure:
        return []
    results = []
    granted_whole = {a.demand for a in draft.answers if a.verdict == "grant"}
    earlier = [text for text in map(plain, draft.earlier) if len(text) >= SHORTEST]
    for field, text in _texts(draft):
        if field == "message":
            if draft.is_filled_template or all(a.demand in granted_whole for a in draft.answers):
                continue
        elif int(field.partition("-")[2]) in granted_whole:
            continue
        mine = plain(text)
        if len(mine) >= SHORTEST and any(fuzz.ratio(mine, other, score_cutoff=ALIKE) >= ALIKE for other in earlier):
            results.append(Finding("copied", field))
    return results


def _texts(draft: Draft) -> list[tuple[str, str]]:
    """(field, text) of everything that the consumer reads."""
    return [(f"reason-{a.demand}", a.reason) for a in draft.answers if a.reason] + (
        [("message", draft.message)] if draft.message else []
    )


def _promised(draft: Draft) -> Decimal | None:
    """The money that the enterprise promises; None when it promises none."""
    sums = [
        p.amount for p in draft.promises if p.owed_by == "enterprise" and p.kind in MONEY_KINDS and p.amount is not None
    ]
    return sum(sums, Decimal(0)) if sums else None


def _granted(draft: Draft) -> Decimal:
    return sum((a.amount for a in draft.answers if a.verdict != "refuse" and a.amount is not None), Decimal(0))


def plain(text: str) -> str:
    """What is compared: letters and digits alone, half width, lower case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """To one demand (by ordinal): grant, part or refuse; a reason for the last two."""

    demand: int
    verdict: str
    amount: Decimal | str | None = None
    reason: str = ""
    is_separable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One obligation: a last day, or days after another promise (by its place, from 1)."""

    kind: str
    what: str
    amount: Decimal | str | None = None
    owed_by: str = "enterprise"
    due_on: date | str | None = None
    days_after: int | None = None
    after: int | None = None
    payee_last4: str = ""
    proof: str = ""
    demand: int | None = None


#: A draft that nobody touched for so long is thrown away by the night.
DRAFTS_KEPT = timedelta(days=30)
#: More than an offer can hold (its verb says so too); what is longer is not kept.
LONGEST_DRAFT = 60_000


def keep_draft(
    complaint: Complaint, engagement: Engagement, *, user: User, step: str, typed: Mapping[str, str], now: datetime
) -> bool:
    """Keep what was typed in place of what was kept before. False: it is too long."""
    if sum(len(name) + len(value) for name, value in typed.items()) > LONGEST_DRAFT:
        return False
    row = OfferDraft(
        complaint=complaint,
        user=user,
        enterprise_id=engagement.enterprise_id,
        engagement=engagement,
        typed={"step": step, "fields": dict(typed)},
        saved_at=now,
    )
    # One statement: two savings at once both go through, the later one counts.
    OfferDraft.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["complaint", "user", "enterprise"],
        update_fields=["engagement", "typed", "saved_at"],
    )
    return True


def kept_draft(complaint: Complaint, *, user: User, step: str) -> tuple[dict[str, Any], datetime] | None:
    """The fields as they were typed, and when; None without a draft of this step."""
    row = OfferDraft.objects.filter(complaint=complaint, user=user, enterprise=F("complaint__enterprise")).first()
    if row is None or row.typed.get("step") != step:
        return None
    return row.typed["fields"], row.saved_at


def forget_draft(complaint: Complaint, *, user: User) -> None:
    OfferDraft.objects.filter(complaint=complaint, user=user).delete()


def throw_away_old_drafts(*, now: datetime, limit: int) -> int:
    """What nobody touched for KEPT."""
    return delete_some(OfferDraft.objects.filter(saved_at__lt=now - DRAFTS_KEPT), limit=limit)
