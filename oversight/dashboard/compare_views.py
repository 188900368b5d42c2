"""/oversight/compare/: all figures of a place and a period, beside another period or another place.

Both sides are counted by the same formulas; what lies within chance is called so.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from authorities.models import Region
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import set_choices
from complaints.reading.case_people import label_of
from enterprises.models import Enterprise
from oversight.counters import figures as rollup_figures
from oversight.counters.reads import Wish, steadily
from oversight.dashboard import difference_panel, outside_panel
from oversight.figures.definitions import DEFINITIONS, Period, Scope
from oversight.figures.figures import Figure, Measure
from oversight.presenting import cards, choosing, flow, past, sheets, shifts, worse
from oversight.presenting.choosing import EARLIEST, DashboardPage, dashboard_page, patiently
from oversight.presenting.past import Compared, Past
from oversight.presenting.places import Places, places_of
from web.languages import named
from web.small_numbers import ENOUGH

BEFORE, YEAR, SAME, CHOSEN = "before", "year", "same", "chosen"
AGAINST = ((BEFORE, _("此前同样长的时间")), (YEAR, _("去年同期")), (SAME, _("同一时间")), (CHOSEN, _("自选日期")))


class OtherForm(forms.Form):
    """The other side: when, and where. What cannot be read is named, and the period before is shown."""

    against = forms.ChoiceField(
        label=_("对比的时间"),
        required=False,
        choices=AGAINST,
        error_messages={"invalid_choice": _("请从列出的时间中选。")},
    )
    other_first = choosing.day_field(_("对比自"))
    other_last = choosing.day_field(_("对比至"))
    with_region = forms.ChoiceField(
        label=_("对比的地区"),
        required=False,
        error_messages={"invalid_choice": _("没有这个地区，或者它不在您的辖区里；辖区以外的请写在下面。")},
    )

    with_category = forms.ChoiceField(
        label=_("对比的类别"), required=False, error_messages={"invalid_choice": _("没有这个类别，已按同一类别对比。")}
    )
    with_enterprise = forms.CharField(label=_("对比的企业（全称或信用代码）"), required=False, max_length=200)
    outside = forms.CharField(label=_("辖区以外的地方（名称或代码）"), required=False, max_length=80)

    def __init__(self, data: Any, *, page: DashboardPage) -> None:
        given = {name: data.get(name, "") for name in self.base_fields}
        is_other = any(given[name] for name in ("with_region", "with_category", "with_enterprise"))
        super().__init__(given | {"against": given["against"] or (SAME if is_other else BEFORE)}, label_suffix="")
        self.enterprise_name = ""
        groups = page.form.fields["category"].choices[1:]  # type: ignore[attr-defined]
        set_choices(self, "with_category", [("", str(gettext("同一类别"))), *groups])
        self.today = page.workspace.today
        self.places = places = page.places
        options = {
            region.code: named(region)
            for region in (*places.own, *((places.above,) if places.above else ()), *places.parts)
        }
        #: A place that is not listed may still be an own one: the address is shared by people with other parts before
        #: them.
        self.unlisted: Places | None = None
        if given["with_region"] and given["with_region"] not in options:
            result = places_of(page.workspace, given["with_region"])
            if result.chosen is not None:
                options[result.chosen.code], self.unlisted = named(result.chosen), result
        set_choices(self, "with_region", [("", str(gettext("同一地区"))), *options.items()])

    def clean_with_enterprise(self) -> int | None:
        text = self.cleaned_data["with_enterprise"].strip()
        if not text:
            return None
        enterprise = Enterprise.objects.filter(Q(name=text) | Q(uscc=text)).order_by("pk").first()
        if enterprise is None:
            raise forms.ValidationError(_("没有这家企业；请写全称或者统一社会信用代码。"))
        self.enterprise_name = named(enterprise)
        return enterprise.pk

    def clean_outside(self) -> Region | None:
        text = self.cleaned_data["outside"].strip()
        return outside_panel.found(text, self.places.own) if text else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("against") != CHOSEN:
            return cleaned
        first, last = cleaned.get("other_first"), cleaned.get("other_last")
        if "other_first" not in self.errors and first is None:
            self.add_error("other_first", gettext("请填开始的日期。"))
        elif first is not None and not EARLIEST <= first <= self.today:
            self.add_error("other_first", gettext("请填2000年以后、今天以前的日期。"))
        elif last is not None and first is not None and last < first:
            self.add_error("other_last", gettext("结束的日期不能早于开始的日期。"))
        return cleaned


@officer_page("GET")
@sheets.downloadable
def compare(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = dashboard_page(request, workspace, "compare")
    form = OtherForm(request.GET, page=page)
    period, regions = _other(form, page)
    chosen = {
        name: value
        for name, value in (
            ("enterprise_id", form.cleaned_data.get("with_enterprise")),
            ("category", form.cleaned_data.get("with_category")),
        )
        if value
    }
    there = replace(page.measure, scope=replace(page.scope, regions=regions, **chosen), period=period)
    results = patiently(lambda: _counted(page.measure)), patiently(lambda: _counted(there))
    shown = _changes(page.measure, there, results[0] or {}, results[1] or {})
    here_cards = _cards(results[0] or {}, page.lists)
    code = regions[0].code if len(regions) == 1 and regions != page.places.own else ""
    other_lists = replace(page.lists, period=period, region=code, **chosen)
    there_cards = {card.code: card for card in _cards(results[1] or {}, other_lists)}
    lines = [
        {
            "title": card.definition.title,
            "version": card.version,
            "here": card,
            "there": there_cards[card.code],
            "shift": shifts.shift(card.code, shown[card.code], gettext("另一边")) if card.code in shown else None,
        }
        for card in here_cards
        if card.code in there_cards
    ]
    return render(
        request,
        "oversight/compare.html",
        page.around()
        | {
            "other": form,
            "kept": list(page.asked.query.items()),
            "has_errors": bool(page.form.errors or form.errors),
            "narrowed_to": page.form.enterprise_name,
            "cards": here_cards,
            "lines": lines,
            "is_too_much": None in results,
            "other_period": period,
            "other_place": " · ".join(
                one
                for one in (*map(named, regions), form.enterprise_name, label_of(str(chosen.get("category", ""))))
                if one
            ),
            "outside": outside_panel.read(page.places.regions, form.cleaned_data.get("outside")),
            **_who_got_worse(request, page, form, there),
            **_what_explains(request, page, form, there, other_lists),
        },
    )


#: What is looked at one by one: its heading, and how many were looked at, in words.
KINDS: Mapping[str, tuple[Any, Any]] = {
    "enterprise": (_("企业"), _("看了%(looked)s家，两期都满%(fewest)s件的%(enough)s家")),
    "problem": (_("问题"), _("看了%(looked)s类，两期都满%(fewest)s件的%(enough)s类")),
    "region": (_("地区"), _("看了%(looked)s个，两期都满%(fewest)s件的%(enough)s个")),
}


def _who_got_worse(request: HttpRequest, page: DashboardPage, form: OtherForm, there: Measure) -> dict[str, Any]:
    """Read only where it is asked for: it looks at many, and at their past."""
    given = {name: str(form.data[name]) for name in form.fields if form.data.get(name)}
    worse_url = page.asked.url(**given, worse="1") + "#h-worse"
    if request.GET.get("worse") != "1":
        return {"worse_url": worse_url}
    measure = page.measure
    compared = Compared(measure.period, there.period)
    why, is_too_much = "", False
    found: list[dict[str, Any]] = []
    if there.scope != measure.scope:
        why = gettext("两边不是同样的案件，不比谁变差了；请选更早的时间。")
    elif compared.before.last >= compared.after.first:
        why = gettext("两段时间重叠，或者对比的不是更早的时间，不作比较。")
    else:
        [days] = _days(measure, [(measure.scope, compared)]) or [None]
        if days is None or days.begun is None:
            why = gettext("这个范围没有逐日的计数，或者还没有历史，不作比较。")
        elif code := past.why_not(days, compared):
            why = shifts.reason(shifts.Change(0, 0, None, code, compared.weeks_needed))
        else:
            known = (measure.period.last - days.begun).days // 7
            for by in _kinds(page):
                scope = replace(measure.scope, regions=page.places.parts) if by == "region" else measure.scope
                result = _counted_worse(replace(measure, scope=scope), there.period, by, known)
                is_too_much = is_too_much or result is None
                if result:
                    found.append(_worse_of(by, result, page, there.period))
    return {
        "worse_url": worse_url,
        "worse_why": why,
        "worse": found,
        "worse_is_too_much": is_too_much,
        "is_worse_asked": True,
    }


def _what_explains(
    request: HttpRequest, page: DashboardPage, form: OtherForm, there: Measure, other_lists: cards.Lists
) -> dict[str, Any]:
    """Read only where it is asked for, by one press."""
    given = {name: str(form.data[name]) for name in form.fields if form.data.get(name)}
    explain_url = page.asked.url(**given, explain="1") + "#h-explained"
    if request.GET.get("explain") != "1":
        return {"explain_url": explain_url}
    usual = None
    if page.measure.scope == there.scope:
        compared = Compared(page.measure.period, there.period)
        [days] = _days(page.measure, [(there.scope, compared)]) or [None]
        usual = past.usual(days, compared, _of_days) if days else None
    found = patiently(lambda: difference_panel.read(page, there, usual, (page.lists, other_lists)))
    return {"explain_url": explain_url, "is_explain_asked": True, **(found or {"explained_is_too_much": True})}


def _kinds(page: DashboardPage) -> list[str]:
    """What is not narrowed to one already."""
    narrowed = {"enterprise": page.asked.enterprise_id, "problem": page.asked.category, "region": not page.places.parts}
    return [by for by in KINDS if not narrowed[by]]


def _counted_worse(measure: Measure, before: Period, by: str, known: int) -> list[worse.Looked] | None:
    """None where the database gave up; nothing where only single cases could answer."""
    return patiently(lambda: worse.read(measure, before, by=by, known=known) or [])


def _worse_of(by: str, looked: Sequence[worse.Looked], page: DashboardPage, before: Period) -> dict[str, Any]:
    keys = {line.key for one in looked for line in one.lines}
    narrowed: dict[str, dict[str, Any]]
    if by == "enterprise":
        names = {str(row.pk): named(row) for row in Enterprise.objects.filter(pk__in=keys).only("name", "name_en")}
        narrowed = {key: {"enterprise_id": int(key)} for key in keys}
    elif by == "region":
        parts = {str(region.pk): region for region in page.places.parts}
        names = {key: named(parts[key]) for key in keys}
        narrowed = {key: {"region": parts[key].code} for key in keys}
    else:
        names, narrowed = {key: label_of(key) for key in keys}, {key: {} for key in keys}

    def lists_of(key: str, period: Period) -> cards.Lists:
        lists = replace(page.lists, period=period)
        return replace(lists, category=key) if by == "problem" else lists

    title, counted = KINDS[by]
    return {
        "title": title,
        "looked": [_summary(one, counted) for one in looked],
        "rows": [
            {
                "name": names.get(line.key, line.key),
                "figure": DEFINITIONS[one.code].title,
                "change": worse.how_much_worse(one.code, line.verdict),
                "sides": [
                    _side(one.code, pair, lists_of(line.key, period), narrowed[line.key])
                    for pair, period in ((line.after, page.asked.period), (line.before, before))
                ],
            }
            for one in looked
            for line in one.lines
        ],
    }


def _summary(one: worse.Looked, counted: Any) -> str:
    """按时办结率：看了120家，两期都满30件的98家，变差的5。"""
    values = {
        "figure": DEFINITIONS[one.code].title,
        "counted": counted % {"looked": f"{one.looked:,}", "enough": f"{one.enough:,}", "fewest": ENOUGH},
        "n": len(one.lines),
    }
    if not one.enough:
        return gettext("%(figure)s：%(counted)s，件数太少，说不清。") % values
    if not one.lines:
        return gettext("%(figure)s：%(counted)s，没有变差超出平常波动的。") % values
    return gettext("%(figure)s：%(counted)s，变差的%(n)s。") % values


def _side(code: str, pair: worse.Pair, lists: cards.Lists, narrowed: Mapping[str, Any]) -> dict[str, str]:
    """The count that opens its cases, and what it is a part of."""
    part, whole = pair
    if code == "received":
        return {"n": f"{part:,}", "url": lists.received(**narrowed), "of": ""}
    what = {"settled": "ended_settled", "on_time": "in_time"}[code]
    return {
        "n": f"{part:,}",
        "url": lists.behind(what, **narrowed),
        "of": f"/{whole:,} · {cards.percent(part / whole)}",
    }


def _other(form: OtherForm, page: DashboardPage) -> tuple[Period, tuple[Region, ...]]:
    form.is_valid()
    cleaned = form.cleaned_data
    kind = cleaned.get("against") or BEFORE
    if {"other_first", "other_last"} & set(form.errors):
        kind = BEFORE
    period = {
        BEFORE: lambda: choosing.before(page.asked.period, page.asked.kind),
        YEAR: lambda: choosing.a_year_before(page.asked.period, page.asked.kind),
        SAME: lambda: page.asked.period,
        CHOSEN: lambda: Period(
            first=cleaned["other_first"], last=min(cleaned.get("other_last") or form.today, form.today)
        ),
    }[kind]()
    code = cleaned.get("with_region") or ""
    if not code:
        return period, page.places.regions
    if form.unlisted is not None and form.unlisted.chosen is not None:
        return period, (form.unlisted.chosen,)
    known = {
        region.code: region
        for region in (*page.places.own, *page.places.parts, *((page.places.above,) if page.places.above else ()))
    }
    return period, (known[code],)


def _cards(result: Mapping[str, Figure], lists: cards.Lists) -> list[cards.Card]:
    return cards.flow_cards(result, lists) + flow.cards_of(result, lists)


def _counted(measure: Measure) -> dict[str, Figure]:
    """From the counters, else from the cases; the further figures from the counters alone."""
    return rollup_figures.flow_of(measure) | flow.counted(measure)


def _changes(
    here: Measure, there: Measure, now: Mapping[str, Figure], then: Mapping[str, Figure]
) -> dict[str, shifts.Change]:
    """Of all figures; many at once, so that only what is surely a change is named."""
    compared = Compared(here.period, there.period)
    if here.scope == there.scope:
        [days] = _days(here, [(here.scope, compared)]) or [None]
        return shifts.many(shifts.judged(now, then, past.usual(days, compared, _of_days) if days else None))
    # Of two places each against its own time before.
    own = [Compared(one.period, choosing.before(one.period, choosing.CHOSEN)) for one in (here, there)]
    both = _days(here, list(zip((here.scope, there.scope), own, strict=True)))
    # Where no counter tells the days of a side, nothing is judged.
    sides = [past.usual(days, one, _of_days) for one, days in zip(own, both or (), strict=bool(both)) if days]
    if len(sides) < len(own):
        sides = []
    return shifts.many(shifts.of_places(now, then, sides))


def _days(measure: Measure, asked: Sequence[tuple[Scope, Compared]]) -> list[Past | None] | None:
    """The days before each comparison; one statement beside those that ask how far the counters are."""
    today = measure.calendar.local_day(measure.now)
    names = (*rollup_figures.BY_DAY, *(name for name in flow.NAMES if name not in rollup_figures.BY_DAY))
    wishes = [
        (Wish(scope, Period(first=min(compared.first, today), last=today), names), "") for scope, compared in asked
    ]
    results = patiently(
        lambda: steadily(lambda counters: counters.by_day(wishes), now=measure.now, calendar=measure.calendar)
    )
    if results is None:
        return None
    return [
        Past(wish.period, measure.calendar, result.sums.get("", {}), result.is_monthly) if result is not None else None
        for (wish, _by), result in zip(wishes, results, strict=True)
    ]


def _of_days(sums: Mapping[str, int]) -> dict[str, Figure]:
    return rollup_figures.of_days(sums) | flow.of_sums(Counter(sums))
