"""Loads rule rows from a table that an officer can read.

A version that stands there is never rewritten; a change is a new version.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from django.db import transaction

from authorities.models import Authority, Region
from authorities.tables import TableError, day_or_none, rows_of
from enterprises.models import Branch, Brand, Enterprise
from routing.models import RoutingRule

Row = TypeVar("Row")

DATA = Path(__file__).parents[1] / "data"
REQUIRED = ("code", "version", "priority", "reason")
OPTIONAL = (
    "category",
    "region_code",
    "brand",
    "enterprise",
    "named",
    "channel",
    "target_enterprise",
    "target_branch",
    "target_authority",
    "starts_on",
    "ends_on",
    "reason_en",
)


def load_rules(path: Path) -> int:
    """Load the rule versions that are new; returns how many."""
    known = set(RoutingRule.objects.values_list("code", "version"))
    new = 0
    with transaction.atomic():
        for line, row in rows_of(path, required=REQUIRED, optional=OPTIONAL):
            where = f"{path.name} line {line}"
            if not (row["version"].isdigit() and row["priority"].isdigit()):
                raise TableError(f"{where}: version and priority must be whole numbers")
            if (row["code"], int(row["version"])) in known:
                continue
            target = _enterprise(row["target_enterprise"], where=where)
            RoutingRule.objects.create(
                code=row["code"],
                version=int(row["version"]),
                priority=int(row["priority"]),
                category=row["category"],
                region=_region(row["region_code"], where=where),
                brand=_brand(row["brand"], where=where),
                enterprise=_enterprise(row["enterprise"], where=where),
                named=row["named"],
                channel=row["channel"],
                target_enterprise=target,
                target_branch=_branch(row["target_branch"], target, where=where),
                target_authority=_authority(row["target_authority"], where=where),
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
    found = list(Enterprise.objects.filter(uscc=text) or Enterprise.objects.filter(name=text)[:2])
    if len(found) != 1:
        raise TableError(f"{where}: {len(found)} enterprises are called {text!r}")
    return found[0]


def _region(code: str, *, where: str) -> Region | None:
    return _one(Region.objects.filter(code=code).first(), code, where=where)


def _brand(name: str, *, where: str) -> Brand | None:
    return _one(Brand.objects.filter(name=name).first(), name, where=where)


def _authority(name: str, *, where: str) -> Authority | None:
    return _one(Authority.objects.filter(name=name).first(), name, where=where)


def _branch(name: str, enterprise: Enterprise | None, *, where: str) -> Branch | None:
    return _one(Branch.objects.filter(enterprise=enterprise, name=name).first(), name, where=where)


def _one(row: Row | None, text: str, *, where: str) -> Row | None:
    if text and row is None:
        raise TableError(f"{where}: no {text!r}")
    return row
