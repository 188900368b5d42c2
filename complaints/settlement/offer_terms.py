"""What an offer says and what each grant needs (``gaps``: without it no offer is made), and one half written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.retention import delete_some
from complaints.models import Complaint, Demand, Engagement, Obligation, Offer, OfferAnswer, OfferDraft
from complaints.models.settlement import MONEY_KINDS
from complaints.procedure.refusals import WrongInput
from web.templatetags.portal import money


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
    """One obligation: a last day, or days after another promise (by its place, from 1). ``demand``: the ordinal of what
    it answers; may be left out where only one can be meant. ``is_done``: done already, which ``proof`` shows."""

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
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterSum:
    """For how much the consumer would settle one demand (by ordinal)."""

    demand: int
    amount: Decimal | str


def why_no_counter(amount: Decimal, *, asked: Decimal | None, offered: Decimal | None) -> str:
    """Why ``amount`` is no counter-offer to what is ``offered`` for a demand; empty where it is one."""
    if asked is not None and amount > asked:
        return _("多于您要求的%(sum)s。请写%(sum)s以内的金额。") % {"sum": money(asked)}
    if offered and amount <= offered:
        return _("企业已经同意%(sum)s。请写多于它的金额，或者接受这份方案。") % {"sum": money(offered)}
    return "" if amount else _("请写大于0的金额。")


def wanted(offer: Offer) -> dict[int, Decimal]:
    """For how much the consumer, who declined ``offer``, would settle each demand, by its ordinal."""
    said = offer.counter_sums if offer.state == "declined" else {}
    return {int(n): Decimal(amount) for n, amount in said.items()}


def with_sums(answers: Sequence[Answer], asked: Mapping[int, Decimal | None]) -> list[Answer]:
    """Granting without naming a sum means the whole of what was ``asked`` (by ordinal); a refusal gives none."""
    results = []
    for answer in answers:
        amount = None if answer.verdict == "refuse" else answer.amount
        if answer.verdict == "grant" and amount is None:
            amount = asked.get(answer.demand)
        results.append(replace(answer, amount=amount))
    return results


def with_demands(answers: Sequence[Answer], promises: Sequence[Promise]) -> list[Promise]:
    """What the enterprise promises without saying for what belongs to the one grant that it can answer: money to what
    was granted as a sum, all else to what was granted without one. Where several can be meant, it stays open."""
    granted = [a for a in answers if a.verdict != "refuse"]
    sums = [a.demand for a in granted if a.amount]
    acts = [a.demand for a in granted if not a.amount]
    results = []
    for promise in promises:
        could_be = (sums or acts) if promise.kind in MONEY_KINDS else (acts or sums)
        is_open = promise.demand is None and promise.owed_by == "enterprise" and len(could_be) == 1
        results.append(replace(promise, demand=could_be[0]) if is_open else promise)
    return results


def with_promised_sums(answers: Sequence[Answer], promises: Sequence[Promise]) -> list[Answer]:
    """A grant that names no sum comes to what is promised for it."""
    sums = {a.demand: _paid_for(a.demand, promises) for a in answers if a.verdict != "refuse" and a.amount is None}
    return [replace(a, amount=sums[a.demand]) if sums.get(a.demand) else a for a in answers]


def gaps(answers: Sequence[Answer], promises: Sequence[Promise]) -> list[WrongInput]:
    """What keeps each grant from carrying its obligations (procedure, section 3, ``make_offer``): the enterprise owes
    something for every grant, and the money that answers a demand adds up exactly to what is granted for it.

    ``answers`` went through ``with_sums``, ``promises`` through ``with_demands``; their amounts are decimals."""
    results = []
    granted = {a.demand: a for a in answers if a.verdict != "refuse"}
    for place, promise in enumerate(promises, start=1):
        field = f"promise-{place}-demand"
        if promise.demand is not None and promise.demand not in granted and promise.owed_by == "enterprise":
            text = _("第%(n)s项要求没有同意，不能为它写约定。") % {"n": promise.demand}
            results.append(WrongInput("not_granted", text, field=field))
        elif promise.demand is None and promise.owed_by == "enterprise" and promise.kind in MONEY_KINDS:
            if granted:
                text = _("请选这笔钱是为哪一项要求付的。")
                results.append(WrongInput("which_demand", text, field=field))
            else:
                text = _("没有同意任何要求，却约定了付钱：请把相应的要求改成“部分同意”，或者去掉这一项。")
                results.append(WrongInput("not_granted", text, field=field))
    results += [gap for answer in granted.values() if (gap := _gap(answer, promises)) is not None]
    return results


def _gap(answer: Answer, promises: Sequence[Promise]) -> WrongInput | None:
    """What this one grant lacks, or promises too much."""
    granted = Decimal(answer.amount or 0)
    paid, n = _paid_for(answer.demand, promises), answer.demand
    places = [
        place
        for place, p in enumerate(promises, start=1)
        if p.demand == n and p.owed_by == "enterprise" and p.kind in MONEY_KINDS
    ]
    # In the last row of several: the first ones were meant so.
    field = f"promise-{places[-1]}-amount" if places else f"answer-{n}"
    slot = {"n": n, "granted": money(granted), "promised": money(paid), "missing": money(abs(granted - paid))}
    if answer.amount is not None and paid < granted:
        text = _("第%(n)s项要求同意了%(granted)s，约定要付的只有%(promised)s：还差%(missing)s。")
        return WrongInput("promised_less", text % slot, field=field)
    if answer.amount is not None and paid > granted:
        text = _("第%(n)s项要求同意了%(granted)s，约定要付的是%(promised)s：多了%(missing)s。请把两处写成一样。")
        return WrongInput("promised_more", text % slot, field=field)
    if any(p.demand == n and p.owed_by == "enterprise" for p in promises):
        return None
    text = _("同意了第%(n)s项要求，但没有约定怎样做到、哪天做到。请为它写一项约定。")
    return WrongInput("no_promise", text % slot, field=field)


@dataclass(frozen=True, slots=True)
class Missing:
    """What an offer of former days grants and the enterprise nowhere promised: money, and the demands that were granted
    without a sum and without anything to be done (a cancelled service, a repair, an apology)."""

    amount: Decimal | None = None
    acts: tuple[Demand, ...] = ()

    def __bool__(self) -> bool:
        return self.amount is not None or bool(self.acts)


NOTHING_MISSING = Missing()


def unpromised(
    offer: Offer, answers: Iterable[OfferAnswer], obligations: Iterable[Obligation], *, last: Mapping[int, int]
) -> Missing:
    """What an offer that is in force, or lies with the consumer, grants and the enterprise did not promise. Only offers
    of former days, before ``gaps``, promised less.

    ``answers``: its own, with their demands; ``obligations``: those of the case; ``last``: ``answered_last``. Of an
    offer that was accepted in part, what was given up or left to the authority is not granted."""
    if offer.state not in ("open", "accepted"):
        return NOTHING_MISSING
    mine = [o for o in obligations if o.offer_id == offer.pk]
    dropped = {o.answers_demand_id for o in mine if o.state == "dropped"}
    granted = [
        a
        for a in answers
        if a.verdict != "refuse"
        and last[a.demand_id] == offer.pk
        and not a.demand.is_given_up
        and a.demand_id not in dropped
    ]
    if any(a.demand.is_settled for a in granted):
        granted = [a for a in granted if a.demand.is_settled]
    owed = [o for o in mine if o.state != "dropped" and o.owed_by == "enterprise"]
    sums = {a.demand_id: a.demand.amount if a.verdict == "grant" and a.amount is None else a.amount for a in granted}
    paid = (o.amount for o in owed if o.kind in MONEY_KINDS)
    missing = sum(filter(None, sums.values()), Decimal(0)) - sum(filter(None, paid), Decimal(0))
    # What says of no demand may be for any that was granted without a sum; money only where no sum was granted.
    loose = [o for o in owed if o.answers_demand_id is None and (o.kind not in MONEY_KINDS or not any(sums.values()))]
    kept = {o.answers_demand_id for o in owed}
    acts = [] if loose else [a.demand for a in granted if not sums[a.demand_id] and a.demand_id not in kept]
    return Missing(missing if missing > 0 else None, tuple(sorted(acts, key=lambda demand: demand.ordinal)))


def answered_last(offers: Iterable[Offer], answers: Iterable[OfferAnswer]) -> dict[int, int]:
    """Demand → the newest of these offers that answers it; answers of other offers are left out."""
    numbers = {offer.pk: offer.number for offer in offers}
    known = [answer for answer in answers if answer.offer_id in numbers]
    return {a.demand_id: a.offer_id for a in sorted(known, key=lambda a: numbers[a.offer_id])}


def _paid_for(demand: int, promises: Sequence[Promise]) -> Decimal:
    """The money that the enterprise promises for this demand."""
    rows = (p for p in promises if p.demand == demand and p.owed_by == "enterprise" and p.kind in MONEY_KINDS)
    return sum((Decimal(p.amount or 0) for p in rows), Decimal(0))


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
