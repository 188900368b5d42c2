"""Finds who a consumer means: by any name, code, or pinyin initials.

A hit always says why it is one, and which branch would answer; an ended
enterprise is shown with its successor, never alone. Six queries, however many hits.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from authorities.models import Region
from authorities.periods import holds_on
from enterprises.directory.answering import Area, BranchFacts, Period, answering_branches
from enterprises.directory.spelling import COMMON, SOUND, grams_of, sounds_of, telling_sound, wanted_grams
from enterprises.directory.typed import SHORTEST_LATIN, SHORTEST_SLIP, Typed, beginnings_near
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


#: A slip is looked for in this much of what was typed: each letter costs a look into the index.
SLIP_WITHIN = 12
#: So many pairs of a term narrow it down; each further one is a list to walk and finds nothing new.
PAIRS_ASKED = 4


class NameMatch(NamedTuple):
    """A name with what is shown of its enterprise, read in one statement."""

    enterprise_id: int
    branch_id: int | None
    kind: str
    text: str
    folded: str
    initials: str
    spelled: str
    enterprise_name: str
    enterprise_name_en: str
    enrolment: str


#: Each way reads an index of its own; their order is that of likelihood.
_WHOLE = "folded = %(whole)s"
_BEGINNING = "folded like %(beginning)s"
_INITIALS = "initials like %(beginning)s"
_CORE = "folded = any(%(cores)s)"
#: The letters come first, being cheap to compare where the whole table is walked: as it is for pairs that many names
#: have. The planner is kept from taking both conditions for independent (hence `coalesce`), or it would walk the index,
#: which has to note every one of thousands of rows before the first is read.
_PIECES = "coalesce({pieces}, false) and grams @> %({grams})s::varchar[]"
#: A look into the index for each; an overlap of that many would be compared with every name.
_ANY_SOUND = f"""id = any(array(select one_of.id from unnest(%(near)s::varchar[]) as sound cross join lateral
 (select id from {SearchName._meta.db_table} where grams @> array[sound] limit %(most)s) as one_of))"""  # noqa: S608
#: Run together, which is quick to compare; then whether it begins with a syllable or word.
_SPELLED = "(replace(spelled, ' ', '') like %({key})s and spelled ~ %({key}_apart)s)"
_WAY = f"""(select enterprise_id, branch_id, kind, text, folded, initials, spelled from {SearchName._meta.db_table}
 where ({{condition}}) and (starts_on is null or starts_on <= %(on)s) and (ends_on is null or ends_on >= %(on)s)
 limit %(most)s)"""  # noqa: S608
_ENTERPRISES = f"""select found.*, firm.name, firm.name_en, firm.enrolment
 from (select * from ({{ways}}) as every_way limit %(most)s) as found
 join {Enterprise._meta.db_table} as firm on firm.id = found.enterprise_id"""  # noqa: S608


def looked_up(typed: Typed, *, on: dt.date, most: int) -> list[NameMatch]:
    """At most so many names that hold on the day and are what was typed; one statement."""
    values: dict[str, Any] = {"whole": typed.whole, "beginning": f"{_escaped(typed.whole)}%"}
    ways = [_WHOLE]
    if typed.tells_nothing:
        return list(dict.fromkeys(_walked(ways, values, on=on, most=most)))
    if len(typed.terms) == 1 or typed.is_latin:
        ways.append(_BEGINNING)
    if typed.is_latin:
        if len(typed.whole) > 1:
            ways.append(_INITIALS)
        # Run together first, then each word for itself.
        for name, terms in (("run", [typed.whole]), ("words", typed.terms)):
            if letters := [telling_sound(term) for term in terms if len(term) >= SOUND]:
                parts = {f"{name}_{number}": term for number, term in enumerate(terms)}
                spelled = " and ".join(_SPELLED.format(key=key) for key in parts)
                ways.append(_PIECES.format(pieces=spelled, grams=name))
                values |= {key: f"%{term}%" for key, term in parts.items()}
                values |= {f"{key}_apart": _spelling(term) for key, term in parts.items()} | {name: letters}
            if len(typed.terms) == 1:
                break
    else:
        for name, terms in {"typed": typed.terms, "parted": typed.parted}.items():
            if name == "parted" and typed.parted == typed.terms:
                continue
            parts = {f"{name}_{number}": f"%{_escaped(term)}%" for number, term in enumerate(terms)}
            ways.append(_PIECES.format(pieces=" and ".join(f"folded like %({key})s" for key in parts), grams=name))
            values |= parts | {name: [gram for term in terms for gram in _telling(term)]}
        if cores := [core for core in typed.cores if core != typed.whole]:
            ways.append(_CORE)
            values["cores"] = cores
    return list(dict.fromkeys(_walked(ways, values, on=on, most=most)))


def slipped(typed: Typed, *, on: dt.date, most: int) -> list[NameMatch]:
    """Names with one letter wrong, missing or too many, or that sound the same, likest first; one statement.

    What was typed is looked up once without each of its characters: what stands before it and after it
    has to be in the name. A wrong character spoils two pairs, so no whole of pairs would find it.
    """
    values: dict[str, Any] = {}
    conditions = []
    if typed.is_latin:
        if len(typed.whole) < SHORTEST_LATIN:
            return []
        values["near"] = sorted(beginnings_near(typed.whole))
        conditions.append(_ANY_SOUND)
    else:
        if len(typed.core) < 2:
            return []
        if typed.bare != typed.core:
            values["bare"] = typed.bare
            conditions.append("folded = %(bare)s")
        if len(typed.core) < SHORTEST_SLIP:
            if sounds := sounds_of(typed.spelled)[:1]:
                values["sounds"] = sounds
                conditions.append("grams @> %(sounds)s::varchar[]")
        else:
            # The places beside it as well: they narrow it down.
            name = "".join(typed.parted)[:SLIP_WITHIN]
            values |= {
                f"without_{place}": [*wanted_grams(name[:place]), *wanted_grams(name[place + 1 :])]
                for place in range(len(name))
            }
            conditions += [f"grams @> %(without_{place})s::varchar[]" for place in range(len(name))]
    if not conditions:
        return []
    names = _walked([" or ".join(conditions)], values, on=on, most=most)
    likeness = {name: typed.likeness(name.folded, name.spelled) for name in names}
    near = [name for name in dict.fromkeys(names) if likeness[name]]
    return sorted(near, key=lambda name: (-likeness[name], -KIND_WEIGHT[name.kind], len(name.folded)))


def _spelling(letters: str) -> str:
    """Begins with a syllable or word, and goes over into the next ones: yidong in zhong guo yi dong."""
    return r"(^| )" + " ?".join(letters)


def _walked(ways: Sequence[str], values: Mapping[str, Any], *, on: dt.date, most: int) -> list[NameMatch]:
    """What was typed travels as parameters; only our own conditions are put together."""
    sql = _ENTERPRISES.format(ways=" union all ".join(_WAY.format(condition=way) for way in ways))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "on": on, "most": most})
        return [NameMatch(*row) for row in cursor.fetchall()]


def _telling(term: str) -> list[str]:
    """A few pairs of the term from all along it, without those that most names have."""
    pairs = wanted_grams(term)
    telling = [pair for pair in pairs if pair not in COMMON] or pairs
    return telling[:: -(-len(telling) // PAIRS_ASKED)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


LONGEST_QUERY = 80
READ_ROWS = 300
KIND_WEIGHT = {"code": 60, "brand": 55, "legal": 50, "alias": 45, "branch": 40, "former": 30}


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
    whole, spelled = typed.whole, name.spelled.replace(" ", "")
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
