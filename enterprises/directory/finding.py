"""Finds who a consumer means: by any name, code, or pinyin initials.

A hit always says why it is one, and which branch would answer; an ended
enterprise is shown with its successor, never alone. Six queries, however many hits.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models.expressions import RawSQL
from django.db.models.functions import Length
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from authorities.models import Region
from authorities.periods import holds_on
from enterprises.directory.answering import Area, BranchFacts, Period, answering_branches
from enterprises.directory.looking_up import KIND_WEIGHT, NameMatch, looked_up, slipped
from enterprises.directory.spelling import COMMON, SOUND, grams_of, wanted_grams
from enterprises.directory.typed import Typed
from enterprises.models import Branch, BrandHolding, Enterprise, SearchName, ServiceArea, Succession
from web.languages import name_in_language

LABELS: dict[str, Promise] = {
    "matched_legal": _("登记名称：{text}"),
    "matched_brand": _("品牌：{text}"),
    "matched_alias": _("别称：{text}"),
    "matched_former": _("曾用名：{text}"),
    "matched_branch": _("分支机构：{text}"),
    "matched_code": _("统一社会信用代码：{text}"),
    "similar": _("名称相近：{text}"),
    "serves": _("{region}由{branch}答复"),
    "succeeded": _("{old}已由{new}承继"),
    "enrolled": _("在线和解企业"),
    "suspended": _("暂停接收：由监管部门处理"),
    "not_enrolled": _("未入驻：由监管部门处理"),
    "ended": _("已注销"),
}


@dataclass(frozen=True, slots=True)
class SearchReason:
    """One reason with its values."""

    code: str
    values: Mapping[str, str]

    def __str__(self) -> str:
        names = {key: name_in_language(value, self.values.get(f"{key}_en", "")) for key, value in self.values.items()}
        return str(LABELS[self.code]).format(**names)


LONGEST_QUERY = 80
READ_ROWS = 300


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A name that may be meant while it is being typed, and what it is of the enterprise."""

    enterprise_id: int
    name: str
    matched: str
    kind: str
    enrolment: str
    is_similar: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """An enterprise that may be meant, best first."""

    enterprise: Enterprise
    branch: Branch | None
    brands: tuple[str, ...]
    matched: str
    kind: str
    score: int
    is_similar: bool
    successor: Enterprise | None = None
    why: tuple[SearchReason, ...] = field(default=())

    @property
    def is_enrolled(self) -> bool:
        """Whether a case can be handed to it now."""
        return self.enterprise.enrolment == Enterprise.Enrolment.ENROLLED


#: Enterprise → (score, the name that fits best).
BestNames = dict[int, tuple[int, NameMatch]]


def find(query: str, *, on: dt.date, region_id: int | None = None, category: str = "", limit: int = 20) -> list[Hit]:
    """Enterprises of that name on a day, ranked; those that serve the region first."""
    typed = Typed.of(query, longest=LONGEST_QUERY)
    if not typed.terms:
        return []
    names = looked_up(typed, on=on, most=READ_ROWS)
    is_similar = not names
    if is_similar and not typed.tells_nothing:
        names = slipped(typed, on=on, most=READ_ROWS)
    best: BestNames = {}
    for name in names:
        score = typed.likeness(name.folded, name.spelled) if is_similar else _score(name, typed)
        if name.enterprise_id not in best or score > best[name.enterprise_id][0]:
            best[name.enterprise_id] = (score, name)
    hits = _hits(best, on=on, region_id=region_id, category=category, is_similar=is_similar)
    hits.sort(key=lambda hit: (-hit.score, len(hit.enterprise.name), hit.enterprise.pk))
    return hits[:limit]


def suggest(query: str, *, on: dt.date, limit: int = 8) -> list[Suggestion]:
    """Names that go on with what was typed, best first; one statement, two when there is a slip in it."""
    typed = Typed.of(query, longest=LONGEST_QUERY)
    if not typed.terms:
        return []
    names = looked_up(typed, on=on, most=4 * limit)
    is_similar = not names
    if is_similar and not typed.tells_nothing:
        names = slipped(typed, on=on, most=READ_ROWS)
    else:
        ended = Enterprise.Enrolment.ENDED
        names.sort(
            key=lambda name: (name.enrolment == ended, -_score(name, typed), len(name.folded), name.enterprise_id)
        )
    best: dict[int, Suggestion] = {}
    for name in names:
        shown = name_in_language(name.enterprise_name, name.enterprise_name_en)
        best.setdefault(
            name.enterprise_id, Suggestion(name.enterprise_id, shown, name.text, name.kind, name.enrolment, is_similar)
        )
    return list(best.values())[:limit]


def tells_nothing(query: str) -> bool:
    """Whether what was typed is a place or a legal form alone, so that a few more words are needed."""
    return Typed.of(query, longest=LONGEST_QUERY).tells_nothing


def _similar(terms: Sequence[str], *, on: dt.date) -> list[SearchName]:
    pairs = {gram for term in terms for gram in wanted_grams(term)}
    telling = sorted(pairs - COMMON) or sorted(pairs)
    # Counted and sorted by the database: of a large directory only the likest are read.
    shared = RawSQL("(select count(*) from unnest(grams) as one where one = any(%s))", [telling])
    near = SearchName.objects.filter(holds_on(on), grams__overlap=telling).annotate(shared=shared)
    likest = near.order_by("-shared", Length("folded"), "id")[:READ_ROWS]
    return [name for name in likest if _similarity(name, terms) > 30]


