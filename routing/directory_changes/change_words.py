"""A change of the directory and what it would move, in words, for either side.

Of cases that were or would be another enterprise's, the enterprise is told nothing, not even how many:
a wish costs nothing, and must show nothing. Case numbers are shown to whoever may see those cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.models import User
from authorities.models import Authority, Region
from complaints import wording
from complaints.models import Complaint
from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS, SECTOR_LABELS
from complaints.reading.case import case_url
from enterprises.directory.change_kinds_names import KINDS
from enterprises.models import Branch, DirectoryChange, Enterprise
from routing.directory_changes.change_forms import DAYS
from web.dates import day_text
from web.languages import named

State = DirectoryChange.State
TONES = {
    State.DRAFT: "neutral",
    State.WAITING: "warn",
    State.APPROVED: "ok",
    State.REFUSED: "bad",
    State.WITHDRAWN: "neutral",
    State.RECORDED: "ok",
}
_TABLES: dict[str, Any] = {
    "branch": Branch,
    "parent": Branch,
    "region": Region,
    "authority": Authority,
    "enterprise": Enterprise,
}


def category_words(code: str) -> str:
    """A category, a problem, or the sector of all its problems; what no list has (part of a sector's) as it is."""
    return str(OBJECT_LABELS.get(code) or PROBLEM_LABELS.get(code) or SECTOR_LABELS.get(code) or code)


@dataclass(frozen=True, slots=True)
class Names:
    """The rows of the directory that some changes speak of; four queries at most, however many changes."""

    rows: dict[tuple[Any, int], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, changes: Iterable[DirectoryChange]) -> Names:
        wanted: dict[Any, set[int]] = {}
        for change in changes:
            for name, table in _TABLES.items():
                if change.what.get(name):
                    wanted.setdefault(table, set()).add(change.what[name])
            for way in (change.preview or {}).get("ways", ()):
                for place in (way["before"], way["after"]):
                    for name in ("enterprise", "branch", "authority"):
                        if place[name]:
                            wanted.setdefault(_TABLES[name], set()).add(place[name])
        return cls(
            {(table, pk): row for table, ids in wanted.items() for pk, row in table.objects.in_bulk(ids).items()}
        )

    def say(self, name: str, pk: int | None, otherwise: str = "") -> str:
        row = self.rows.get((_TABLES[name], pk)) if pk else None
        return named(row) if row is not None else otherwise


@dataclass(frozen=True, slots=True)
class Line:
    """One change in a list."""

    change: DirectoryChange
    title: str
    what: str
    state: str
    tone: str
    by: str
    url: str


def lines(changes: Sequence[DirectoryChange], *, url: Any) -> list[Line]:
    """``changes`` with their ``made_by`` and ``enterprise``; ``url``: from a change to its page."""
    names = Names.of(changes)
    sealed_fields.load_for(change.made_by for change in changes)
    return [
        Line(
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


def facts(change: DirectoryChange, names: Names) -> list[dict[str, str]]:
    """The change for a summary list."""
    kind = KINDS[change.kind]
    rows = [(str(key), value) for key, value in wished(change, names)]
    if kind.day:
        rows.append((str(DAYS[kind.day][0]), day_text(change.on_day)))
    rows.append((_("为什么"), change.why))
    return [{"key": key, "value": value} for key, value in rows]


def wished(change: DirectoryChange, names: Names) -> list[tuple[str, str]]:
    """What is wished, without its day and reason: words and their value."""
    what = change.what
    keys = {
        "name": _("名称"),
        "name_en": _("英文名称"),
        "region": _("地区"),
        "parent": _("新的上级"),
        "authority": _("监管部门"),
        "enterprise": _("企业"),
        "branch": _("上级") if change.kind == "branch-add" else _("分支机构"),
    }
    found: list[tuple[str, str]] = []
    for name in ("branch", "parent", "region", "authority", "enterprise", "name", "name_en"):
        if what.get(name):
            found.append((keys[name], names.say(name, what[name], "–") if name in _TABLES else str(what[name])))
        elif name == "parent" and name in what:
            found.append((keys[name], _("直属总部")))
    if what.get("category"):
        found.append((_("只限哪一类"), category_words(what["category"])))
    return found


@dataclass(frozen=True, slots=True)
class Way:
    """So many cases from here to there."""

    before: str
    after: str
    n: int
    cases: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would move. ``state``: counting, failed, impossible or done."""

    state: str
    ways: list[Way] = field(default_factory=list)
    total: int = 0
    others: int = 0
    looked_at: int = 0
    days: int = 0
    is_cut: bool = False
    at: datetime | None = None
    from_day: date | None = None


def preview(change: DirectoryChange, names: Names, *, user: User, side: str, today: date) -> Preview:
    """The preview as this side may read it: one query for the numbers of cases that ``user`` may see."""
    if change.preview_wanted_at is not None:
        return Preview("counting")
    told = change.preview
    if told is None:
        return Preview("failed")
    if told["impossible"]:
        return Preview("impossible")
    ways = [way for way in told["ways"] if side == "authority" or _is_ours(way, change.enterprise_id)]
    ids = [pk for way in ways for pk in way["cases"]]
    seen = (
        {
            case.pk: (case.number, case_url(case, side))
            for case in Complaint.objects.visible_to(user, on=today).filter(pk__in=ids).only("number")
        }
        if ids
        else {}
    )
    shown = [
        Way(
            _place(way["before"], change, names),
            _place(way["after"], change, names),
            way["n"],
            [seen[pk] for pk in way["cases"] if pk in seen],
        )
        for way in ways
    ]
    others = told["others"] if side == "authority" else 0
    return Preview(
        "done",
        shown,
        sum(way.n for way in shown) + others,
        others,
        told["looked_at"] if side == "authority" else 0,
        told["days"],
        told["is_cut"],
        parse_datetime(told["at"]),
        parse_date(told["from_day"]),
    )


def _is_ours(way: dict[str, Any], enterprise_id: int) -> bool:
    return all(place["enterprise"] in (None, enterprise_id) for place in (way["before"], way["after"])) or (
        way["before"]["enterprise"] == enterprise_id
    )


def _place(place: dict[str, Any], change: DirectoryChange, names: Names) -> str:
    if place["reason"]:
        return _("人工分送（%(reason)s）") % {"reason": wording.label(place["reason"], kind="reason")}
    if place["enterprise"] is None:
        return names.say("authority", place["authority"], "–")
    words = names.say("enterprise", place["enterprise"], "–")
    if place["branch"]:
        # A branch that the change itself would found has no row yet.
        words = names.say("branch", place["branch"], str(change.what.get("name") or "–"))
    if place["authority"]:
        words = _("%(where)s（不成转%(authority)s）") % {
            "where": words,
            "authority": names.say("authority", place["authority"], "–"),
        }
    return words
