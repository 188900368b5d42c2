"""Takes the part of the directory out of the database that some cases touch; loads rules from a table.

A fixed number of queries for a whole batch of cases, however large the directory is; only names that nobody bears cost
one more each. A version of a rule that stands there is never rewritten; a change is a new version.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, Q

from authorities.models import Authority, Region
from authorities.tables import TableError, day_or_none, rows_of
from enterprises.directory.answering import Area, BranchFacts, Period
from enterprises.directory.finding import near
from enterprises.directory.spelling import fold_name
from enterprises.models import (
    Branch,
    BranchAuthority,
    Brand,
    BrandHolding,
    Enterprise,
    SearchName,
    ServiceArea,
    Succession,
)
from routing.models import RoutingRule
from routing.rules.facts import BranchDuty, Directory, EnterpriseFacts, Facts, Holding, Name, Rule
from routing.rules.matching import wanted_names
from web.incoming import whole

LONGEST_CHAIN = 10
Row = TypeVar("Row", bound=Model)
Key = TypeVar("Key", int, str)
One = TypeVar("One")


def rules() -> tuple[Rule, ...]:
    """All rule rows; matching itself leaves out what does not hold on the day."""
    return tuple(rule_of(row) for row in RoutingRule.objects.filter(is_taken_back=False).select_related("region"))


def rule_of(row: RoutingRule) -> Rule:
    """A row (with its region) as matching reads it."""
    return Rule(
        code=row.code,
        version=row.version,
        priority=row.priority,
        reason=row.reason,
        reason_en=row.reason_en,
        category=row.category,
        first=row.region.pk if row.region else None,
        last=row.region.last if row.region else None,
        brand_id=row.brand_id,
        enterprise_id=row.enterprise_id,
        named=fold_name(row.named),
        channel=row.channel,
        target_enterprise_id=row.target_enterprise_id,
        target_branch_id=row.target_branch_id,
        target_authority_id=row.target_authority_id,
        period=_period(row),
    )


def snapshot(cases: Iterable[Facts], rules: Sequence[Rule], *, suggests: bool = True) -> Directory:
    """What `choose` needs for these cases; without suggestions nobody is shown who is alike."""
    cases = list(cases)
    folded = {key for facts in cases for key in wanted_names(facts)}
    names = _grouped(
        (row.folded, Name(row.kind, row.enterprise_id, row.brand_id, row.branch_id, _period(row)))
        for row in SearchName.objects.filter(folded__in=folded).order_by("id")
    )
    brand_ids = {brand_id for facts in cases for brand_id in facts.brand_ids}
    brand_ids |= {name.brand_id for of_one in names.values() for name in of_one if name.brand_id}
    holdings = _grouped(
        (row.brand_id, Holding(row.brand_id, row.enterprise_id, row.category, _period(row)))
        for row in BrandHolding.objects.filter(brand_id__in=brand_ids)
    )
    ids = {facts.enterprise_id for facts in cases if facts.enterprise_id}
    ids |= {name.enterprise_id for of_one in names.values() for name in of_one}
    ids |= {holding.enterprise_id for of_one in holdings.values() for holding in of_one}
    ids |= {rule.target_enterprise_id for rule in rules if rule.target_enterprise_id}
    near_ids = _near(cases, names) if suggests else {}
    ids |= {one for of_one in near_ids.values() for one in of_one}
    successions = _successions(ids)
    ids |= {successor for of_one in successions.values() for successor, _day in of_one}
    branches = {
        row.pk: BranchFacts(
            id=row.pk,
            enterprise_id=row.enterprise_id,
            parent_id=row.parent_id,
            period=_period(row),
            place_id=row.place_id,
            name=row.name,
            name_en=row.name_en,
        )
        for row in Branch.objects.filter(enterprise_id__in=ids)
    }
    duties = BranchAuthority.objects.filter(branch_id__in=branches).order_by("starts_on", "id")
    return Directory(
        enterprises=_enterprises(ids),
        branches=branches,
        areas=_areas(branches),
        holdings=holdings,
        successions=successions,
        names=names,
        near=near_ids,
        duties=_grouped((row.branch_id, BranchDuty(row.branch_id, row.authority_id, _period(row))) for row in duties),
    )


def _period(row: Any) -> Period:
    return Period(row.starts_on, row.ends_on)


def _enterprises(ids: set[int]) -> dict[int, EnterpriseFacts]:
    return {
        row.pk: EnterpriseFacts(
            id=row.pk,
            name=row.name,
            name_en=row.name_en,
            enrolment=_enrolment_while_alive(row),
            ended_on=row.ended_on,
            domicile_id=row.domicile_id,
            domicile_names=tuple(filter(None, (row.domicile.name, row.domicile.name_en))) if row.domicile else (),
        )
        for row in Enterprise.objects.filter(id__in=ids).select_related("domicile")
    }


def _enrolment_while_alive(row: Enterprise) -> str:
    """An ended enterprise keeps no enrolment; on a day before its end, who enrolled it tells."""
    if row.enrolment != Enterprise.Enrolment.ENDED:
        return row.enrolment
    enrolled = row.enrolled_by_id is not None
    return Enterprise.Enrolment.ENROLLED if enrolled else Enterprise.Enrolment.NOT_ENROLLED


def _grouped(pairs: Iterable[tuple[Key, One]]) -> dict[Key, tuple[One, ...]]:
    """Addresses with the same cells stand in one line."""
    result: dict[Key, list[One]] = defaultdict(list)
    for key, one in pairs:
        result[key].append(one)
    return {key: tuple(ones) for key, ones in result.items()}


def _near(cases: Iterable[Facts], names: dict[str, tuple[Name, ...]]) -> dict[str, tuple[int, ...]]:
    result: dict[str, tuple[int, ...]] = {}
    for facts in cases:
        key = fold_name(facts.named)
        if key and key not in result and not facts.enterprise_id and not names.keys() & wanted_names(facts):
            result[key] = near(facts.named, on=facts.on)
    return result


def _successions(ids: set[int]) -> dict[int, tuple[tuple[int, dt.date], ...]]:
    result: dict[int, list[tuple[int, dt.date]]] = defaultdict(list)
    asked: set[int] = set()
    waiting = set(ids)
    for _step in range(LONGEST_CHAIN):
        if not waiting:
            break
        asked |= waiting
        rows = Succession.objects.filter(Q(predecessor_id__in=waiting)).order_by("on_day", "id")
        waiting = set()
        for row in rows:
            result[row.predecessor_id].append((row.successor_id, row.on_day))
            waiting.add(row.successor_id)
        waiting -= asked
    return {key: tuple(value) for key, value in result.items()}


def _areas(branches: dict[int, BranchFacts]) -> dict[int, tuple[Area, ...]]:
    return _grouped(
        (
            branches[row.branch_id].enterprise_id,
            Area(row.branch_id, row.region.pk, row.region.last, row.category, _period(row)),
        )
        for row in ServiceArea.objects.filter(branch_id__in=branches).select_related("region")
    )


DATA = Path(__file__).parents[1] / "data"
REQUIRED = ("code", "version", "priority", "reason")
OPTIONAL = (
    *("category", "region_code", "brand", "enterprise", "named", "channel"),
    *("target_enterprise", "target_branch", "target_authority", "starts_on", "ends_on", "reason_en"),
)


def load_rules(path: Path) -> int:
    """Load the rule versions that are new; returns how many."""
    known = set(RoutingRule.objects.values_list("code", "version"))
    new = 0
    with transaction.atomic():
        for line, row in rows_of(path, required=REQUIRED, optional=OPTIONAL):
            where = f"{path.name} line {line}"
            version, priority = whole(row["version"], 9), whole(row["priority"], 9)
            if version is None or priority is None:
                raise TableError(f"{where}: version and priority must be whole numbers")
            if (row["code"], version) in known:
                continue
            target = _enterprise(row["target_enterprise"], where=where)
            RoutingRule.objects.create(
                code=row["code"],
                version=version,
                priority=priority,
                category=row["category"],
                region=_one(Region, where, code=row["region_code"]),
                brand=_one(Brand, where, name=row["brand"]),
                enterprise=_enterprise(row["enterprise"], where=where),
                named=row["named"],
                channel=row["channel"],
                target_enterprise=target,
                target_branch=_one(Branch, where, enterprise=target, name=row["target_branch"]),
                target_authority=_one(Authority, where, name=row["target_authority"]),
                starts_on=day_or_none(row["starts_on"], where=where),
                ends_on=day_or_none(row["ends_on"], where=where),
                reason=row["reason"],
                reason_en=row["reason_en"],
            )
            new += 1
    return new


def _enterprise(text: str, *, where: str) -> Enterprise | None:
    if not text:
        return None
    results = list(Enterprise.objects.filter(uscc=text) or Enterprise.objects.filter(name=text)[:2])
    if len(results) != 1:
        raise TableError(f"{where}: {len(results)} enterprises are called {text!r}")
    return results[0]


def _one(model: type[Row], where: str, **columns: Any) -> Row | None:
    """The row with these columns; none where the last of them, its code or name, is empty."""
    text = list(columns.values())[-1]
    row = model._default_manager.filter(**columns).first() if text else None
    if text and row is None:
        raise TableError(f"{where}: no {text!r}")
    return row