def near(name: str, *, on: dt.date, limit: int = 5) -> tuple[int, ...]:
    """Enterprises whose names are like this one, likest first; one query."""
    terms = Typed.of(name, longest=LONGEST_QUERY).terms
    best: dict[int, int] = {}
    for result in _similar(terms, on=on) if terms else ():
        best[result.enterprise_id] = max(best.get(result.enterprise_id, 0), _similarity(result, terms))
    return tuple(sorted(best, key=lambda one: (-best[one], one))[:limit])


def _similarity(name: SearchName, terms: Sequence[str]) -> int:
    wanted = {gram for term in terms for gram in grams_of(term)}
    theirs = set(grams_of(name.folded))
    return 200 * len(wanted & theirs) // (len(wanted) + len(theirs))


def _score(name: NameMatch, typed: Typed) -> int:
    whole = typed.whole
    spelled = name.spelled.replace(" ", "") if typed.is_latin else ""
    if name.folded == whole:
        score = 1000
    elif typed.is_latin and spelled == whole:
        score = 900
    elif name.folded.startswith(whole):
        score = 700
    elif typed.is_latin and len(typed.terms) == 1 and spelled.startswith(whole) and len(whole) >= SOUND:
        score = 600
    elif name.initials == whole:
        score = 450
    elif all(term in name.folded for term in typed.terms):
        score = 500
    elif name.folded in typed.cores:
        score = 460
    elif typed.is_latin:
        score = 350 if name.initials.startswith(whole) else 480
    else:
        score = 430
    return score + KIND_WEIGHT[name.kind]


def _hits(best: BestNames, *, on: dt.date, region_id: int | None, category: str, is_similar: bool) -> list[Hit]:
    enterprises = Enterprise.objects.in_bulk(list(best))
    successors = _successors(best, on=on)
    later = Enterprise.objects.in_bulk(list(set(successors.values())))
    everyone = set(best) | set(later)
    branches = {b.pk: b for b in Branch.objects.filter(enterprise_id__in=everyone)}
    answering = _answering(everyone, branches, on=on, region_id=region_id, category=category)
    brands: dict[int, list[str]] = defaultdict(list)
    holdings = BrandHolding.objects.filter(enterprise_id__in=best).filter(holds_on(on))
    for holding in holdings.select_related("brand"):
        brands[holding.enterprise_id].append(str(holding.brand))
    region = Region.objects.filter(id=region_id).first() if region_id else None
    hits = []
    for enterprise_id, (score, name) in best.items():
        enterprise = enterprises[enterprise_id]
        successor = later.get(successors.get(enterprise_id, 0))
        answers = successor or enterprise
        branch = branches.get(answering.get(answers.pk, 0))
        if branch is None and name.branch_id and successor is None and region is None:
            branch = branches.get(name.branch_id)
        why = [SearchReason("similar" if is_similar else f"matched_{name.kind}", {"text": name.text})]
        if successor is not None:
            why.append(SearchReason("succeeded", {"old": enterprise.name, "new": successor.name}))
        if branch is not None and region is not None:
            values = {"branch": branch.name, "branch_en": branch.name_en or branch.name}
            values |= {"region": region.name, "region_en": region.name_en or region.name}
            why.append(SearchReason("serves", values))
            score += 200
        if answers.enrolment == Enterprise.Enrolment.ENROLLED:
            score += 50
        elif answers.enrolment == Enterprise.Enrolment.ENDED:
            score -= 100
        why.append(SearchReason(answers.enrolment, {}))
        hits.append(
            Hit(
                enterprise=enterprise,
                branch=branch,
                brands=tuple(brands.get(enterprise_id, ())),
                matched=name.text,
                kind=name.kind,
                score=score,
                is_similar=is_similar,
                successor=successor,
                why=tuple(why),
            )
        )
    return hits


def _successors(ids: Iterable[int], *, on: dt.date) -> dict[int, int]:
    """The entity that answers today for each that was succeeded; of a split into several the first is shown."""
    rows = Succession.objects.filter(on_day__lte=on).order_by("-on_day", "-id")
    step = dict(rows.values_list("predecessor_id", "successor_id"))
    result: dict[int, int] = {}
    for start in ids:
        seen = {start}
        current = start
        while current in step and step[current] not in seen:
            current = step[current]
            seen.add(current)
        if current != start:
            result[start] = current
    return result


def _answering(
    enterprise_ids: set[int], branches: dict[int, Branch], *, on: dt.date, region_id: int | None, category: str
) -> dict[int, int]:
    if region_id is None:
        return {}
    facts = {
        b.pk: BranchFacts(b.pk, b.enterprise_id, b.parent_id, Period(b.starts_on, b.ends_on), b.place_id)
        for b in branches.values()
    }
    areas: dict[int, list[Area]] = defaultdict(list)
    rows = ServiceArea.objects.filter(
        branch__enterprise_id__in=enterprise_ids, region__id__lte=region_id, region__last__gte=region_id
    ).select_related("region")
    for row in rows:
        areas[branches[row.branch_id].enterprise_id].append(
            Area(row.branch_id, row.region.pk, row.region.last, row.category, Period(row.starts_on, row.ends_on))
        )
    answering = {}
    for enterprise_id, of_enterprise in areas.items():
        result = answering_branches(of_enterprise, facts, region_id=region_id, categories=(category,), on=on)
        if result:
            answering[enterprise_id] = result[0]
    return answering
