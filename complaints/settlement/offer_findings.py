"""What an offer lacks before it is sent: findings that forbid nothing. What is left blank stops it (``left_blank``)."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from rapidfuzz import fuzz

from authorities.law.citations import miscited
from complaints import wording
from complaints.listening import answering
from complaints.listening.answer_patterns import answer_patterns
from complaints.listening.answer_text import Found
from complaints.listening.answering import Known
from complaints.listening.row_by_row import Said
from complaints.models.settlement import MONEY_KINDS
from complaints.procedure.categories import DEMAND_BY_CODE
from complaints.settlement.offer_terms import Answer, Promise
from complaints.wording.settlement import field_of_offer

#: In the order in which they are shown. What is read in the words comes from answers.toml, in its order.
BESIDE_THE_WORDS = ("unanswered", "no_contact", "no_amount", "below_law", "copied")
NEVER_ALONE = tuple(kind.code for kind in answer_patterns().kinds if kind.second)
CODES = (
    *NEVER_ALONE,
    *BESIDE_THE_WORDS,
    *(kind.code for kind in answer_patterns().kinds if not kind.second and kind.code != "blanks"),
)
#: From here on (of 100) a text is the same as another one; shorter ones are alike by nature.
ALIKE = 90
SHORTEST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftAnswer:
    """The answer to one demand; ``verdict`` is empty while there is none."""

    demand: int
    verdict: str
    amount: Decimal | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftObligation:
    """One obligation; ``demand``: the ordinal of what it answers."""

    kind: str
    amount: Decimal | None = None
    owed_by: str = "enterprise"
    what: str = ""
    proof: str = ""
    due_on: date | None = None
    demand: int | None = None


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
    enterprise whose variables about this case were filled in; ``contact`` and ``has_enclosure``: as ``Known`` says."""

    demands: Sequence[OpenDemand]
    answers: Sequence[DraftAnswer]
    promises: Sequence[DraftObligation] = ()
    message: str = ""
    has_contact: bool = True
    least: Decimal | None = None
    earlier: Sequence[str] = ()
    is_measure: bool = False
    is_filled_template: bool = False
    today: date = date.min
    contact: str = "none"
    has_enclosure: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What is missing, and the field where it is mended ("" when it is not in the form). ``quote``: the words it rests
    on, which stand at ``place`` (first letter, letter behind the last) of the field as typed."""

    code: str
    field: str = ""
    quote: str = dataclasses.field(default="", compare=False)
    place: tuple[int, int] | None = dataclasses.field(default=None, compare=False)

    @property
    def text(self) -> str:
        """The reason, in words."""
        kind = answer_patterns().kind(self.code)
        return str(kind.reason) if kind else wording.label(self.code, kind="offer_finding")

    @property
    def better(self) -> str:
        """A better example; empty for what is not read in the words."""
        kind = answer_patterns().kind(self.code)
        return str(kind.better) if kind else ""

    @property
    def in_short(self) -> str:
        """What it is, with the words it rests on."""
        label = wording.label(self.code, kind="offer_finding")
        return _("%(what)s：“%(quote)s”") % {"what": label, "quote": self.quote} if self.quote else label

    @property
    def where(self) -> str:
        """The field, in words."""
        return field_of_offer(self.field)

    @property
    def is_second(self) -> bool:
        """Whether it needs a second person."""
        return self.code in NEVER_ALONE

    def kept(self) -> dict[str, object]:
        """As an entry of the record holds it: the words themselves lie beside it, so only their place."""
        return {"code": self.code, "field": self.field} | ({"place": list(self.place)} if self.place else {})


def of_kept(kept: Iterable[Mapping[str, Any]], texts: Mapping[str, str]) -> list[Finding]:
    """What ``Finding.kept`` gave, quoted anew from the words of the fields (``texts``); without a quote where they are
    gone."""
    results = []
    for one in kept:
        place = one.get("place")
        quote = texts.get(one["field"], "")[slice(*place)] if place else ""
        results.append(Finding(one["code"], one["field"], quote, tuple(place) if place else None))
    return results


def of_entry(kept: Iterable[Mapping[str, Any]], said: Mapping[str, str]) -> list[Finding]:
    """The same from the texts of the entry of an offer (``said``, by their kind)."""
    texts = {"message": said.get("message", "")}
    for kind, text in said.items():
        texts[kind.replace("answer_", "reason-")] = text
    return of_kept(kept, texts)


def findings(draft: Draft) -> list[Finding]:
    """Everything that the offer lacks, in the order of ``CODES``; empty for a good one."""
    results = [
        *_unanswered(draft),
        *_no_contact(draft),
        *_no_amount(draft),
        *_below_law(draft),
        *_copied(draft),
        *_read(draft),
    ]
    return sorted(results, key=lambda one: CODES.index(one.code))


def _unanswered(draft: Draft) -> list[Finding]:
    given = {answer.demand for answer in draft.answers if answer.verdict}
    return [Finding("unanswered", f"answer-{d.ordinal}") for d in draft.demands if d.ordinal not in given]


def _no_contact(draft: Draft) -> list[Finding]:
    return [] if draft.has_contact or draft.is_measure else [Finding("no_contact")]


def _no_amount(draft: Draft) -> list[Finding]:
    """Money that is granted and comes to no sum, neither by its answer nor by what is promised for it."""
    asked = {d.ordinal: d for d in draft.demands}
    money = [p for p in draft.promises if p.owed_by == "enterprise" and p.kind in MONEY_KINDS and p.amount is not None]
    if any(p.demand is None for p in money):
        return []
    paid = {p.demand for p in money}
    return [
        Finding("no_amount", f"amount-{a.demand}")
        for a in draft.answers
        if a.verdict in ("grant", "part")
        and a.amount is None
        and a.demand not in paid
        and a.demand in asked
        and asked[a.demand].is_for_money
    ]


def _below_law(draft: Draft) -> list[Finding]:
    offered = max(_promised(draft) or Decimal(0), _granted(draft))
    return [Finding("below_law", "h-sum")] if draft.least is not None and offered < draft.least else []


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


def _read(draft: Draft) -> Iterator[Finding]:
    """What is read in the words, beside the rows that each text is about."""
    asked = {d.ordinal: d for d in draft.demands}
    rows = {
        a.demand: Said(kind=asked[a.demand].kind, verdict=a.verdict, amount=a.amount, asked=asked[a.demand].amount)
        for a in draft.answers
        if a.verdict and a.demand in asked
    }
    for a in draft.answers:
        if a.reason and a.demand in rows:
            known = _known(draft, a.demand)
            yield from _found(
                f"reason-{a.demand}", answering.read(a.reason, [rows[a.demand]], known, beside=draft.message)
            )
            yield from citations_in(f"reason-{a.demand}", a.reason)
    reasons = "\n".join(a.reason for a in draft.answers)
    yield from _found("message", answering.read(draft.message, [*rows.values()], _known(draft), beside=reasons))
    yield from citations_in("message", draft.message)
    for place, promise in enumerate(draft.promises, start=1):
        yield from never_alone(_promised_words(place, promise))


def citations_in(name: str, text: str) -> Iterator[Finding]:
    """Articles that a text of whoever it is cites and that are not there so."""
    for one in miscited(text):
        yield Finding(one.code, name, text[one.start : one.end], (one.start, one.end))


def _known(draft: Draft, demand: int | None = None) -> Known:
    days = [(p.demand, p.due_on) for p in draft.promises if p.owed_by == "enterprise" and p.due_on is not None]
    mine = [day for of, day in days if demand is not None and of == demand] or [day for _of, day in days]
    return Known(
        today=draft.today, contact=draft.contact, has_enclosure=draft.has_enclosure, last_day=max(mine, default=None)
    )


def _found(name: str, results: Sequence[Found]) -> Iterator[Finding]:
    for one in results:
        if one.code != "blanks":
            yield _finding(name, one)


@dataclass(frozen=True, slots=True)
class Words:
    """A text of an offer and its field; ``is_asked``: what the consumer is to do."""

    field: str
    text: str
    is_asked: bool = False


def words_of(answers: Sequence[Answer], promises: Sequence[Promise], message: str) -> list[Words]:
    """Everything that an offer says in words."""
    words = [*(Words(f"reason-{answer.demand}", answer.reason) for answer in answers), Words("message", message)]
    for place, promise in enumerate(promises, start=1):
        words += _promised_words(place, promise)
    return [one for one in words if one.text]


def _promised_words(place: int, promise: Promise | DraftObligation) -> list[Words]:
    is_asked = promise.owed_by == "consumer"
    return [
        Words(f"promise-{place}-what", promise.what, is_asked),
        Words(f"promise-{place}-proof", promise.proof, is_asked),
    ]


def never_alone(words: Iterable[Words]) -> list[Finding]:
    """The sentences that no offer carries in one name: threats and conditions."""
    return [finding for finding in _alone(words) if finding.code in NEVER_ALONE]


def blanks(words: Iterable[Words]) -> list[Finding]:
    """Where a blank is left, which stops the sending."""
    return [finding for finding in _alone(words) if finding.code == "blanks"]


def _alone(words: Iterable[Words]) -> Iterator[Finding]:
    for one in words:
        for found in answering.read_alone(one.text, is_asked=one.is_asked):
            yield _finding(one.field, found)


def _finding(name: str, found: Found) -> Finding:
    return Finding(found.code, name, found.quote, (found.start, found.end))


def plain(text: str) -> str:
    """What is compared: letters and digits alone, half width, lower case."""
    return "".join(sign for sign in unicodedata.normalize("NFKC", text).casefold() if sign.isalnum())
