"""What can still be done after a case is closed, each way with its last day; and who has the duty instead of us."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from authorities.policies import Limits, Policies
from complaints.models import Complaint
from complaints.procedure import deadlines
from complaints.procedure.categories import BODY_BY_CODE, SECTORS, sector_of
from complaints.procedure.deadlines import Due
from complaints.procedure.workflow import Outcome
from complaints.procedure.working_calendar import Calendar

O = Outcome  # noqa: E741
#: Ended in agreement and kept, as far as anybody said.
_ENDED_WELL = frozenset({O.SETTLED, O.SETTLED_ELSEWHERE, O.MEDIATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """``until``: the last day, None where no rule names one. ``step``: the page of the case that does it."""

    what: str
    until: date | None = None
    why: str = ""
    step: str = ""

    def is_over(self, today: date) -> bool:
        return self.until is not None and self.until < today


def after(day: date, *, months: int) -> date:
    """The same day so many months later; the last of that month where it has no such day (Civil Code art. 202)."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def late_answer(complaint: Complaint, policies: Policies, calendar: Calendar) -> Due:
    """Until when the consumer may still answer after an unconfirmed end, by the number in force for the case."""
    days = policies.number("late_answer", complaint.handling_region_id).number
    return deadlines.calendar_days(complaint.closed_at or complaint.status_since, days, calendar)


def remedies(
    complaint: Complaint, *, today: date, policies: Policies, calendar: Calendar, may: frozenset[str], is_broken: bool
) -> list[Remedy]:
    """The most useful first; what is over is left out. ``may``: the steps that stand open to the reader."""
    if complaint.closed_at is None:
        return []
    is_bad = complaint.is_not_kept or is_broken or complaint.was_refused_in_full
    ended_well = complaint.outcome in _ENDED_WELL and not is_bad
    ways = [*_here(complaint, policies, calendar, may, ended_well)]
    if not ended_well:
        ways += [*_against_a_decision(complaint, calendar), *_elsewhere(complaint)]
    return [way for way in ways if not way.is_over(today)]


def _here(
    complaint: Complaint, policies: Policies, calendar: Calendar, may: frozenset[str], ended_well: bool
) -> list[Remedy]:
    results = []
    if "answer_late" in may:
        until = late_answer(complaint, policies, calendar).last_day
        why = _("办结后%(late_answer)s内") % Limits(policies, complaint.handling_region_id)
        results.append(Remedy(what=_("现在仍可以答复企业的方案"), until=until, why=why, step="late"))
    if "object" in may:
        results.append(Remedy(what=_("对处理结果提出异议，由另一名工作人员答复"), step="objection"))
    if "refer_to_regulator" in may:
        known, why = known_since(complaint), _("知道或者应当知道权益受损起3年内（办法第十六条第四项）")
        end = after(known, months=36) if known else None
        results.append(Remedy(what=_("交市场监管局，内容和材料一起带去"), until=end, why=why, step="refer"))
    elif ended_well and complaint.outcome == O.SETTLED:
        results.append(Remedy(what=_("企业没有做到的，回到这里，交市场监管局")))
    return results


def _against_a_decision(complaint: Complaint, calendar: Calendar) -> list[Remedy]:
    if complaint.outcome not in (O.REFUSED,) or complaint.closed_at is None:
        return []
    shown = calendar.local_day(complaint.closed_at)
    return [
        Remedy(
            what=_("对不予受理的决定申请行政复议"),
            until=deadlines.calendar_days(complaint.closed_at, 60, calendar, weekend_roll=False).last_day,
            why=_("知道决定起60日内（行政复议法第二十条）"),
        ),
        Remedy(
            what=_("对不予受理的决定向法院提起行政诉讼"),
            until=after(shown, months=6),
            why=_("知道决定起6个月内（行政诉讼法第四十六条）"),
        ),
    ]


def _elsewhere(complaint: Complaint) -> list[Remedy]:
    known = known_since(complaint)
    results = []
    for appeal in sector_of(complaint.object_category).appeals:
        limit = appeal.limit(complaint.problem_category)
        results.append(
            Remedy(what=str(appeal.way), until=after(known, months=limit.months) if known else None, why=str(limit.why))
        )
    results += [
        Remedy(what=_("请消费者协会（消委会）或者依法成立的其他调解组织调解"), why=_("消费者权益保护法第三十九条")),
        Remedy(
            what=_("与企业有仲裁协议的，申请仲裁"),
            until=after(known, months=36) if known else None,
            why=_("时效一般3年（民法典第一百八十八条、第一百九十八条）；投诉、协商可能使它重新计算"),
        ),
        Remedy(
            what=_("向人民法院起诉"),
            until=after(known, months=36) if known else None,
            why=_("时效一般3年（民法典第一百八十八条）；投诉、协商可能使它重新计算"),
        ),
        Remedy(what=_("自己再与企业协商")),
    ]
    return results


def known_since(complaint: Complaint) -> date | None:
    """When the consumer knew or should have known: from here the years are counted."""
    return complaint.learned_on or complaint.disputed_on


#: Those that a step may name.
BODIES = tuple(BODY_BY_CODE)
PHONES: dict[str, str] = {code: body.phone for code, body in BODY_BY_CODE.items()}
#: A consumer association has no duty that ends ours, and "another body" is no answer to where to go.
WITH_A_DUTY = tuple(code for code, body in BODY_BY_CODE.items() if body.has_duty)


def phone_of(body: str) -> str:
    return PHONES.get(body, "")


def body_last_day(body: str, complaint: Complaint) -> date | None:
    """The last day on which ``body`` still takes it; None where no rule names one, or no day is known."""
    since = known_since(complaint)
    appeal = next((appeal for sector in SECTORS for appeal in sector.appeals if appeal.body == body), None)
    if appeal is None or since is None:
        return None
    return after(since, months=appeal.limit(complaint.problem_category).months)
