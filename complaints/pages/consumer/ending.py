"""A closed case for the consumer: what ended, what was done of it, and what can still be done until when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from complaints import wording
from complaints.acceptance.remedies import Remedy
from complaints.reading.case import CasePage
from complaints.reading.case_people import demand_text
from complaints.reading.case_settlement import ObligationView
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


def lines_of(page: CasePage) -> list[Line]:
    """What was promised and how each stands; then the demands that came to nothing, by name."""
    return [*map(_kept, page.promises), *_came_to_nothing(page)]


def _kept(promise: ObligationView) -> Line:
    done = promise.row.confirmed_at or promise.row.reported_at
    how = f"{promise.state} {day_text(done)}" if done and promise.state_code == "confirmed" else promise.state
    tone = {"confirmed": "ok", "broken": "bad"}.get(promise.state_code, "warn")
    amount = money(promise.amount) if promise.amount is not None else ""
    return Line(what=promise.what, how=how, tone=tone, amount=amount)


def _came_to_nothing(page: CasePage) -> Iterator[Line]:
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


def doors_of(page: CasePage, ways: Sequence[Remedy], undo_until: datetime | None) -> list[Door]:
    """The most urgent first; the undo as long as it works."""
    number = page.complaint.number

    def at(step: str) -> str:
        return reverse("complaints:case-step", args=[number, step])

    results = []
    matter = page.matters.get("undo")
    if undo_until is not None and matter is not None:
        what = _("点错了？撤销“%(what)s”") % {"what": wording.label(matter.subject, kind="step")}
        results.append(Door(what=what, url=at("undo"), until=last_day_text(undo_until)))
    for way in ways:
        if way.step:
            until = _("最晚%(day)s") % {"day": day_text(way.until)} if way.until is not None else ""
            results.append(Door(what=way.what, url=at(way.step), until=until, why=way.why))
    if page.may("rate"):
        results.append(Door(what=_("这次办理怎么样？"), url=at("rate"), why=_("评价不影响结果，可以不评。")))
    dossier = reverse("complaints:case-dossier", args=[number])
    results.append(Door(what=_("要一份完整档案"), url=dossier, why=_("PDF、ZIP，可以给法院或者仲裁。")))
    return results
