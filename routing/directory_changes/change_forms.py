"""A change of the directory: what is typed to make it and decide on it, and what it is and would move, in words.

A form finds what was meant (a place, an authority, an enterprise) and says which there are if several bear the name.
Of cases that were or would be another enterprise's, the enterprise is told nothing, not even how many: a wish costs
nothing, and must show nothing. Case numbers are shown to whoever may see those cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.keys import sealed_fields
from accounts.models import User
from authorities.models import Authority, Region
from complaints import wording
from complaints.filing.places import full_name
from complaints.forms.fields import Choice, Day, FreeText, StepForm
from complaints.models import Complaint
from complaints.procedure import categories
from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS, SECTOR_LABELS
from complaints.reading.case import case_url
from enterprises.directory.change_kinds import Kind
from enterprises.directory.change_kinds_names import KINDS
from enterprises.models import Branch, Brand, DirectoryChange, Enterprise
from enterprises.models.enrolment import LONGEST
from web.dates import day_text
from web.languages import named
from web.listing import listed

#: So many of one name are told apart in the words of an error.
MOST_NAMED = 6
WIDE = {"class": "w-24"}
DAYS: dict[str, tuple[Any, Any]] = {
    "from": (_("自哪一天起"), _("批准得晚，就自批准当天起。")),
    "last": (_("最后一天"), _("到这一天24:00为止；批准得晚，就到批准当天为止。")),
    "fact": (_("登记的日期"), _("按市场主体登记写，可以是过去的日期。")),
}


class Named(forms.CharField):
    """A row of the directory by its code or its name. ``near``: where who types it works; of several regions of one
    name the only one that lies there is meant."""

    near: Sequence[Region] = ()

    def __init__(self, rows: QuerySet[Any], *, code: str, missing: Any, **options: Any) -> None:
        super().__init__(strip=True, max_length=200, widget=forms.TextInput(attrs=WIDE), **options)
        self.rows, self.code, self.missing = rows, code, missing

    def clean(self, value: Any) -> Model | None:
        text = str(super().clean(value) or "")
        if not text:
            return None
        results = [*self.rows.filter(**{self.code: text})[:1]] or [*self.rows.filter(name=text)[: MOST_NAMED + 1]]
        results = results or [*self.rows.filter(name__contains=text)[: MOST_NAMED + 1]]
        if len(results) > 1 and self.near:
            here = Q(pk__in=[])
            for region in self.near:
                here |= Q(pk__gte=region.pk, pk__lte=region.last)
            results = (
                [*self.rows.filter(here, name=text)[:2]]
                or [*self.rows.filter(here, name__contains=text)[:2]]
                or results
            )
        if len(results) == 1:
            return results[0]  # type: ignore[no-any-return]
        if not results:
            raise ValidationError(self.missing)
        shown = listed(self._label(row) for row in results[:MOST_NAMED])
        raise ValidationError(gettext("有几个叫这个名称，请写代码或全名：%(names)s") % {"names": shown})

    def _label(self, row: Any) -> str:
        if isinstance(row, Region):
            return f"{full_name(row.pk)} {row.code}"
        code = getattr(row, self.code) or ""
        return named(row) if code == row.name else f"{named(row)} {code}".strip()


class ChangeForm(StepForm):
    """The fields that this kind of change asks for, its day, and why."""

    def __init__(
        self,
        *args: Any,
        kind: Kind,
        today: date,
        parents: Sequence[Branch] = (),
        may_be_top: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        made: dict[str, Callable[[], forms.Field]] = {
            "name": lambda: FreeText(label=gettext("名称"), rows=1, longest=200),
            "name_en": lambda: FreeText(
                label=gettext("英文名称"), rows=1, longest=200, required=not kind.needs_approval
            ),
            "region": lambda: Named(
                Region.objects.filter(country="CN").order_by("id"),
                code="code",
                label=gettext("地区"),
                missing=gettext("没有这个地区"),
                help_text=gettext("名称或六位代码，例如 鼓楼区 或 350102"),
                required=kind.code != "branch-add",
            ),
            "category": lambda: forms.ChoiceField(
                label=gettext("只限哪一类"),
                required=False,
                help_text=gettext("不选，就是全部类别。"),
                widget=forms.Select(attrs=WIDE),
                choices=[("", gettext("全部类别")), *categories.OBJECT_CATEGORIES, *categories.SECTOR_PROBLEMS],
            ),
            "parent": lambda: forms.ChoiceField(
                label=gettext("新的上级"),
                widget=forms.Select(attrs=WIDE),
                required=not may_be_top,
                choices=[
                    ("", gettext("直属总部") if may_be_top else gettext("请选择")),
                    *((str(row.pk), named(row)) for row in parents),
                ],
            ),
            "authority": lambda: Named(
                Authority.objects.filter(has_power=True).order_by("id"),
                code="name",
                label=gettext("监管部门"),
                missing=gettext("没有这个部门，或者它没有处理权限"),
                help_text=gettext("例如 福州市鼓楼区市场监督管理局"),
            ),
            "enterprise": lambda: Named(
                Enterprise.objects.order_by("id"),
                code="uscc",
                label=gettext("企业"),
                missing=gettext("没有这个企业"),
                help_text=gettext("统一社会信用代码，或登记的全名"),
            ),
        }
        for name in kind.fields:
            self.fields[name] = made[name]()
            if name in ("name", "name_en"):
                self.fields[name].widget.attrs |= WIDE
        if kind.day:
            label, hint = DAYS[kind.day]
            self.fields["on_day"] = Day(label=label, help_text=hint)
        self.fields["why"] = FreeText(label=gettext("为什么"), rows=3, longest=LONGEST)
        self.kind, self.today = kind, today

    def clean_on_day(self) -> date:
        day: date = self.cleaned_data["on_day"]
        if self.kind.day in ("from", "last") and day < self.today:
            raise ValidationError(gettext("日期不能早于今天"))
        return day

    @property
    def what(self) -> dict[str, Any]:
        """What the change keeps of it: ids and words."""
        cleaned = {name: self.cleaned_data.get(name) for name in self.kind.fields}
        ids = {name: row.pk for name, row in cleaned.items() if isinstance(row, Model)}
        if "parent" in cleaned:
            ids["parent"] = int(cleaned["parent"]) if cleaned["parent"] else None
        return cleaned | ids


class DecisionForm(StepForm):
    """Approve or not; a refusal says why."""

    decision = Choice(label=_("决定"), choices=[("agree", _("批准这项变更")), ("refuse", _("不批准"))])
    reason = FreeText(
        label=_("理由"), rows=3, longest=LONGEST, required=False, help_text=_("不批准的，须写明理由；企业会看到。")
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("decision") == "refuse" and not cleaned.get("reason") and "reason" not in self.errors:
            self.add_error("reason", gettext("不批准，请写明理由。"))
        return cleaned


State = DirectoryChange.State
TONES = {
    **{State.DRAFT: "neutral", State.WAITING: "warn", State.APPROVED: "ok"},
    **{State.REFUSED: "bad", State.WITHDRAWN: "neutral", State.RECORDED: "ok"},
}
#: Names by which a change, a rule or a place says a row, and its table.
TABLES: dict[str, Any] = {
    **dict.fromkeys(("branch", "parent", "target_branch"), Branch),
    **dict.fromkeys(("enterprise", "target_enterprise"), Enterprise),
    **dict.fromkeys(("authority", "target_authority"), Authority),
    "region": Region,
    "brand": Brand,
}


def category_label(code: str) -> str:
    """A category, a problem, or the sector of all its problems; what no list has (part of a sector's) as it is."""
    return str(OBJECT_LABELS.get(code) or PROBLEM_LABELS.get(code) or SECTOR_LABELS.get(code) or code)


@dataclass(frozen=True, slots=True)
class RowNames:
    """The rows of the directory that a page speaks of; a query a table, however many changes or rules."""

    rows: dict[tuple[Any, int], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, named_rows: Iterable[Mapping[str, Any]]) -> RowNames:
        """``named_rows``: ids of rows by the names of TABLES; whatever else stands there is left out."""
        wanted: dict[Any, set[int]] = {}
        for one in named_rows:
            for name, table in TABLES.items():
                if one.get(name):
                    wanted.setdefault(table, set()).add(one[name])
        return cls(
            {(table, pk): row for table, ids in wanted.items() for pk, row in table.objects.in_bulk(ids).items()}
        )

    @classmethod
    def of_changes(cls, changes: Iterable[DirectoryChange]) -> RowNames:
        places = [
            way[side] for one in changes for way in (one.preview or {}).get("ways", ()) for side in ("before", "after")
        ]
        return cls.of([*(change.what for change in changes), *places])

    def say(self, name: str, pk: int | None, otherwise: str = "–") -> str:
        row = self.rows.get((TABLES[name], pk)) if pk else None
        return named(row) if row is not None else otherwise


def links_to(ids: Iterable[int], *, user: User, side: str, today: date) -> dict[int, tuple[str, str]]:
    """(number, address) of those of these cases that ``user`` may see; a query, none without ids."""
    wanted = list(ids)
    rows = Complaint.objects.visible_to(user, on=today).filter(pk__in=wanted).only("number") if wanted else ()
    return {case.pk: (case.number, case_url(case, side)) for case in rows}


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """One change of the directory or of a rule in a list."""

    change: Any
    title: str
    what: str
    state: str
    tone: str
    by: str
    url: str


def lines(changes: Sequence[DirectoryChange], *, url: Any) -> list[ChangeLine]:
    """``changes`` with their ``made_by`` and ``enterprise``; ``url``: from a change to its page."""
    names = RowNames.of_changes(changes)
    sealed_fields.load_for(change.made_by for change in changes)
    return [
        ChangeLine(
            change,
            str(KINDS[change.kind].title),
            " · ".join(value for _key, value in wished(change, names)),
            str(State(change.state).label),
            TONES[State(change.state)],
            change.made_by.name,
            url(change),
        )
        for change in changes
    ]


def facts(change: DirectoryChange, names: RowNames) -> list[dict[str, str]]:
    """The change for a summary list."""
    kind = KINDS[change.kind]
    rows = [(str(key), value) for key, value in wished(change, names)]
    if kind.day:
        rows.append((str(DAYS[kind.day][0]), day_text(change.on_day)))
    rows.append((gettext("为什么"), change.why))
    return [{"key": key, "value": value} for key, value in rows]


def wished(change: DirectoryChange, names: RowNames) -> list[tuple[str, str]]:
    """What is wished, without its day and reason: words and their value."""
    what = change.what
    keys = {
        "name": gettext("名称"),
        "name_en": gettext("英文名称"),
        "region": gettext("地区"),
        "parent": gettext("新的上级"),
        "authority": gettext("监管部门"),
        "enterprise": gettext("企业"),
        "branch": gettext("上级") if change.kind == "branch-add" else gettext("分支机构"),
    }
    results: list[tuple[str, str]] = []
    for name in ("branch", "parent", "region", "authority", "enterprise", "name", "name_en"):
        if what.get(name):
            results.append((keys[name], names.say(name, what[name]) if name in TABLES else str(what[name])))
        elif name == "parent" and name in what:
            results.append((keys[name], gettext("直属总部")))
    if what.get("category"):
        results.append((gettext("只限哪一类"), category_label(what["category"])))
    return results


@dataclass(frozen=True, slots=True)
class MovedCases:
    """So many cases from here to there."""

    before: str
    after: str
    n: int
    cases: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would move. ``state``: counting, failed, impossible or done."""

    state: str
    ways: list[MovedCases] = field(default_factory=list)
    total: int = 0
    others: int = 0
    looked_at: int = 0
    days: int = 0
    is_cut: bool = False
    at: datetime | None = None
    from_day: date | None = None


def preview(change: DirectoryChange, names: RowNames, *, user: User, side: str, today: date) -> Preview:
    """The preview as this side may read it: one query for the numbers of cases that ``user`` may see."""
    if change.preview_wanted_at is not None:
        return Preview("counting")
    counted = change.preview
    if counted is None or counted["impossible"]:
        return Preview("failed" if counted is None else "impossible")
    ways = [
        way
        for way in counted["ways"]
        if side == "authority"
        or way["before"]["enterprise"] == change.enterprise_id
        or all(place["enterprise"] in (None, change.enterprise_id) for place in (way["before"], way["after"]))
    ]
    seen = links_to((pk for way in ways for pk in way["cases"]), user=user, side=side, today=today)
    shown = [
        MovedCases(
            _place(way["before"], change, names),
            _place(way["after"], change, names),
            way["n"],
            [seen[pk] for pk in way["cases"] if pk in seen],
        )
        for way in ways
    ]
    others = counted["others"] if side == "authority" else 0
    return Preview(
        "done",
        shown,
        sum(way.n for way in shown) + others,
        others,
        counted["looked_at"] if side == "authority" else 0,
        counted["days"],
        counted["is_cut"],
        parse_datetime(counted["at"]),
        parse_date(counted["from_day"]),
    )


def _place(place: dict[str, Any], change: DirectoryChange, names: RowNames) -> str:
    if place["reason"]:
        return gettext("人工分送（%(reason)s）") % {"reason": wording.label(place["reason"], kind="reason")}
    if place["enterprise"] is None:
        return names.say("authority", place["authority"])
    text = names.say("enterprise", place["enterprise"])
    if place["branch"]:
        # A branch that the change itself would found has no row yet.
        text = names.say("branch", place["branch"], str(change.what.get("name") or "–"))
    if place["authority"]:
        authority = names.say("authority", place["authority"])
        text = gettext("%(where)s（不成转%(authority)s）") % {"where": text, "authority": authority}
    return text
