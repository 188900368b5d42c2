"""Drafting a change of the law's data, and deciding about it: nothing holds before it was tried and another person said
so. It begins on a later day than the decision, so no running clock is touched; a calendar is counted for open clocks by
`working`."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Right
from accounts.sign_in import persons
from authorities import calendar
from authorities.calendar import Year
from authorities.models import Authority, CalendarVersion, Officer, Policy, Region
from authorities.policies import Policies, PolicyNumber, PolicyRow
from complaints.law.numbers import bounds_of
from complaints.models import LawChange
from complaints.procedure.numbering import new_mark
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from database.row_security import working_as_steps

WORKING = ("trying", "applying")
#: A change of a policy is tried on the clocks that began within so long.
TRIED_ON = timedelta(days=365)
#: The decree holds for the country, so a county does not load it.
LOADS_CALENDARS = frozenset({Authority.Level.NATIONAL, Authority.Level.PROVINCE, Authority.Level.CITY})


def may_change(authority: Authority, region: Region | None) -> bool:
    """The whole country is for the national authority, a place for whoever has it in its region."""
    if region is None:
        return authority.level == Authority.Level.NATIONAL
    return authority.region.covers(region.pk)


def draft_policy(
    *,
    by: User,
    authority: Authority,
    region: Region | None,
    name: str,
    number: int,
    unit: str,
    starts_on: date,
    legal_basis: str,
    why: str,
    now: datetime,
) -> LawChange:
    """A new value from a day on, put up for trial. Raises WrongInput or StepNotAllowed with what is wrong."""
    if not may_change(authority, region):
        raise StepNotAllowed("not_yours", _("全国的参数由总局改；地方的参数由所在地的机关改。"))
    holds = held(name, region, on=starts_on)
    if holds is None:
        raise WrongInput("no_such_policy", _("没有这个参数。"), field="name")
    _within_the_law(name, number, unit, today_unit=holds.unit)
    if (holds.number, holds.unit) == (number, unit) and (holds.region_id == (region.pk if region else None)):
        raise WrongInput("nothing_new", _("与那一天的规定相同，没有变动。"), field="number")
    if starts_on <= timezone.localdate(now):
        raise WrongInput("too_early", _("最早从明天起施行：已经开始的期限不受影响。"), field="starts_on")
    if Policy.objects.filter(name=name, region=region, starts_on=starts_on).exists():
        raise WrongInput("same_day", _("从这一天起已经有一项变动，请换一天。"), field="starts_on")
    change = {"name": name, "number": number, "unit": unit, "starts_on": starts_on.isoformat()}
    change |= {"legal_basis": legal_basis.strip(), "before": [holds.number, holds.unit], "base": _base_of(name)}
    today = timezone.localdate(now)
    tried: dict[str, Any] = {"region": region, "since": today - TRIED_ON, "until": today, "change": change}
    return _put_up("policy", by=by, authority=authority, now=now, why=why.strip(), **tried)


def _put_up(kind: str, *, by: User | None, authority: Authority | None, now: datetime, **values: Any) -> LawChange:
    """What a worker tries next."""
    mark = new_mark("L", timezone.localdate(now))
    put_up = LawChange(mark=mark, kind=kind, authority=authority, asked_by=by, asked_at=now, **values)
    with transaction.atomic():
        put_up.save(force_insert=True)
        if by is not None and kind != "replay":
            persons.ask(persons.matter_of(put_up), by, now=now, error=StepNotAllowed)
    return put_up


def _within_the_law(name: str, number: int, unit: str, *, today_unit: str) -> None:
    allowed = bounds_of(name, today_unit)
    if unit not in allowed.units:
        raise WrongInput("unit", _("这个参数不能改用这个单位。"), field="unit")
    if number < allowed.least:
        raise WrongInput("too_small", _("不能小于%(n)s。") % {"n": allowed.least}, field="number")
    if number > allowed.most:
        if allowed.article:
            raise WrongInput(
                "against_the_law",
                _("办法第%(article)s条规定最多%(n)s，只能更短，不能更长。")
                % {"article": allowed.article, "n": allowed.most},
                field="number",
            )
        raise WrongInput("too_large", _("不能大于%(n)s。") % {"n": allowed.most}, field="number")


def held(name: str, region: Region | None, *, on: date) -> Policy | None:
    """The row that speaks for a place on a day: the most specific one."""
    rows = Policy.objects.on(on).filter(name=name).select_related("region").order_by("version", "pk")
    fitting = [row for row in rows if row.region is None or (region is not None and row.region.covers(region.pk))]
    return max(
        fitting,
        key=lambda row: (-(row.region.last - row.region.id) if row.region else -(2**31), row.version),
        default=None,
    )


def _base_of(name: str) -> list[int]:
    """The rows of a number as they stand now; a new one or an end makes it another list."""
    rows = Policy.objects.filter(name=name).order_by("pk").values_list("pk", "version")
    return [number for row in rows for number in row]


def draft_calendar(
    *, by: User | None, authority: Authority | None, year: Year, source: str, published_on: date | None, now: datetime
) -> LawChange:
    """A year of working days, put up for trial on the open clocks. Raises WrongInput for what is loaded already."""
    if authority is not None and authority.level not in LOADS_CALENDARS:
        raise StepNotAllowed("not_yours", _("工作日历由市级以上机关载入。"))
    loaded = newest(year.year)
    if loaded is not None:
        if calendar.digest_of(year.days, source=source.strip()) == loaded.digest:
            raise WrongInput(
                "already_loaded",
                _("这份安排已经载入，是%(year)s年第%(n)s版。") % {"year": year.year, "n": loaded.number},
                field="file",
            )
        if loaded.source == source.strip():
            raise WrongInput(
                "same_decree",
                _("%(year)s年已按这份通知载入。只有新的通知才能改动，请写明新的通知。") % {"year": year.year},
                field="source",
            )
        if loaded.published_on and published_on and published_on < loaded.published_on:
            raise WrongInput(
                "older_decree",
                _("已载入的通知是%(day)s发布的，比这一份新。") % {"day": loaded.published_on},
                field="published_on",
            )
    change = _year(year, source, published_on) | {"base": loaded.number if loaded else 0}
    return _put_up("calendar", by=by, authority=authority, now=now, change=change)


def newest(year: int) -> CalendarVersion | None:
    return CalendarVersion.objects.filter(country="CN", year=year).order_by("-number").first()


def _year(year: Year, source: str, published_on: date | None) -> dict[str, object]:
    return {
        "year": year.year,
        "source": source.strip(),
        "published_on": published_on.isoformat() if published_on else None,
        "days": [[day.isoformat(), works, name, name_en] for day, works, name, name_en in year.days],
    }


def days_of(change: LawChange) -> list[calendar.Day]:
    return [(date.fromisoformat(day), works, name, name_en) for day, works, name, name_en in change.change["days"]]


def ask_replay(
    *,
    by: User | None,
    authority: Authority | None,
    region: Region | None,
    since: date,
    until: date,
    now: datetime,
    name: str = "",
    number: int = 0,
    unit: str = "",
    year: Year | None = None,
) -> LawChange:
    """A question that changes nothing: recorded clocks under another number, or under another calendar of one year."""
    if authority is not None and region is not None and not authority.region.covers(region.pk):
        raise StepNotAllowed("not_yours", _("只能重算本地区的案件。"))
    if until < since:
        raise WrongInput("order", _("止日不能早于起日。"), field="until")
    if by is not None and LawChange.objects.filter(kind="replay", asked_by=by, state__in=WORKING).exists():
        raise StepNotAllowed("already_open", _("您上一次重算还没有算完，请等它算完再提交。"))
    if year is not None:
        change = _year(year, _("重算用的日历"), None)
    else:
        holds = held(name, region, on=timezone.localdate(now))
        if holds is None:
            raise WrongInput("no_such_policy", _("没有这个参数。"), field="name")
        change = {"name": name, "number": number, "unit": unit or holds.unit, "before": [holds.number, holds.unit]}
    tried: dict[str, Any] = {"region": region, "since": since, "until": until, "change": change}
    return _put_up("replay", by=by, authority=authority, now=now, **tried)


# --- deciding ---------------------------------------------------------------------------------------------------------


def may_decide(change: LawChange, user: User, heads: Iterable[Authority], *, on: date) -> bool:
    """The head of the authority that asked, or above it; of a calendar, who speaks for the country. Never who asked."""
    if change.kind == "replay" or change.state != "tried" or change.authority is None or change.asked_by_id == user.pk:
        return False
    if change.kind == "calendar":
        return _speaks_for_the_country(heads, change.authority, on=on)
    return any(
        head.pk == change.authority_id
        or (head.region.covers(change.authority.region_id) and head.level != change.authority.level)
        for head in heads
    )


def _speaks_for_the_country(heads: Iterable[Authority], asked: Authority, *, on: date) -> bool:
    """A calendar moves dates everywhere: the national head; where nobody holds that office, the province's above."""
    levels = {
        head.level for head in heads if head.region.covers(asked.region_id) or head.level == Authority.Level.NATIONAL
    }
    if Authority.Level.NATIONAL in levels:
        return True
    nationals = _deciders(on).filter(authority__level=Authority.Level.NATIONAL)
    return Authority.Level.PROVINCE in levels and not nationals.exists()


