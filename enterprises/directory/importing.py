"""Reads a file of enterprises into the directory: all of it, or nothing.

Every bad cell is named before anything is written. Rows that stand there
already change nothing, so a file may be imported twice; nothing is deleted.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from authorities.models import Authority, Region
from enterprises.directory.exchange import DirectoryRow, Problem, read, reference
from enterprises.directory.naming import write_names
from enterprises.models import Alias, Branch, BranchAuthority, Brand, BrandHolding, Enterprise, ServiceArea, Succession

BATCH = 2000


class ImportRefused(Exception):
    """The file has bad cells; nothing of it was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(slots=True)
class ImportOutcome:
    """How many rows of a kind were new, changed, or there already."""

    new: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    same: Counter[str] = field(default_factory=Counter)
    enterprise_ids: list[int] = field(default_factory=list)


def import_enterprises(path: Path, *, dry_run: bool = False) -> ImportOutcome:
    """Import a file; a dry run does everything and takes it back."""
    rows = read(path)
    plan = _Plan(rows)
    problems = sorted((p for row in rows for p in row.problems), key=lambda p: p.line)
    if problems:
        raise ImportRefused(problems)
    with transaction.atomic():
        outcome = plan.write()
        if outcome.new or outcome.changed:
            write_names(outcome.enterprise_ids, columns=("uscc", "name", "name_en"))
        if dry_run:
            transaction.set_rollback(True)
    return outcome


