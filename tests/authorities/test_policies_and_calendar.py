"""Numbers by place and day; calendars by version."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models.signals import post_migrate
from django.utils import timezone

from authorities import calendar
from authorities.loading import DATA, load_all, load_policies
from authorities.models import Authority, CalendarVersion, Policy, Region
from authorities.policies import Policies, PolicyMissing
from authorities.tables import TableError, rows_of

pytestmark = [pytest.mark.usefixtures("public_side"), pytest.mark.django_db]
DAY = dt.date(2026, 9, 1)


def _policy(region: str, number: int, **columns: object) -> None:
    local = {"name": "acceptance", "unit": "CD", "legal_basis": "本地规定", "region": Region.objects.get(code=region)}
    Policy.objects.create(number=number, **local, **columns)


def test_a_number_of_a_table_is_whole_or_its_line_is_named(tmp_path: Path) -> None:
    for number in ("", "two", "-1", "²", "1" * 10):
        table = tmp_path / "policies.csv"
        table.write_text(f"name,number,unit,version,legal_basis\nacceptance,{number},WD,9,规则\n", encoding="utf-8")
        with pytest.raises(TableError, match="line 2: number and version must be whole numbers"):
            load_policies(table)


def test_the_most_specific_region_wins() -> None:
    _policy("350100", 3)
    _policy("350102", 1)
    policies, gulou, taijiang, xiamen = Policies.load(DAY), 350102001, 350103000, 350203000
    for region, number in ((gulou, (1, "CD")), (taijiang, (3, "CD")), (xiamen, (2, "WD")), (None, (2, "WD"))):
        assert policies.number("acceptance", region)[:2] == number


def test_a_policy_holds_from_its_day_and_its_newest_version_wins() -> None:
    _policy("350102", 1, starts_on=dt.date(2026, 10, 1))
    _policy("350102", 9, starts_on=dt.date(2026, 11, 1), version=2)
    assert Policies.load(DAY).number("acceptance", 350102000).number == 2
    assert Policies.load(dt.date(2026, 10, 1)).number("acceptance", 350102000).number == 1
    newest = Policies.load(dt.date(2026, 11, 1)).number("acceptance", 350102000)
    assert (newest.number, newest.version) == (9, "acceptance@350102.2")


def test_policies_take_one_query_and_a_number_nobody_set_is_an_error(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        policies = Policies.load(DAY)
        assert policies.flag("weekend_roll", 350102000)
    with pytest.raises(PolicyMissing, match="no_such"):
        policies.number("no_such", None)


def test_loading_twice_changes_nothing_and_authorities_form_one_tree() -> None:
    assert set(load_all(now=timezone.now()).values()) == {0}
    assert Authority.objects.filter(parent=None).count() == 1
    assert Authority.objects.filter(level="county", has_power=True).count() == 13


def test_both_years_are_loaded_with_their_source() -> None:
    rows = calendar.rows("CN")
    assert rows.known_years == (2025, 2026)
    assert "国办发明电〔2025〕7号" in rows.source
    days = {day: works for day, works, _name, _name_en in rows.days}
    assert (days[dt.date(2026, 2, 14)], days[dt.date(2026, 10, 1)]) == (True, False)


def test_a_decree_is_a_new_version_beside_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "cn_2027.csv"
    file.write_text("# decree\nday,is_working,name,name_en\n2027-01-01,0,元旦,New Year\n", encoding="utf-8")
    call_command("import_calendar", str(file), year=2027, source="测试令1")
    call_command("import_calendar", str(file), year=2027, source="测试令1")
    assert CalendarVersion.objects.filter(year=2027).count() == 1
    file.write_text(file.read_text(encoding="utf-8") + "2027-01-02,0,元旦,New Year\n", encoding="utf-8")
    call_command("import_calendar", str(file), year=2027, source="测试令2")
    assert calendar.rows().version == "CN 2025.1 2026.1 2027.2"
    assert sum(day.year == 2027 for day, *_rest in calendar.rows().days) == 2


def test_a_bad_row_loads_nothing(tmp_path: Path) -> None:
    for row, reason in (
        ("2026-01-01,0,元旦,", "not in 2027"),
        ("2027-01-01,2,元旦,", "neither 1 nor 0"),
        ("2027-01-04,1,调休,", "worked anyway"),
        ("2027-01-01,0,,", "needs its name"),
        ("first of May,0,劳动节,", "no day"),
    ):
        file = tmp_path / "bad.csv"
        file.write_text(f"day,is_working,name,name_en\n2027-01-02,0,元旦,\n{row}\n", encoding="utf-8")
        with pytest.raises(CommandError, match=reason):
            call_command("import_calendar", str(file), year=2027, source="测试令")
        assert not CalendarVersion.objects.filter(year=2027).exists()


#: An upgrade needs no second command: what the code asks for stands there after ``migrate``, and nothing else changes.
COLUMNS = ("region_code", "number", "unit", "starts_on", "ends_on", "version", "legal_basis")
NAMES = {row["name"] for _line, row in rows_of(DATA / "policies.csv", required=("name",), optional=COLUMNS)}


def migrated(**options: Any) -> None:
    config = apps.get_app_config("authorities")
    post_migrate.send(sender=config, app_config=config, verbosity=0, interactive=False, using="default", **options)


def standing() -> list[tuple[Any, ...]]:
    columns = ("name", "region", "number", "unit", "version", "ends_on", "legal_basis")
    return list(Policy.objects.order_by("name", "pk").values_list(*columns))


def test_what_is_missing_is_added_what_stands_stays_and_an_emptied_database_stays_empty(directory: None) -> None:
    Policy.objects.filter(name__in=["escalation", "call_back_share", "platform_number", "head.refuse"]).delete()
    Policy.objects.filter(name="acceptance").update(number=1, legal_basis="局务会决定", ends_on=dt.date(2026, 12, 31))
    before = standing()
    migrated(plan=[], apps=apps)
    assert set(Policy.objects.values_list("name", flat=True)) == NAMES
    assert [row for row in standing() if row in before] == before
    added = Policy.objects.get(name="call_back_share")
    assert (added.number, added.unit, added.version, added.region, added.starts_on) == (5, "count", 1, None, None)
    assert "第二十六条" in added.legal_basis
    again = standing()
    migrated(plan=[], apps=apps)
    assert standing() == again
    Policy.objects.all().delete()
    # As a flush says it.
    migrated()
    assert not Policy.objects.exists()
