"""What an offer lacks before it is sent: findings that advise and forbid nothing.

A finding names what is missing and where; whether to send is for whoever answers, and what stood then is kept in the
record. What counts as copied is defined in docs/how-to/offers.md and by the cases of its test."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

from complaints import wording
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
class Said:
    """The answer to one demand; ``verdict`` is empty while there is none."""

    demand: int
    verdict: str
    amount: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """One obligation. ``has_day``: by a date, or so many days after another one."""

    kind: str
    amount: Decimal | None = None
    owed_by: str = "enterprise"
    has_day: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
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
    ``is_measure``: one answer for a set of equal cases; ``is_filled_template``: the message is a template of the house
    whose variables about this case were filled in."""

    demands: Sequence[Asked]
    answers: Sequence[Said]
    promises: Sequence[Promised] = ()
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
    def words(self) -> str:
        return wording.label(self.code, kind="offer_finding")


def findings(draft: Draft) -> list[Finding]:
    """Everything that the offer lacks, in the order of ``CODES``; empty for a good one."""
    found = [
        *_unanswered(draft),
        *_no_contact(draft),
        *_no_amount(draft),
        *_no_date(draft),
        *_promised_less(draft),
        *_below_law(draft),
        *_blanks(draft),
        *_copied(draft),
    ]
    return sorted(found, key=lambda one: CODES.index(one.code))


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
    found = []
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
            found.append(Finding("copied", field))
    return found


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
