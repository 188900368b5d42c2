"""/oversight/: what burns, who holds it, the figures of the region, and the table by enterprise.

The one rule: an officer sees the region of the own offices; whatever is asked only narrows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from authorities.models import Authority, named
from complaints.conditions import current_calendar
from complaints.views.authority_desk import Desk, officer_page
from enterprises.models import Enterprise
from oversight import cards, figures, leagues, rollup_figures
from oversight.choosing import CHOSEN, PERIODS, Asked, ChoiceForm, understood
from oversight.figures import Figure
from oversight.leagues import Holder, Line
from oversight.scope import Scope

PAGE = 25
#: Milliseconds for each of the ten statements of a period: together less than a transaction may take.
LONGEST = 2500
#: What the database says when a statement took longer than it may.
CANCELED = "57014"
#: What a director sees before everything else.
FIRST = ("overdue", "due_soon", "on_time", "settled")
#: So many holders of overdue cases are named in the sentence; the panel shows more.
NAMED, SHOWN = 2, 8
COLUMNS: tuple[tuple[str, Any], ...] = (
    ("overdue", gettext_lazy("逾期")), ("open", gettext_lazy("在办")), ("received", gettext_lazy("收到")),
    ("settled", gettext_lazy("和解成功率")), ("on_time", gettext_lazy("按时办结率")),
    ("response", gettext_lazy("首次响应")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One enterprise, ready to be shown."""

    line: Line
    name: str
    url: str
    open_url: str
    overdue_url: str
    received_url: str
    settled_url: str
    place: str
    success: str
    interval: tuple[int, int]
    confirmed_at: int
    upper_at: int
    punctual: str
    response: str


@officer_page("GET")
def dashboard(request: HttpRequest, desk: Desk) -> HttpResponseBase:
    form = ChoiceForm(request.GET, today=desk.today)
    asked = understood(form, request.GET)
    offices = _offices(desk)
    scope = Scope(regions=tuple(office.region for office in offices), enterprise_id=asked.enterprise_id,
                  category=asked.category)
    measure = figures.Measure(scope, asked.period, desk.now, current_calendar())
    lists = cards.Lists(asked.period, asked.category, asked.enterprise_id)
    standing = leagues.standing(measure)
    flow, lines = _counted(measure, standing)
    page, found = _page(leagues.in_order(lines or [], asked.sort, turned=asked.is_turned), asked)
    holders = standing.holders[:SHOWN]
    shown = {card.code: card for card in (*cards.standing_cards(standing.totals, lists),
                                          *cards.flow_cards(flow, lists))}
    names = _names([line.enterprise_id for line in found], holders, asked.enterprise_id)
    return render(request, "oversight/dashboard.html", page | {
        "form": form, "now": desk.now, "period": asked.period, "periods": _periods(asked),
        "places": [named(office) for office in offices],
        "narrowed_to": names.get(("enterprise", asked.enterprise_id)) if asked.enterprise_id else "",
        "all_url": asked.url(enterprise="", page=""),
        "sentence": _sentence(standing, names, lists), "totals": standing.totals,
        "first_cards": [shown[code] for code in FIRST if code in shown],
        "more_cards": [card for code, card in shown.items() if code not in FIRST],
        "is_too_much": lines is None,
        "holders": [_holder(h, names, asked) for h in holders if h.overdue or h.due_soon],
        "rows": [_row(line, names, asked, lists) for line in found],
        "columns": _columns(asked), "ranked_from": leagues.RANKED_FROM,
    })


def _counted(measure: figures.Measure, standing: leagues.Standing) -> tuple[dict[str, Figure], list[Line] | None]:
    """What happened in the period: figures from the counters where they can say it, the table from the cases.

    No table, and perhaps no figures, where the database gave up; the page says so.
    """
    flow: dict[str, Figure] = {}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = %s", [LONGEST])
            flow = rollup_figures.flow(measure) or {}
            came_in, stages = figures.received(measure), figures.stages_of(measure)
            flow = flow | figures.length_figures(measure, stages) if flow else figures.flow_figures(
                measure, stages, received=sum(came_in.values()))
    except OperationalError as refused:
        if getattr(refused.__cause__, "pgcode", "") != CANCELED:
            raise
        return flow, None
    return flow, leagues.lines(standing, came_in, stages)