def _deciders(on: date) -> QuerySet[Officer]:
    return Officer.objects.on(on).filter(role__in=Right.DECIDE_LAW.posts, user__is_active=True)


def calendar_approvers(asked: Authority | None, *, on: date, without: User) -> list[Officer]:
    """Who may approve a calendar that this authority puts up, with people and authorities; never whoever puts it up."""
    heads = _deciders(on).select_related("user", "authority")
    national = heads.filter(authority__level=Authority.Level.NATIONAL)
    if not national.exists():
        here = asked.region_id if asked is not None else 0
        national = heads.filter(
            authority__level=Authority.Level.PROVINCE, authority__region_id__lte=here, authority__region__last__gte=here
        )
    return list(national.exclude(user=without).order_by("pk"))


def calendar_loaders(region_ids: Iterable[int], *, on: date) -> list[Officer]:
    """Who may load a calendar above these places, with people and authorities: the nearest first."""
    above = Q(authority__level=Authority.Level.NATIONAL)
    for region in region_ids:
        above |= Q(authority__region_id__lte=region, authority__region__last__gte=region)
    may = Officer.objects.on(on).filter(role__in=Right.DRAFT_LAW.posts, authority__level__in=LOADS_CALENDARS)
    officers = may.filter(above, user__is_active=True).select_related("user", "authority")
    return list(officers.order_by("-authority__region_id", "pk"))


