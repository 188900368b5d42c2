"""Offers and promises of a case in the words of the components that show them: every demand beside its answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from complaints import wording
from complaints.models import Complaint, Deadline, Demand, Matter, Obligation, Offer, OfferAnswer
from complaints.models.settlement import MONEY_KINDS
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case_people import demand_text
from complaints.settlement import offer_terms
from complaints.settlement.legal_minimum import minimum_of
from complaints.settlement.offer_terms import NOTHING_MISSING, Missing
from web.templatetags.portal import money

VERDICT_TONES = {"grant": "ok", "part": "warn", "refuse": "bad"}
OFFER_TONES = {"open": "warn", "accepted": "ok"}
OBLIGATION_TONES = {"due": "info", "reported": "warn", "confirmed": "ok", "broken": "bad"}
#: What was only proposed, and promises that are no longer anybody's business.
_NOT_IN_FORCE = frozenset({"proposed", "dropped"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """One demand beside its answer (components/offer_card.html)."""

    ordinal: int
    demand: str
    asked: Decimal | None
    note: str
    verdict: str
    verdict_code: str
    tone: str
    text: str
    amount: Decimal | None
    is_separable: bool
    #: Against the offer before it, in words: 更好 ▲, 更差 ▼, 没变; empty for the first.
    change: str = ""
    #: What the law gives for this demand at least, a sentence each; None where it is not shown.
    law: list[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationView:
    """One promise (components/obligation_row.html), with its row for those who act on it."""

    row: Obligation
    #: Its number in the case, by which steps name it; people read ``number``.
    ordinal: int
    #: Its place in its own offer or agreement, from 1; with ``source`` before it where promises of several stand.
    number: int
    what: str
    amount: Decimal | None
    to_whom: str
    due_on: date | None
    due_text: str
    proof: str
    state: str
    state_code: str
    state_tone: str
    owed_by: str
    clock: Deadline | None = None
    url: str = ""
    #: Kept in time, late, not yet due: said in words; and until when the other side had to do its part.
    timing: str = ""
    #: The consumer may say now that it was not done.
    may_be_broken: bool = False
    #: 第2份方案; empty where only one offer or agreement of the case was ever in force.
    source: str = ""

    @property
    def name(self) -> str:
        """1, or 第2份方案第1项 beside promises of another offer."""
        return _("%(source)s第%(n)s项") % {"source": self.source, "n": self.number} if self.source else str(self.number)

    @property
    def is_done_already(self) -> bool:
        """The offer on the table says that it was done before."""
        return self.state_code == "proposed" and self.row.reported_at is not None

    @property
    def is_overdue(self) -> bool:
        return self.clock is not None and self.clock.state == "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """One offer, its answers and what follows from it; ``offer`` is the row."""

    offer: Offer
    number: int
    title: str
    at: datetime
    by: str
    state: str
    state_code: str
    state_tone: str
    message: str
    answers: list[AnswerView] = field(default_factory=list)
    obligations: list[ObligationView] = field(default_factory=list)
    total: Decimal | None = None
    #: What the consumer answered: the reason of a no, and the counter-offer.
    reply: str = ""
    counter: str = ""
    #: The total and the last day against the offer before it, in words.
    total_change: str = ""
    last_day: date | None = None
    last_day_change: str = ""
    #: What an offer of former days granted and nobody promised.
    unpromised: Missing = NOTHING_MISSING

    @property
    def is_open(self) -> bool:
        return self.state_code == "open"

    @property
    def shows_law(self) -> bool:
        return any(answer.law is not None for answer in self.answers)

    @property
    def rest_is_open(self) -> bool:
        """Whether what was refused may go on although the granted part is accepted: the part is no whole with it."""
        granted = [a for a in self.answers if a.verdict_code != "refuse"]
        return len(granted) < len(self.answers) and all(a.is_separable for a in granted)

    @property
    def may_be_split(self) -> bool:
        """Whether some demand may be accepted without the others."""
        return len(self.answers) > 1 and any(a.is_separable for a in self.answers)


def with_law(offer: OfferView, complaint: Complaint, demands: Sequence[Demand]) -> OfferView:
    """The same offer, with what the law gives at least beside each answer."""
    minimum, kinds = minimum_of(complaint, demands), {d.ordinal: d.kind for d in demands}
    return replace(offer, answers=[replace(a, law=minimum.lines_for(kinds.get(a.ordinal, ""))) for a in offer.answers])


def offers_of(
    offers: Sequence[Offer], answers: Iterable[OfferAnswer], obligations: Sequence[ObligationView]
) -> list[OfferView]:
    """Newest first. ``answers`` come with their demands."""
    by_offer: dict[int, list[OfferAnswer]] = {}
    for answer in answers:
        by_offer.setdefault(answer.offer_id, []).append(answer)
    results: list[OfferView] = []
    last = offer_terms.answered_last(offers, (a for rows in by_offer.values() for a in rows))
    for offer in sorted(offers, key=lambda o: o.number):
        before = results[-1] if results and results[-1].offer.engagement_id == offer.engagement_id else None
        mine = [o for o in obligations if o.row.offer_id == offer.pk]
        days = [o.due_on for o in mine if o.due_on is not None and o.owed_by == "enterprise"]
        last_day, total = max(days, default=None), total_of(mine)
        results.append(
            OfferView(
                offer=offer,
                number=offer.number,
                title=_("第%(n)s份方案") % {"n": offer.number},
                at=offer.made_at,
                by=offer.made_by_name,
                state=wording.label(offer.state, kind="offer_state"),
                state_code=offer.state,
                state_tone=OFFER_TONES.get(offer.state, "neutral"),
                message=offer.message,
                answers=[
                    _answer(a, before) for a in sorted(by_offer.get(offer.pk, []), key=lambda a: a.demand.ordinal)
                ],
                obligations=mine,
                total=total,
                last_day=last_day,
                counter=_counter(offer, by_offer.get(offer.pk, [])),
                reply=wording.label(offer.decline_reason, kind="decline_reason") if offer.decline_reason else "",
                total_change=_more_or_less(total, before.total) if before else "",
                last_day_change=_sooner_or_later(last_day, before.last_day) if before else "",
                unpromised=offer_terms.unpromised(offer, by_offer.get(offer.pk, []), [o.row for o in mine], last=last),
            )
        )
    return results[::-1]


def _counter(offer: Offer, answers: Iterable[OfferAnswer]) -> str:
    """What the consumer would settle for: a line for each sum, then the words."""
    titles = {str(a.demand.ordinal): wording.label(a.demand.kind, kind="demand_kind") for a in answers}
    sums = [f"{titles.get(n, n)} {money(Decimal(amount))}" for n, amount in sorted(offer.counter_sums.items())]
    return "\n".join([*sums, *filter(None, [offer.counter_demand])])


_RANK = {"refuse": 0, "part": 1, "grant": 2}


def _change(answer: OfferAnswer, text: str, before: OfferView | None) -> str:
    """What this answer is worth against the one to the same demand in the offer before it."""
    old = next((a for a in before.answers if a.ordinal == answer.demand.ordinal), None) if before else None
    if old is None:
        return ""
    better = _RANK[answer.verdict] - _RANK[old.verdict_code]
    if better:
        return (_("▲ 更好：上次是“%(old)s”") if better > 0 else _("▼ 更差：上次是“%(old)s”")) % {"old": old.verdict}
    if answer.amount is not None or old.amount is not None:
        return _more_or_less(answer.amount, old.amount)
    return _("没变") if text == old.text else _("结果没变，理由有变")


def _more_or_less(amount: Decimal | None, old: Decimal | None) -> str:
    more = (amount or Decimal(0)) - (old or Decimal(0))
    if not more:
        return _("没变") if amount is not None else ""
    return (_("▲ 多%(amount)s") if more > 0 else _("▼ 少%(amount)s")) % {"amount": money(abs(more))}


def _sooner_or_later(day: date | None, old: date | None) -> str:
    if day is None or old is None:
        return ""
    if day == old:
        return _("没变")
    n = abs((day - old).days)
    text = ngettext("▲ 早%(n)s天", "▲ 早%(n)s天", n) if day < old else ngettext("▼ 晚%(n)s天", "▼ 晚%(n)s天", n)
    return text % {"n": n}


def total_of(obligations: Iterable[ObligationView]) -> Decimal | None:
    """The money that the enterprise promises; None when it promises none."""
    amounts = [
        o.amount
        for o in obligations
        if o.amount is not None and o.row.kind in MONEY_KINDS and o.owed_by == "enterprise"
    ]
    return sum(amounts, Decimal(0)) if amounts else None


def _answer(answer: OfferAnswer, before: OfferView | None) -> AnswerView:
    is_part = answer.verdict == "part" and answer.amount is not None
    part = _("同意%(amount)s") % {"amount": money(answer.amount)} if is_part else ""
    text = "\n".join(line for line in (part, answer.reason) if line)
    shown = answer_view(
        answer.demand, answer.verdict, text=text, amount=answer.amount, is_separable=answer.is_separable
    )
    return replace(shown, change=_change(answer, text, before))


def answer_view(
    demand: Demand, verdict: str, *, text: str, amount: Decimal | None, is_separable: bool = False
) -> AnswerView:
    """What is said to one demand, as the card of an offer shows it."""
    return AnswerView(
        ordinal=demand.ordinal,
        demand=demand_text(demand),
        asked=demand.amount,
        note=demand.note,
        verdict=wording.label(verdict, kind="verdict"),
        verdict_code=verdict,
        tone=VERDICT_TONES[verdict],
        text=text,
        amount=amount,
        is_separable=is_separable,
    )


def obligations_of(
    obligations: Iterable[Obligation],
    clocks: Iterable[Deadline],
    *,
    side: str,
    today: date,
    offers: Iterable[Offer] = (),
) -> list[ObligationView]:
    """In the order in which they were promised; those that never came into force too. ``offers``: those of the case."""
    live = {c.obligation_id: c for c in clocks if c.obligation_id and c.ended_at is None}
    rows = list(obligations)
    numbers = numbers_of(rows)
    is_one = len({_source(row) for row in rows if row.state not in _NOT_IN_FORCE}) <= 1
    titles: dict[int | None, str] = {offer.pk: _("第%(n)s份方案") % {"n": offer.number} for offer in offers}
    titles[None] = _("调解协议")
    views = (_obligation(row, live.get(row.pk), side, today, numbers) for row in rows)
    return [view if is_one else replace(view, source=titles.get(view.row.offer_id, "")) for view in views]


def numbers_of(rows: Iterable[Obligation]) -> dict[int, int]:
    """Ordinal in the case → place in the own offer or agreement, from 1."""
    counted: dict[tuple[int | None, int], int] = {}
    results = {}
    for row in sorted(rows, key=lambda row: row.ordinal):
        source = _source(row)
        results[row.ordinal] = counted[source] = counted.get(source, 0) + 1
    return results


def _source(row: Obligation) -> tuple[int | None, int]:
    return row.offer_id, row.settlement


def in_force(obligations: Iterable[ObligationView]) -> list[ObligationView]:
    """The ledger: what was agreed, without what was only proposed or was dropped."""
    return [o for o in obligations if o.state_code not in _NOT_IN_FORCE]


def _obligation(
    row: Obligation, clock: Deadline | None, side: str, today: date, numbers: Mapping[int, int]
) -> ObligationView:
    kind = wording.label(row.kind, kind="obligation_kind")
    where = _("%(kind)s，尾号%(last4)s") % {"kind": kind, "last4": row.payee_last4} if row.payee_last4 else kind
    state = wording.label(row.state, kind="obligation_state")
    if row.state == "proposed":
        state = _("接受后生效")
    late = clock is not None and clock.state == "lapsed"
    who = _("您来做") if side == "consumer" else _("由消费者做")
    later = _("第%(n)s项确认后%(days)s个工作日内") % {
        "n": numbers.get(row.after_ordinal or 0, 0),
        "days": row.days_after,
    }
    was_done = row.state == "proposed" and row.reported_at is not None
    return ObligationView(
        row=row,
        ordinal=row.ordinal,
        number=numbers[row.ordinal],
        what=row.what,
        amount=row.amount,
        to_whom=f"{who} · {where}" if row.owed_by == "consumer" else where,
        due_on=None if was_done else row.due_on,
        due_text=_("企业说已经做到") if was_done else "" if row.due_on else later,
        proof=row.reported_proof or row.proof or wording.label(row.kind, kind="obligation_proof"),
        state=state,
        state_code=row.state,
        state_tone="bad" if late else OBLIGATION_TONES.get(row.state, "neutral"),
        owed_by=row.owed_by,
        clock=clock,
        timing=_timing(row, today),
        may_be_broken=row.owed_by == "enterprise"
        and (
            row.state in ("reported", "silent") or (row.state == "due" and (row.due_on is None or row.due_on < today))
        ),
    )


def _timing(row: Obligation, today: date) -> str:
    """Whether it was done in time. Said only of what came into force and has a day."""
    if row.state == "confirmed":
        done = row.reported_at or row.confirmed_at
        if row.is_late or (
            done is not None and row.due_on is not None and done.astimezone(SHANGHAI).date() > row.due_on
        ):
            return _("迟了")
        return _("按时")
    if row.state == "broken":
        return _("没有做到")
    if row.state == "due" and row.due_on is not None:
        return _("已过期") if row.is_late or row.due_on < today else _("还没到期")
    return ""


def proposed_days(matters: Mapping[str, Matter]) -> dict[str, str]:
    """The new days that one side named for what was broken: ordinal → ISO date."""
    matter = matters.get("redate")
    return dict(matter.data.get("dates", {})) if matter is not None else {}


def demand_with_amount(demand: Demand) -> str:
    """退还货款或服务费 ¥128.50"""
    text = demand_text(demand)
    return text if demand.amount is None else f"{text} {money(demand.amount)}"