class _Plan:
    """The rows with what they point at; made without writing."""

    def __init__(self, rows: Sequence[DirectoryRow]) -> None:
        self.by_kind: dict[str, list[DirectoryRow]] = defaultdict(list)
        for row in rows:
            self.by_kind[row.kind].append(row)
        places, offices = ({r.cells[name] for r in rows} - {""} for name in ("region_code", "authority"))
        self.regions = dict(Region.objects.filter(code__in=places).values_list("code", "id"))
        self.authorities = dict(Authority.objects.filter(name__in=offices).values_list("name", "id"))
        self.enterprises: dict[str, list[Enterprise]] = defaultdict(list)
        self.branches: dict[tuple[int, str], Branch] = {}
        self.branch_rows: list[tuple[DirectoryRow, Enterprise, Branch]] = []
        self.brands: dict[str, Brand] = {}
        self.outcome = ImportOutcome()
        self._changed_enterprises: list[Enterprise] = []
        self._changed_branches: list[Branch] = []
        self._find_enterprises(rows)
        self._plan_enterprises()
        self._plan_branches()
        for kind in ("area", "authority", "brand", "alias", "former", "successor"):
            for row in self.by_kind[kind]:
                self._check_targets(row)

    def _find_enterprises(self, rows: Sequence[DirectoryRow]) -> None:
        wanted = {r.cells["enterprise"].split("@")[0] for r in rows}
        wanted |= {r.cells["name"].split("@")[0] for r in rows if r.kind in ("enterprise", "successor")}
        wanted |= {r.cells["uscc"] for r in rows}
        wanted.discard("")
        result = Enterprise.objects.filter(models.Q(name__in=wanted) | models.Q(uscc__in=wanted))
        for enterprise in result.select_related("domicile").order_by("id"):
            self._know(enterprise)
        by_pk = self._by_pk()
        for branch in Branch.objects.filter(enterprise_id__in=by_pk):
            self.branches[(id(by_pk[branch.enterprise_id]), branch.name)] = branch
        names = {r.cells["name"] for r in self.by_kind["brand"]}
        self.brands = {brand.name: brand for brand in Brand.objects.filter(name__in=names)}

    def _by_pk(self) -> dict[int, Enterprise]:
        return {one.pk: one for enterprises in self.enterprises.values() for one in enterprises if one.pk}

    def _know(self, enterprise: Enterprise) -> None:
        keys = {enterprise.name, enterprise.uscc or ""}
        if enterprise.domicile_id is not None:
            keys.add(reference(enterprise, is_shared_name=True))
        for key in keys - {""}:
            if enterprise not in self.enterprises[key]:
                self.enterprises[key].append(enterprise)

    def _enterprise(self, row: DirectoryRow, column: str) -> Enterprise | None:
        text = row.cells[column]
        result = self.enterprises.get(text, [])
        if len(result) == 1:
            return result[0]
        if text:
            row.wrong(
                column, _("同名企业不止一个，请写统一社会信用代码，或“名称@地区代码”") if result else _("没有这个企业")
            )
        return None

    def _region(self, row: DirectoryRow) -> int | None:
        code = row.cells["region_code"]
        if code and code not in self.regions:
            row.wrong("region_code", _("没有这个地区代码"))
        return self.regions.get(code)

    def _authority(self, row: DirectoryRow) -> int | None:
        name = row.cells["authority"]
        if name and name not in self.authorities:
            row.wrong("authority", _("没有这个部门"))
        return self.authorities.get(name)

    def _branch(self, row: DirectoryRow, enterprise: Enterprise | None) -> Branch | None:
        name = row.cells["branch"]
        if not name or enterprise is None:
            return None
        branch = self.branches.get((id(enterprise), name))
        if branch is None:
            row.wrong("branch", _("这个企业没有这个分支机构"))
        return branch

    def _plan_enterprises(self) -> None:
        seen: set[int] = set()
        for row in self.by_kind["enterprise"]:
            cells = row.cells
            values: dict[str, Any] = {
                "name": cells["name"],
                "name_en": cells["name_en"],
                "uscc": cells["uscc"] or None,
                "domicile_id": self._region(row),
                "enrolment": cells["enrolment"],
                "enrolled_by_id": self._authority(row),
                "ended_on": row.ends_on,
            }
            enterprise = self._same_enterprise(cells, values["domicile_id"])
            if enterprise is not None and id(enterprise) in seen:
                row.wrong("uscc" if cells["uscc"] else "name", _("同一企业在文件中出现两次"))
                continue
            if enterprise is None:
                enterprise = Enterprise(**values)
                if values["domicile_id"] is not None:
                    enterprise.domicile = Region(id=values["domicile_id"], code=cells["region_code"])
                self.outcome.new["enterprise"] += 1
                self._changed_enterprises.append(enterprise)
            elif _update(enterprise, values):
                self.outcome.changed["enterprise"] += 1
                self._changed_enterprises.append(enterprise)
            else:
                self.outcome.same["enterprise"] += 1
            seen.add(id(enterprise))
            self._know(enterprise)

    def _same_enterprise(self, cells: Mapping[str, str], domicile_id: int | None) -> Enterprise | None:
        if cells["uscc"] and (known := self.enterprises.get(cells["uscc"])):
            return known[0]
        for enterprise in self.enterprises.get(cells["name"], []):
            if enterprise.uscc is None and enterprise.domicile_id == domicile_id:
                return enterprise
        return None

    def _plan_branches(self) -> None:
        seen: set[int] = set()
        for row in self.by_kind["branch"]:
            enterprise = self._enterprise(row, "enterprise")
            place_id = self._region(row)
            if enterprise is None:
                continue
            values: dict[str, Any] = {
                "name_en": row.cells["name_en"],
                "place_id": place_id,
                "starts_on": row.starts_on,
                "ends_on": row.ends_on,
            }
            key = (id(enterprise), row.cells["name"])
            branch = self.branches.get(key)
            if branch is None:
                branch = Branch(enterprise=enterprise, name=row.cells["name"], **values)
                self.branches[key] = branch
                self.outcome.new["branch"] += 1
                self._changed_branches.append(branch)
            elif id(branch) in seen:
                row.wrong("name", _("同一分支机构在文件中出现两次"))
                continue
            elif _update(branch, values):
                self.outcome.changed["branch"] += 1
                self._changed_branches.append(branch)
            else:
                self.outcome.same["branch"] += 1
            seen.add(id(branch))
            self.branch_rows.append((row, enterprise, branch))
        above = {id(branch): self._branch(row, enterprise) for row, enterprise, branch in self.branch_rows}
        for row, _enterprise, branch in self.branch_rows:
            trail, step = {id(branch)}, above[id(branch)]
            while step is not None and id(step) not in trail:
                trail.add(id(step))
                step = above.get(id(step))
            if step is not None:
                row.wrong("branch", _("上级分支机构绕成了圈"))
                return

    def _check_targets(self, row: DirectoryRow) -> None:
        enterprise = self._enterprise(row, "enterprise")
        self._branch(row, enterprise)
        self._region(row)
        self._authority(row)
        if row.kind == "successor" and self._enterprise(row, "name") is enterprise and enterprise is not None:
            row.wrong("name", _("不能由自己承继"))

    def write(self) -> ImportOutcome:
        """Write what is new or changed; every reference is known to be good."""
        _save(Enterprise, self._changed_enterprises)
        for _row, enterprise, branch in self.branch_rows:
            branch.enterprise_id = enterprise.pk
        _save(Branch, self._changed_branches)
        self._set_parents()
        new_brands: dict[str, Brand] = {}
        for row in self.by_kind["brand"]:
            name = row.cells["name"]
            if name not in self.brands:
                self.brands[name] = new_brands[name] = Brand(name=name, name_en=row.cells["name_en"])
        Brand.objects.bulk_create(new_brands.values(), batch_size=BATCH)
        self._dated("area", ServiceArea, ("branch_id", "region_id", "category", "starts_on"))
        self._dated("authority", BranchAuthority, ("branch_id", "starts_on"))
        self._dated("brand", BrandHolding, ("brand_id", "enterprise_id", "category", "starts_on"))
        self._dated("alias", Alias, ("enterprise_id", "name", "kind", "starts_on"))
        self._dated("former", Alias, ("enterprise_id", "name", "kind", "starts_on"))
        self._dated("successor", Succession, ("predecessor_id", "successor_id", "on_day"))
        self.outcome.enterprise_ids = sorted(self._by_pk())
        return self.outcome

    def _set_parents(self) -> None:
        moved = []
        for row, enterprise, branch in self.branch_rows:
            parent = self._branch(row, enterprise)
            parent_id = parent.pk if parent else None
            if branch.parent_id != parent_id:
                branch.parent_id = parent_id
                moved.append(branch)
        Branch.objects.bulk_update(moved, ["parent_id"], batch_size=BATCH)

    def _dated(self, kind: str, model: type[models.Model], key: Sequence[str]) -> None:
        rows = self.by_kind[kind]
        if not rows:
            return
        wanted = {tuple(v[k] for k in key): v for v in map(self._values, rows)}
        owner = key[0]
        manager = model._default_manager
        there = {
            tuple(getattr(row, k) for k in key): row
            for row in manager.filter(**{f"{owner}__in": {v[owner] for v in wanted.values()}})
        }
        new, changed = [], []
        for ident, values in wanted.items():
            row = there.get(ident)
            if row is None:
                new.append(model(**values))
            elif _update(row, values):
                changed.append(row)
        manager.bulk_create(new, batch_size=BATCH)
        if changed:
            fields = [f for f in self._values(rows[0]) if f not in key]
            manager.bulk_update(changed, fields, batch_size=BATCH)
            self.outcome.changed[kind] += len(changed)
        if new:
            self.outcome.new[kind] += len(new)
        self.outcome.same[kind] += len(wanted) - len(new) - len(changed)

    def _values(self, row: DirectoryRow) -> dict[str, Any]:
        cells = row.cells
        enterprise = self.enterprises[cells["enterprise"]][0]
        period = {"starts_on": row.starts_on, "ends_on": row.ends_on}
        if row.kind == "successor":
            other = self.enterprises[cells["name"]][0]
            return {"predecessor_id": enterprise.pk, "successor_id": other.pk, "on_day": row.starts_on}
        if row.kind in ("alias", "former"):
            return {"enterprise_id": enterprise.pk, "name": cells["name"], "kind": row.kind, **period}
        if row.kind == "brand":
            brand = self.brands[cells["name"]]
            return {"brand_id": brand.pk, "enterprise_id": enterprise.pk, "category": cells["category"], **period}
        branch = self.branches[(id(enterprise), cells["branch"])]
        if row.kind == "authority":
            return {"branch_id": branch.pk, "authority_id": self.authorities[cells["authority"]], **period}
        region = self.regions[cells["region_code"]]
        return {"branch_id": branch.pk, "region_id": region, "category": cells["category"], **period}


def _update(row: models.Model, values: Mapping[str, Any]) -> bool:
    """Whether anything of it is another value now."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return bool(changed)


def _save(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    manager = model._default_manager
    new = [row for row in rows if row.pk is None]
    old = [row for row in rows if row.pk is not None]
    if old:
        fields = [f.name for f in model._meta.concrete_fields if not f.primary_key]
        manager.bulk_update(old, fields, batch_size=BATCH)
    manager.bulk_create(new, batch_size=BATCH)