def approve(mark: str, *, by: User, heads: Sequence[Authority], text: str, now: datetime) -> LawChange:
    """It holds from its day on; a calendar at once, and the dates of open cases follow. Raises StepNotAllowed."""
    with transaction.atomic():
        change = _held_for(mark, by=by, heads=heads, now=now)
        if change.kind == "policy":
            with working_as_steps():
                change.result = _put_in_force(change, now=now)
            change.state, change.done_at = "done", now
        else:
            with working_as_steps():
                change.result = _load(change, now=now)
            change.state, change.after = "applying", 0
            change.attempts, change.leased_until = 0, None
        change.decided_by, change.decided_at, change.decision = by, now, text.strip()
        change.save()
    return change


def refuse(mark: str, *, by: User, heads: Sequence[Authority], text: str, now: datetime) -> LawChange:
    with transaction.atomic():
        change = _held_for(mark, by=by, heads=heads, now=now, refuses=True)
        change.state, change.decided_by, change.decided_at, change.decision = "refused", by, now, text.strip()
        change.save(update_fields=["state", "decided_by", "decided_at", "decision"])
    return change


def drop(mark: str, *, by: User, now: datetime) -> LawChange:
    """Whoever asked takes it back before it was decided."""
    with transaction.atomic():
        change = LawChange.objects.select_for_update(of=("self",)).get(mark=mark)
        if change.asked_by_id != by.pk or change.kind == "replay" or change.state not in ("trying", "tried"):
            raise StepNotAllowed("not_now", _("这项变动已经办结，不能撤回。"))
        change.state, change.done_at = "dropped", now
        change.save(update_fields=["state", "done_at"])
    return change


