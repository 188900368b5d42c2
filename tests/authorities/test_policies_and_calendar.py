"""Numbers by place and day; calendars by version."""

import datetime as dt
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from authorities import calendar
from authorities.loading import load_all, load_policies
from authorities.models import Authority, CalendarVersion, Policy, Region
from authorities.policies import Policies, PolicyMissing
from authorities.tables import TableError

pytestmark = [pytest.mark.usefixtures("public_side"), pytest.mark.django_db]
DAY = dt.date(2026, 9, 1)


def _policy(region: str, number: int, **columns: object) -> None:
    Policy.objects.create(
        name="acceptance",
        region=Region.objects.get(code=region),
        number=number,
        unit="CD",
        legal_basis="本地规定",
        **columns,
    )


def test_loading_twice_changes_nothing() -> None:
    assert set(load_all(now=timezone.now()).values()) == {0}


@pytest.mark.parametrize("number", ["", "two", "-1", "²", "1" * 10])
def test_a_number_of_a_table_is_whole_or_its_line_is_named(number: str, tmp_path: Path) -> None:
    table = tmp_path / "policies.csv"
    table.write_text(f"name,number,unit,version,legal_basis\nacceptance,{number},WD,9,规则\n", encoding="utf-8")
    with pytest.raises(TableError, match="line 2: number and version must be whole numbers"):
        load_policies(table)


def test_the_most_specific_region_wins() -> None:
    _policy("350100", 3)
    _policy("350102", 1)
    policies = Policies.load(DAY)
    gulou, taijiang, xiamen = 350102001, 350103000, 350203000
    assert policies.number("acceptance", gulou)[:2] == (1, "CD")
    assert policies.number("acceptance", taijiang)[:2] == (3, "CD")
    assert policies.number("acceptance", xiamen)[:2] == (2, "WD")
    assert policies.number("acceptance", None)[:2] == (2, "WD")


def test_a_policy_holds_from_its_day_and_its_newest_version_wins() -> None:
    _policy("350102", 1, starts_on=dt.date(2026, 10, 1))
    _policy("350102", 9, starts_on=dt.date(2026, 11, 1), version=2)
    assert Policies.load(DAY).number("acceptance", 350102000).number == 2
    assert Policies.load(dt.date(2026, 10, 1)).number("acceptance", 350102000).number == 1
    newest = Policies.load(dt.date(2026, 11, 1)).number("acceptance", 350102000)
    assert (newest.number, newest.version) == (9, "acceptance@350102.2")


def test_a_number_nobody_set_is_an_error() -> None:
    with pytest.raises(PolicyMissing, match="no_such"):
        Policies.load(DAY).number("no_such", None)


def test_policies_take_one_query(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        policies = Policies.load(DAY)
        assert policies.flag("weekend_roll", 350102000)


def test_authorities_form_one_tree() -> None:
    assert Authority.objects.filter(parent=None).count() == 1
    assert Authority.objects.filter(level="county", has_power=True).count() == 13


def test_both_years_are_loaded_with_their_source() -> None:
    rows = calendar.rows("CN")
    assert rows.known_years == (2025, 2026)
    assert "国办发明电〔2025〕7号" in rows.source
    days = {day: works for day, works, _name, _name_en in rows.days}
    assert days[dt.date(2026, 2, 14)] is True
    assert days[dt.date(2026, 10, 1)] is False


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


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2026-01-01,0,元旦,", "not in 2027"),
        ("2027-01-01,2,元旦,", "neither 1 nor 0"),
        ("2027-01-04,1,调休,", "worked anyway"),
        ("2027-01-01,0,,", "needs its name"),
        ("first of May,0,劳动节,", "no day"),
    ],
)
def test_a_bad_row_loads_nothing(tmp_path: Path, row: str, reason: str) -> None:
    file = tmp_path / "bad.csv"
    file.write_text(f"day,is_working,name,name_en\n2027-01-02,0,元旦,\n{row}\n", encoding="utf-8")
    with pytest.raises(CommandError, match=reason):
        call_command("import_calendar", str(file), year=2027, source="测试令")
    assert not CalendarVersion.objects.filter(year=2027).exists()
