"""The yearly grade of an ODR enterprise: points by a published formula, proposed by one officer and decided by another.

Points come from the published quarters of the year and from nothing else, so they tell nothing that these do not;
another grade than that of the points needs a reason, which is published beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.models import User
from accounts.public_pages import public_page
from accounts.roles import Right
from accounts.sign_in import persons
from authorities.models import Officer, Region
from complaints.desks.authority_workspace import Workspace, officer_page
from enterprises.models import Appraisal, Enterprise
from enterprises.models.enrolment import EnrolmentEntry
from oversight.open_data import issuing, reading
from oversight.open_data.reading import FileLine
from web.incoming import ID_DIGITS, whole
from web.small_numbers import ENOUGH, wilson
from web.templatetags.portal import name_of

#: Counted differently from before gets the next number; 4: 末日办结 counts only where it is surely above that of all.
FORMULA = 4
Grade = Appraisal.Grade
#: A from so many points, B from so many; below is C. Whoever was suspended in the year gets no A.
A_FROM, B_FROM = 85, 70
LONGEST = 300


@dataclass(frozen=True, slots=True)
class AppraisalPart:
    """``good`` of ``whole`` earns that share of ``points``; where ``is_turned`` what is left of the whole does."""

    code: str
    title: Any
    points: int
    good: str
    whole: str
    is_turned: bool = False


PARTS: tuple[AppraisalPart, ...] = (
    AppraisalPart("settled", gettext_lazy("消费者确认和解的比率"), 30, "settled", "judged"),
    AppraisalPart("on_time", gettext_lazy("协商期限届满前结束的比率"), 25, "in_time", "timed"),
    AppraisalPart("kept", gettext_lazy("按时做到并经确认的约定的比率"), 20, "kept", "promised"),
    AppraisalPart("again", gettext_lazy("没有60天内重复投诉的比率"), 15, "again", "delivered", is_turned=True),
    AppraisalPart("last_day", gettext_lazy("没有拖到最后一天的比率"), 10, "last_day", "answered", is_turned=True),
)
#: Figure → the columns of the published quarters that it is the sum of.
_COLUMNS: Mapping[str, str] = {
    "settled": "settled",
    "judged": "ended",
    "in_time": "in_time",
    "timed": "due",
    "kept": "promises_kept",
    "promised": "promised",
    "again": "again",
    "delivered": "delivered",
    "answered": "answered",
    "last_day": "last_day",
}


class AppraisalRefused(Exception):
    """What it says is for whoever asked."""


def _refused(_code: str, reason: str) -> AppraisalRefused:
    return AppraisalRefused(reason)


def points_of(figures: Mapping[str, int]) -> dict[str, int]:
    """Whole points of each part; one of fewer than thirty is left out, the others count for more."""
    counted = [part for part in PARTS if figures[part.whole] >= ENOUGH]
    scale = sum(part.points for part in counted)
    result = {}
    for part in counted:
        good = figures[part.whole] - figures[part.good] if part.is_turned else figures[part.good]
        whole = figures[part.whole]
        result[part.code] = (200 * part.points * good + scale * whole) // (2 * scale * whole)
    return result


def grade_of(points: int, *, was_suspended: bool) -> str:
    if points >= A_FROM and not was_suspended:
        return str(Grade.A)
    return str(Grade.B if points >= B_FROM else Grade.C)


def computed(enterprises: Sequence[Enterprise], year: int) -> dict[int, dict[str, int]]:
    """The figures of each with thirty or more cases in the year, once its four quarters are issued.

    A part of which a number is withheld in one of them is left out, as one of which nothing came due; so is the last
    day where it is not surely more frequent than in the whole country (``_drags``).
    """
    sets = [issuing.newest(date(year, month, 1)) for month in (3, 6, 9, 12)]
    tables = [reading.table(one, "enterprise_quarters") if one else None for one in sets]
    if None in tables:
        return {}
    country = [
        line
        for one in sets
        for line in (reading.table(one, "region_quarters") if one else None) or ()
        if line["level"] == Region.Level.COUNTRY
    ]
    of_all = [reading.added(line[column] for line in country) for column in ("last_day", "answered")]
    by_code = {enterprise.code: enterprise.pk for enterprise in enterprises}
    lines: dict[int, list[FileLine]] = {}
    for line in (line for table in tables for line in table or ()):
        if (pk := by_code.get(line["enterprise"])) is not None:
            lines.setdefault(pk, []).append(line)
    entries = EnrolmentEntry.objects.filter(kind=EnrolmentEntry.Kind.SUSPENDED, at__year=year)
    suspended = set(entries.filter(enterprise__in=list(lines)).values_list("enterprise_id", flat=True))
    result = {}
    for pk, rows in lines.items():
        sums = {name: reading.added(row[column] for row in rows) for name, column in _COLUMNS.items()}
        if (sums["judged"] or 0) >= ENOUGH:
            shown = dict.fromkeys(_COLUMNS, 0)
            for part in PARTS:
                good, whole = sums[part.good], sums[part.whole]
                if (
                    good is None
                    or whole is None
                    or (part.code == "last_day" and not _drags(good, whole, rows, *of_all))
                ):
                    continue
                shown |= {part.good: good, part.whole: whole}
            result[pk] = shown | {"suspended": int(pk in suspended)}
    return result


def _drags(part: int, whole: int, rows: Sequence[FileLine], part_of_all: int | None, all_: int | None) -> bool:
    """Thirty or more, and the lower limit of the share (Wilson, 95 %) above the share of all; ``rows`` add up to it."""
    if whole < ENOUGH or part_of_all is None or not all_:
        return False
    rounded = sum(row["multiple_of"] > 1 for row in rows)
    return wilson(part, whole, rounded=rounded)[0] > part_of_all / all_


def offices(user: User, *, on: date, right: Right = Right.APPRAISE) -> QuerySet[Officer, Any]:
    """The authorities at which this person may work on appraisals."""
    return Officer.objects.on(on).filter(user=user, role__in=right.posts).values("authority_id")


def enterprises_of(user: User, *, on: date) -> QuerySet[Enterprise]:
    return Enterprise.objects.filter(enrolled_by__in=offices(user, on=on)).order_by("pk")


def propose(enterprise: Enterprise, year: int, grade: str, reason: str, *, by: User, now: datetime) -> Appraisal:
    """Raises AppraisalRefused: too few cases, no reason for another grade, or there is one already."""
    figures = computed([enterprise], year).get(enterprise.pk)
    if figures is None:
        raise AppraisalRefused(_("公布的数不足%(n)s件，或者四个季度的公开数据还没有出齐，不评。") % {"n": ENOUGH})
    points = points_of(figures)
    by_formula = grade_of(sum(points.values()), was_suspended=bool(figures["suspended"]))
    if grade not in Grade.values:
        raise AppraisalRefused(_("请选等级。"))
    if grade != by_formula and not reason.strip():
        raise AppraisalRefused(_("和公式不同的等级，请写理由。"))
    try:
        with transaction.atomic():
            made = Appraisal.objects.create(
                enterprise=enterprise,
                year=year,
                formula=FORMULA,
                figures=figures,
                points=points,
                computed=by_formula,
                grade=grade,
                reason=reason.strip()[:LONGEST] if grade != by_formula else "",
                proposed_by=by,
                proposed_at=now,
            )
            persons.ask(persons.matter_of(made), by, now=now, error=_refused)
            return made
    except IntegrityError:
        raise AppraisalRefused(_("这家企业这一年已经提出过等级。")) from None


def decide(pk: int, *, agrees: bool, by: User, on: date, now: datetime) -> Appraisal:
    """The second officer: publish it, or give it back (the proposal goes). Raises AppraisalRefused."""
    with transaction.atomic():
        rows = Appraisal.objects.select_for_update(of=("self",)).select_related("enterprise")
        mine = offices(by, on=on, right=Right.DECIDE_APPRAISAL)
        row = rows.filter(pk=pk, enterprise__enrolled_by__in=mine).first()
        if row is None or row.decided_at is not None:
            raise AppraisalRefused(_("刚有变化，请看最新的。"))
        first, refuses = [row.proposed_by_id], not agrees
        persons.decide(persons.matter_of(row), by, asked=first, now=now, refuses=refuses, error=_refused)
        if agrees:
            row.decided_by, row.decided_at = by, now
            row.save(update_fields=["decided_by", "decided_at"])
        else:
            row.delete()
    return row


PAGE = 100


@officer_page("GET", "POST")
def appraisals(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    year = workspace.today.year - 1
    enterprises = enterprises_of(workspace.user, on=workspace.today)
    if request.method == "POST":
        with once(request) as attempt:
            if not attempt.answered:
                try:
                    messages.success(request, _done(request, workspace, year), extra_tags="ok")
                except AppraisalRefused as refused:
                    messages.error(request, str(refused), extra_tags="bad")
                attempt.reference = request.path
        return redirect(attempt.reference)
    shown = list(enterprises[:PAGE])
    figures = computed(shown, year)
    made = {row.enterprise_id: row for row in Appraisal.objects.filter(enterprise__in=shown, year=year)}
    may_decide = offices(workspace.user, on=workspace.today, right=Right.DECIDE_APPRAISAL).exists()
    rows: list[dict[str, Any]] = []
    for enterprise in shown:
        row = made.get(enterprise.pk)
        points = row.points if row else points_of(figures[enterprise.pk]) if enterprise.pk in figures else {}
        by_formula = row.computed if row else ""
        if points and row is None:
            by_formula = grade_of(sum(points.values()), was_suspended=bool(figures[enterprise.pk]["suspended"]))
        waits = may_decide and row is not None and row.decided_at is None
        rows.append(
            {
                "firm": enterprise,
                "name": name_of(enterprise),
                "row": row,
                "points": points,
                "total": sum(points.values()),
                "computed": by_formula,
                "url": reverse("complaints:open-enterprise", args=[enterprise.code]),
                "may_decide": waits and row is not None and row.proposed_by_id != workspace.user.pk,
            }
        )
    context = {"year": year, "rows": rows, "grades": Appraisal.Grade.choices, "now": workspace.now, "few": ENOUGH}
    return render(request, "open/appraisals.html", context)


def _done(request: HttpRequest, workspace: Workspace, year: int) -> str:
    number = whole(request.POST.get("which"), ID_DIGITS)
    if number is None:
        raise AppraisalRefused(_("请选一家企业。"))
    if request.POST.get("do") == "propose":
        enterprise = enterprises_of(workspace.user, on=workspace.today).filter(pk=number).first()
        if enterprise is None:
            raise Http404
        grade, reason = (request.POST.get(name, "") for name in ("grade", "reason"))
        propose(enterprise, year, grade, reason, by=workspace.user, now=workspace.now)
        return _("已提出，等另一名人员决定。")
    agrees = request.POST.get("do") == "approve"
    row = decide(number, agrees=agrees, by=workspace.user, on=workspace.today, now=workspace.now)
    return (_("已公布：%(name)s") if agrees else _("已退回：%(name)s")) % {"name": name_of(row.enterprise)}


@public_page(parameters=("after",))
def method(request: HttpRequest) -> HttpResponse:
    after = whole(request.GET.get("after"), ID_DIGITS) or 0
    decided = Appraisal.objects.filter(decided_at__isnull=False)
    newest = decided.order_by("-year").values_list("year", flat=True).first()
    of_year = decided.filter(year=newest or 0, enterprise_id__gt=after).select_related("enterprise")
    rows = list(of_year.order_by("enterprise_id")[: PAGE + 1]) if newest else []
    more, rows = len(rows) > PAGE, rows[:PAGE]
    return render(
        request,
        "open/appraisal.html",
        {
            "parts": PARTS,
            "formula": FORMULA,
            "a_from": A_FROM,
            "b_from": B_FROM,
            "few": ENOUGH,
            "year": newest,
            "next_url": f"?after={rows[-1].enterprise_id}" if more else "",
            "rows": [
                {
                    "row": row,
                    "name": name_of(row.enterprise),
                    "url": reverse("complaints:open-enterprise", args=[row.enterprise.code]),
                }
                for row in rows
            ],
        },
    )