def _held_for(mark: str, *, by: User, heads: Sequence[Authority], now: datetime, refuses: bool = False) -> LawChange:
    """Two who decide at once: the second one finds it decided."""
    change = (
        LawChange.objects.select_for_update(of=("self",)).select_related("authority__region", "region").get(mark=mark)
    )
    if not may_decide(change, by, heads, on=timezone.localdate(now)):
        if change.state != "tried":
            raise StepNotAllowed("not_now", _("这项变动已经有人决定，或者还没有试算完。"))
        if change.kind == "calendar" and change.asked_by_id != by.pk:
            raise StepNotAllowed(
                "not_national",
                _("工作日历全国适用，由总局的负责人批准；总局没有负责人在岗时，由所在省的省局负责人批准。"),
            )
        raise StepNotAllowed("not_yours", _("须由另一名负责人批准，不能批准自己提请的。"))
    first = [change.asked_by_id]
    persons.decide(persons.matter_of(change), by, asked=first, now=now, refuses=refuses, error=StepNotAllowed)
    return change


def _put_in_force(change: LawChange, *, now: datetime) -> str:
    """The new row, and the day before it as the end of the one that it follows."""
    shown = change.change
    name, starts_on = shown["name"], date.fromisoformat(shown["starts_on"])
    # Whoever changes the same number waits here; its rows are never deleted, so there is always one to hold.
    rows = list(Policy.objects.select_for_update(of=("self",)).filter(name=name).order_by("pk"))
    if starts_on <= timezone.localdate(now):
        raise StepNotAllowed("too_late", _("施行日已到或者已过。请按新的日期重新起草。"))
    if _base_of(name) != shown["base"]:
        raise StepNotAllowed("moved_on", _("试算之后这个参数又有变动。请重新起草，按新的规定试算。"))
    same = [row for row in rows if row.region_id == change.region_id]
    following = min((row.starts_on for row in same if row.starts_on and row.starts_on > starts_on), default=None)
    for row in same:
        if row.holds(starts_on):
            row.ends_on = starts_on - timedelta(days=1)
            row.save(update_fields=["ends_on"])
    made = Policy.objects.create(
        name=name,
        region=change.region,
        number=shown["number"],
        unit=shown["unit"],
        starts_on=starts_on,
        ends_on=following - timedelta(days=1) if following else None,
        legal_basis=shown["legal_basis"],
        version=max((row.version for row in same), default=0) + 1,
    )
    return f"{name}@{change.region.code if change.region else '-'}.{made.version}"


def _load(change: LawChange, *, now: datetime) -> str:
    shown = change.change
    loaded = newest(shown["year"])
    if (loaded.number if loaded else 0) != shown["base"]:
        raise StepNotAllowed("moved_on", _("试算之后又载入了这一年的安排。请重新提交，按新的日历试算。"))
    done = calendar.import_year(
        days_of(change),
        year=shown["year"],
        source=shown["source"],
        now=now,
        published_on=date.fromisoformat(shown["published_on"]) if shown["published_on"] else None,
    )
    return str(done)


def other_policies(change: LawChange, *, on: date) -> Policies | None:
    """All numbers with the changed one in place; None where only the calendar is another."""
    shown = change.change
    if "name" not in shown:
        return None
    first, last = (change.region_id, change.region.last) if change.region else (0, 2**31 - 1)
    number = PolicyNumber(shown["number"], shown["unit"], f"{shown['name']}@?", shown.get("legal_basis", ""))
    return Policies.load(on).instead(PolicyRow(shown["name"], first or 0, last, number))


def carry_out_unasked(mark: str, *, now: datetime) -> None:
    """The command at the machine: whoever may run it has the database anyway. Only for what nobody asked on a page."""
    with transaction.atomic():
        change = LawChange.objects.select_for_update(of=("self",)).get(
            mark=mark, asked_by=None, kind="calendar", state="tried"
        )
        change.result, change.state, change.after, change.decided_at = _load(change, now=now), "applying", 0, now
        change.save()


def drop_unasked(mark: str, *, now: datetime) -> None:
    """The command only wanted to know."""
    LawChange.objects.filter(mark=mark, asked_by=None, state="tried").update(state="dropped", done_at=now)