def _page(found: list[Line], asked: Asked) -> tuple[dict[str, str], list[Line]]:
    """One page of the table, with the addresses of those beside it."""
    page = min(asked.page, max(1, -(-len(found) // PAGE)))
    first = (page - 1) * PAGE
    shown = found[first:first + PAGE]
    return {
        "previous_url": asked.url(page=page - 1) + "#enterprises" if page > 1 else "",
        "next_url": asked.url(page=page + 1) + "#enterprises" if first + PAGE < len(found) else "",
        "summary": _("第%(first)s–%(last)s家，共%(all)s家") % {
            "first": first + 1, "last": first + len(shown), "all": len(found)} if len(found) > PAGE else "",
    }, shown


def _periods(asked: Asked) -> list[dict[str, Any]]:
    """The usual periods as links; days that were typed leave the address."""
    return [{"label": label, "is_current": asked.kind == name, "url": asked.url(period=name, first="", last="", page="")}
            for name, label in PERIODS if name != CHOSEN]


def _offices(desk: Desk) -> list[Authority]:
    """The authorities for which somebody works today; their regions are all that is counted."""
    ids = [actor.authority_id for actor in desk.actors if actor.region is not None]
    return list(Authority.objects.filter(pk__in=ids).select_related("region__parent").order_by("region_id", "pk"))


def _names(ids: list[int], holders: list[Holder], chosen: int | None) -> dict[tuple[str, int], str]:
    """Two queries for all names of the page."""
    enterprises = {*ids, *(h.enterprise_id for h in holders if h.enterprise_id), *([chosen] if chosen else [])}
    authorities = {h.authority_id for h in holders if h.authority_id}
    return {("enterprise", row.pk): named(row) for row in Enterprise.objects.filter(pk__in=enterprises)} | {
        ("authority", row.pk): named(row) for row in Authority.objects.filter(pk__in=authorities)}


def _name(holder: Holder, names: dict[tuple[str, int], str]) -> str:
    if holder.enterprise_id:
        return names[("enterprise", holder.enterprise_id)]
    return names.get(("authority", holder.authority_id or 0), "")


def _sentence(standing: leagues.Standing, names: dict[tuple[str, int], str], lists: cards.Lists) -> dict[str, Any]:
    """One sentence made from the numbers: is anything burning, who holds it."""
    totals = standing.totals
    late = [h for h in standing.holders if h.overdue]
    phrases = [_("%(name)s%(n)s件") % {"name": _name(h, names), "n": h.overdue} for h in late[:NAMED]]
    others = sum(h.overdue for h in late[NAMED:])
    if others:
        phrases.append(_("其他%(k)s家%(n)s件") % {"k": len(late) - NAMED, "n": others})
    if totals["overdue"]:
        lead = _("逾期%(n)s件") % {"n": totals["overdue"]}
    elif totals["due_soon"]:
        lead = _("没有逾期；2个工作日内到期%(n)s件") % {"n": totals["due_soon"]}
    elif totals["open"]:
        lead = _("没有逾期，近2个工作日也没有到期；在办%(n)s件") % {"n": totals["open"]}
    else:
        lead = _("没有未办结的投诉")
    return {"lead": lead, "phrases": phrases,
            "url": lists.url(overdue="1") if totals["overdue"]
            else lists.url(overdue="soon") if totals["due_soon"] else ""}


def _holder(holder: Holder, names: dict[tuple[str, int], str], asked: Asked) -> dict[str, Any]:
    widest = max(holder.open, 1)
    return {"name": _name(holder, names), "overdue": holder.overdue, "due_soon": holder.due_soon,
            "open": holder.open, "is_authority": holder.enterprise_id is None,
            "url": asked.url(enterprise=holder.enterprise_id, page="") if holder.enterprise_id else "",
            "late_width": round(100 * holder.overdue / widest)}


def _row(line: Line, names: dict[tuple[str, int], str], asked: Asked, lists: cards.Lists) -> Row:
    low, high = line.interval
    pk = line.enterprise_id
    success = line.success
    response = cards.NOTHING
    if line.responses and line.response_minutes is not None:
        response = cards.with_unit(*cards.working_time(line.response_minutes))
    place = ""
    if line.place is not None and not asked.enterprise_id:
        first, last = line.place
        place = str(first) if first == last else f"{first}–{last}"
    return Row(
        line=line, name=names[("enterprise", pk)], url=asked.url(enterprise=pk, page=""),
        open_url=lists.url(enterprise_id=pk), overdue_url=lists.url(enterprise_id=pk, overdue="1"),
        received_url=lists.received(enterprise_id=pk), settled_url=lists.ended("settled", enterprise_id=pk),
        place=place, success=cards.percents(success.value, success.upper_value),
        interval=(round(low * 100), max(1, round((high - low) * 100))),
        confirmed_at=round((success.value or 0) * 100), upper_at=round((success.upper_value or 0) * 100),
        punctual=cards.percent(line.punctual.value), response=response)


def _columns(asked: Asked) -> list[dict[str, Any]]:
    """Heads with the link that sorts by them, and once more the other way round."""
    found: list[dict[str, Any]] = [{"label": _("企业")}]
    for name, label in COLUMNS:
        is_current = name == asked.sort
        turned = is_current and not asked.is_turned
        falls = leagues.SORTS[name][1] != asked.is_turned
        found.append({
            "label": label, "is_number": True,
            "url": asked.url(sort=f"-{name}" if turned else name, page="") + "#enterprises",
            "sort": ("descending" if falls else "ascending") if is_current else ""})
    return found
