"""A closed case for the consumer, in an account or by the link of the receipt: what ended, what was done of it, what
can still be done until when."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints import wording
from complaints.acceptance.remedies import Remedy, remedies
from complaints.models import Complaint, Demand, HandlingStep, Matter
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Audience, Outcome, Status
from complaints.reading.case_people import demand_text
from complaints.reading.case_record import body_texts
from complaints.reading.case_settlement import ObligationView, OfferView
from complaints.wording.standing import standing
from web.dates import day_text, last_day_text
from web.templatetags.portal import money


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one promise or demand. ``tone``: ok, warn, bad; ``amount``: money text, "" where there is none."""

    what: str
    how: str
    tone: str
    amount: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """One way that is still open. ``until``: text of the last moment, "" where no rule names one."""

    what: str
    url: str
    until: str = ""
    why: str = ""


class Seen(Protocol):
    """What a page knows of a case."""

    @property
    def complaint(self) -> Complaint: ...
    @property
    def offers(self) -> Sequence[OfferView]: ...
    @property
    def promises(self) -> Sequence[ObligationView]: ...
    @property
    def demands(self) -> Sequence[Demand]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCard:
    """``label``, ``tone`` and ``icon`` of how it ended; ``body``: who has the duty instead; ``elsewhere``: ways without
    a page here."""

    label: str
    tone: str
    icon: str
    reason: str
    body: str
    lines: Sequence[Line]
    doors: Sequence[Door]
    elsewhere: Sequence[Remedy]


def card_of(
    page: Seen,
    *,
    now: datetime,
    conditions: Conditions,
    may: Collection[str],
    undo: Matter | None,
    at: Callable[[str], str],
    dossier: str = "",
) -> ClosedCard | None:
    """None for an open case. ``may``: the steps that the reader may take; ``undo``: what he may take back; ``at``: the
    address of a step's page; ``dossier``: that of the whole file, "" where it is not offered."""
    complaint = page.complaint
    if complaint.closed_at is None:
        return None
    ended = standing(complaint)
    ways = remedies(
        complaint,
        today=conditions.calendar.local_day(now),
        policies=conditions.policies,
        calendar=conditions.calendar,
        may=frozenset(may),
        is_broken=any(p.state_code == "broken" for p in page.promises),
    )
    return ClosedCard(
        label=ended.text,
        tone=ended.tone,
        icon=ended.icon,
        # What the sentence above it says as well, and the lines below it show.
        reason="" if complaint.was_refused_in_full or complaint.outcome == Outcome.SETTLED else ended.why,
        body=_body(complaint),
        lines=[*map(_kept, page.promises), *_came_to_nothing(page)],
        doors=[*_doors(ways, may, undo, at, dossier)],
        elsewhere=[way for way in ways if not way.step],
    )


def _body(complaint: Complaint) -> str:
    """Who has the duty, where the authority had not (art. 16, item 1; arts 34, 44)."""
    if complaint.outcome not in (Outcome.REFUSED, Outcome.REDIRECTED):
        return ""
    closing = HandlingStep.objects.filter(complaint=complaint, audience=Audience.PARTIES, to_status=Status.CLOSED)
    step = closing.order_by("sequence").last()
    return "".join(body_texts(step)) if step is not None else ""


def _kept(promise: ObligationView) -> Line:
    done = promise.row.confirmed_at or promise.row.reported_at
    how = f"{promise.state} {day_text(done)}" if done and promise.state_code == "confirmed" else promise.state
    tone = {"confirmed": "ok", "broken": "bad"}.get(promise.state_code, "warn")
    amount = money(promise.amount) if promise.amount is not None else ""
    return Line(what=promise.what, how=how, tone=tone, amount=amount)


def _came_to_nothing(page: Seen) -> Iterator[Line]:
    """Demands that were given up, and those of a refusal that was let rest, with what the enterprise said to them."""
    said = {a.ordinal: a for offer in reversed(page.offers) for a in offer.answers}
    for demand in page.demands:
        answer = said.get(demand.ordinal)
        if demand.is_given_up:
            how = pgettext("demand", "不再要求")
        elif page.complaint.was_refused_in_full and answer is not None:
            how = answer.verdict
        else:
            continue
        if answer is not None and answer.verdict_code == "refuse" and answer.text:
            how = _("%(how)s；企业说：%(text)s") % {"how": how, "text": answer.text}
        amount = money(demand.amount) if demand.amount is not None else ""
        yield Line(what=demand_text(demand), how=how, tone="bad", amount=amount)


def _doors(
    ways: Sequence[Remedy], may: Collection[str], undo: Matter | None, at: Callable[[str], str], dossier: str
) -> Iterator[Door]:
    """The most urgent first; the undo as long as it works."""
    if undo is not None and undo.until_at is not None:
        what = _("点错了？撤销“%(what)s”") % {"what": wording.label(undo.subject, kind="step")}
        yield Door(what=what, url=at("undo"), until=last_day_text(undo.until_at))
    for way in ways:
        if way.step:
            until = _("最晚%(day)s") % {"day": day_text(way.until)} if way.until is not None else ""
            yield Door(what=way.what, url=at(way.step), until=until, why=way.why)
    if "rate" in may:
        yield Door(what=_("这次办理怎么样？"), url=at("rate"), why=_("评价不影响结果，可以不评。"))
    if "give_publication_consent" in may or "withdraw_publication_consent" in may:
        yield Door(
            what=_("隐去姓名，把这件事公开？"), url=at("publication"), why=_("别人遇到同样的事，能看到怎么解决的。")
        )
    if dossier:
        yield Door(what=_("要一份完整档案"), url=dossier, why=_("PDF、ZIP，可以给法院或者仲裁。"))
