"""Whose row a case names: what firms, branches, brands and authorities are called stands in the house chain. A name or
a credit code that somebody changes past the portal is named; one that the portal changes is not."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from complaints.procedure.workflow import Status as S
from complaints.record import house
from complaints.record.beside import directory
from complaints.record.findings import Finding
from complaints.record.verification import verify
from enterprises.directory.exchange import COLUMNS
from enterprises.directory.importing import import_enterprises
from enterprises.models import Branch, Brand, Enterprise
from tests import given
from tests.cast import WEDNESDAY, World
from tests.enterprises.test_changes import approved, wished
from tests.proof.test_state import Superuser

#: What a thief writes, table by table, and under what row and column it is named.
CHANGES = (
    ("enterprises_enterprise", "name = '别家公司'", "enterprise/{mobile}", "name"),
    ("enterprises_enterprise", "uscc = '91350100M0000000XX'", "enterprise/{mobile}", "uscc"),
    ("enterprises_enterprise", "name_en = 'Another'", "enterprise/{mobile}", "name_en"),
    ("enterprises_branch", "name = '别家分公司'", "branch/{branch}", "name"),
    ("enterprises_brand", "name = '别家'", "brand/{brand}", "name"),
    ("authorities_authority", "name = '别的局'", "authority/{authority}", "name"),
)


def found(number: str = "") -> list[tuple[str, str, str]]:
    report = verify(number=number)
    return [(one.code, one.row, one.column) for one in report.findings]


def _ids(world: World) -> dict[str, int]:
    brand = Brand.objects.filter(holdings__enterprise=world.mobile).first()
    assert brand is not None
    return {"mobile": world.mobile.pk, "branch": world.fuzhou.pk, "brand": brand.pk, "authority": world.gulou.pk}


@pytest.fixture
def thief(world: World, superuser_connection: Any) -> Superuser:
    return Superuser(superuser_connection, random.Random(22))


@pytest.mark.django_db(transaction=True)
def test_a_name_or_a_code_that_is_changed_past_the_portal_is_named(world: World, thief: Superuser) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    other = given.a_complaint(world, status=S.FILED)
    assert found() == []
    assert directory.take_over(now=WEDNESDAY) > 4
    assert directory.take_over(now=WEDNESDAY) == 0
    assert found() == found(case.number) == []
    ids = _ids(world)
    for table, change, row, column in CHANGES:
        pk = ids[row.partition("{")[2].rstrip("}")]
        thief.run("drop table if exists kept")
        thief.run(f"create temporary table kept as select * from {table} where id = %s", pk)
        assert thief.run(f"update {table} set {change} where id = %s", pk)
        named = [("column", row.format(**ids), column)]
        assert found() == named
        # Of one case, what it names is looked at, and no brand or branch that it does not name.
        assert found(case.number) == ([] if "brand" in row else named)
        thief.run(f"update {table} t set {column} = kept.{column} from kept where kept.id = t.id")
    assert found() == found(other.number) == []


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_gone_or_was_put_in_is_named(world: World, thief: Superuser) -> None:
    directory.take_over(now=WEDNESDAY)
    brand = _ids(world)["brand"]
    thief.run("create temporary table kept as select * from enterprises_brand where id = %s", brand)
    thief.run("delete from enterprises_brand where id = %s", brand)
    assert found() == [("row_missing", f"brand/{brand}", "")]
    thief.run("insert into enterprises_brand select * from kept")
    thief.run("insert into enterprises_brand (id, name, name_en) values (999999, '假牌', '')")
    assert found() == [("foreign", "brand/999999", "")]


@pytest.mark.django_db
def test_what_the_portal_changes_is_named_by_nobody(world: World, tmp_path: Path) -> None:
    directory.take_over(now=WEDNESDAY)
    approved(world, "branch-add", branch=world.fuzhou.pk, name="中国移动马尾分公司", region=350105000)
    below = Branch.objects.get(name="中国移动马尾分公司")
    approved(world, "branch-end", branch=below.pk)
    approved(world, "brand-add", name="榕城通", name_en="Rong City", category="")
    approved(world, "successor-add", enterprise=world.telecom.pk)
    wished(world, "english-name", name_en="Mobile of Fujian")
    old = world.telecom
    rows = [
        f"enterprise,,中国电信新名,,{old.uscc},,350102,,,not_enrolled,,",
        "enterprise,,新公司,,91350102MA0000001L,,350102,,,not_enrolled,,",
        "branch,新公司,新店,,,,,,,,,",
    ]
    file = tmp_path / "firms.csv"
    file.write_text("\n".join([",".join(COLUMNS), *rows]) + "\n", encoding="utf-8")
    import_enterprises(file)
    assert Enterprise.objects.get(pk=old.pk).name == "中国电信新名"
    assert found() == []


@pytest.mark.django_db
def test_an_honest_change_covers_no_other(world: World) -> None:
    """Whoever changes a name past the portal just before the firm itself changes something is named all the same."""
    directory.take_over(now=WEDNESDAY)
    Enterprise.objects.filter(pk=world.mobile.pk).update(name="别家公司")
    Branch.objects.filter(pk=world.fuzhou.pk).update(name="别家分公司")
    wished(world, "english-name", name_en="Mobile of Fujian")
    approved(world, "branch-add", branch=world.fuzhou.pk, name="中国移动马尾分公司", region=350105000)
    assert found() == [
        ("column", f"enterprise/{world.mobile.pk}", "name"),
        ("column", f"branch/{world.fuzhou.pk}", "name"),
    ]


@pytest.mark.django_db
def test_before_the_directory_is_taken_over_rows_of_before_are_named_for_nothing(world: World, capsys: Any) -> None:
    """What an update finds there; what is written from then on is proved at once, all rows by the command."""
    approved(world, "branch-add", branch=world.fuzhou.pk, name="中国移动马尾分公司", region=350105000)
    new = Branch.objects.get(name="中国移动马尾分公司")
    Enterprise.objects.filter(pk=world.telecom.pk).update(name="别家公司")
    assert found() == []
    Branch.objects.filter(pk=new.pk).update(name="假分公司")
    assert found() == [("column", f"branch/{new.pk}", "name")]
    Branch.objects.filter(pk=new.pk).update(name="中国移动马尾分公司")
    call_command("take_over_state")
    assert "rows of the directory were taken over" in capsys.readouterr().out
    Enterprise.objects.filter(pk=world.telecom.pk).update(name="又一家公司")
    assert verify().findings == [Finding("column", row=f"enterprise/{world.telecom.pk}", column="name")]


@pytest.mark.django_db
def test_the_house_chain_holds_codes_and_digests_and_no_name(world: World) -> None:
    directory.take_over(now=WEDNESDAY)
    bodies = " ".join(entry.body for entry in house.entries("directory"))
    assert world.telecom.uscc is None or world.telecom.uscc in bodies
    for name in (world.mobile.name, world.fuzhou.name, world.gulou.name, world.mobile.name_en):
        assert name not in bodies
