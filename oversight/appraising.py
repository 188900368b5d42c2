"""The yearly grade of an ODR enterprise: points by a published formula, proposed by one officer and decided by another.

The one rule: points come from the counters of the whole year and from nothing else; another grade than that of the points
needs a reason, which is published beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.models import Officer
from enterprises.enrolment import EnrolmentEntry
from enterprises.models import Appraisal, Enterprise
from odr_portal.accounts.models import User
from oversight.leagues import RANKED_FROM
from oversight.models import MonthEnterprise

#: Counted differently from before gets the next number.
FORMULA = 1
Grade = Appraisal.Grade
#: A from so many points, B from so many; below is C. Whoever was suspended in the year gets no A.
A_FROM, B_FROM = 85, 70
WORKERS = (Officer.Role.HANDLER, Officer.Role.APPROVER)
DECIDERS = (Officer.Role.APPROVER,)
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Part:
    """``good`` of ``whole`` earns that share of ``points``; where ``is_turned`` what is left of the whole does."""

    code: str
    title: Any
    points: int
    good: str
    whole: str
    is_turned: bool = False


PARTS: tuple[Part, ...] = (
    Part("settled", gettext_lazy("消费者确认和解的比率"), 30, "settled", "judged"),
    Part("on_time", gettext_lazy("协商期限届满前结束的比率"), 25, "in_time", "timed"),
    Part("kept", gettext_lazy("按时履行并经确认的约定的比率"), 20, "kept", "promised"),
    Part("again", gettext_lazy("没有60天内重复投诉的比率"), 15, "again", "delivered", is_turned=True),
    Part("last_day", gettext_lazy("没有拖到最后一天的比率"), 10, "last_day", "ended", is_turned=True),
)
_COUNTED = f"""
select enterprise, coalesce(sum(ended_settled), 0) as settled,
       coalesce(sum(ended_settled), 0) + coalesce(sum(ended_unconfirmed), 0) + coalesce(sum(ended_settled_elsewhere), 0)
           + coalesce(sum(ended_failed), 0) as judged,
       coalesce(sum(in_time), 0) as in_time, coalesce(sum(in_time), 0) + coalesce(sum(ended_late), 0) as timed,
       coalesce(sum(promise_kept), 0) as kept, coalesce(sum(promise_due), 0) as promised,
       coalesce(sum(again), 0) as again, coalesce(sum(delivered), 0) as delivered,
       coalesce(sum(ended_last_day), 0) as last_day,
       coalesce(sum(ended_settled), 0) + coalesce(sum(ended_unconfirmed), 0) + coalesce(sum(ended_settled_elsewhere), 0)
           + coalesce(sum(ended_failed), 0) + coalesce(sum(ended_withdrawn), 0) + coalesce(sum(ended_returned), 0) as ended
from {MonthEnterprise._meta.db_table} where branch = 0 and month >= %s and month <= %s and enterprise = any(%s) group by enterprise
"""  # noqa: S608


class AppraisalRefused(Exception):
    """What it says is for whoever asked."""


def last_year(today: date) -> int:
    """The newest year that is over."""
    return today.year - 1


def points_of(figures: Mapping[str, int]) -> dict[str, int]:
    """Of each part its points; one of which nothing came due is left out and the others count for more. Whole points."""
    counted = [part for part in PARTS if figures[part.whole]]
    scale = sum(part.points for part in counted)
    found = {}
    for part in counted:
        good = figures[part.whole] - figures[part.good] if part.is_turned else figures[part.good]
        found[part.code] = (200 * part.points * good + scale * figures[part.whole]) // (2 * scale * figures[part.whole])
    return found


def grade_of(points: int, *, was_suspended: bool) -> str:
    if points >= A_FROM and not was_suspended:
        return str(Grade.A)
    return str(Grade.B if points >= B_FROM else Grade.C)


def computed(enterprises: Sequence[Enterprise], year: int) -> dict[int, dict[str, int]]:
    """The figures of each with thirty or more cases in the year: two statements."""
    ids = [firm.pk for firm in enterprises]
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [date(year, 1, 1), date(year, 12, 1), ids])
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, (int(value) for value in row), strict=True)) for row in cursor.fetchall()]
    suspended = set(EnrolmentEntry.objects.filter(enterprise__in=ids, kind=EnrolmentEntry.Kind.SUSPENDED, at__year=year)
                    .values_list("enterprise_id", flat=True))
    return {row.pop("enterprise"): row | {"suspended": int(row_id in suspended)}
            for row in rows if (row_id := row["enterprise"]) and row["judged"] >= RANKED_FROM}


def offices(user: User, *, on: date, roles: Sequence[str] = WORKERS) -> QuerySet[Officer, Any]:
    """The authorities at which this person may work on appraisals."""
    return Officer.objects.on(on).filter(user=user, role__in=[str(role) for role in roles]).values("authority_id")


def firms_of(user: User, *, on: date) -> QuerySet[Enterprise]:
    return Enterprise.objects.filter(enrolled_by__in=offices(user, on=on)).order_by("pk")


def propose(firm: Enterprise, year: int, grade: str, reason: str, *, by: User, now: datetime) -> Appraisal:
    """Raises AppraisalRefused: too few cases, no reason for another grade, or there is one already."""
    figures = computed([firm], year).get(firm.pk)
    if figures is None:
        raise AppraisalRefused(_("不足%(n)s件，不评。") % {"n": RANKED_FROM})
    points = points_of(figures)
    by_formula = grade_of(sum(points.values()), was_suspended=bool(figures["suspended"]))
    if grade not in Grade.values:
        raise AppraisalRefused(_("请选等级。"))
    if grade != by_formula and not reason.strip():
        raise AppraisalRefused(_("和公式不同的等级，请写理由。"))
    try:
        with transaction.atomic():
            return Appraisal.objects.create(
                enterprise=firm, year=year, formula=FORMULA, figures=figures, points=points, computed=by_formula, grade=grade,
                reason=reason.strip()[:LONGEST] if grade != by_formula else "", proposed_by=by, proposed_at=now)
    except IntegrityError:
        raise AppraisalRefused(_("这家企业这一年已经提出过等级。")) from None


def decide(pk: int, *, agrees: bool, by: User, on: date, now: datetime) -> Appraisal:
    """The second officer: publish it, or give it back (the proposal goes). Raises AppraisalRefused."""
    with transaction.atomic():
        row = (Appraisal.objects.select_for_update(of=("self",)).select_related("enterprise")
               .filter(pk=pk, enterprise__enrolled_by__in=offices(by, on=on, roles=DECIDERS)).first())
        if row is None or row.decided_at is not None:
            raise AppraisalRefused(_("刚有变化，请看最新的。"))
        if row.proposed_by_id == by.pk:
            raise AppraisalRefused(_("由另一名人员决定，不能是提出的人。"))
        if agrees:
            row.decided_by, row.decided_at = by, now
            row.save(update_fields=["decided_by", "decided_at"])
        else:
            row.delete()
    return row
