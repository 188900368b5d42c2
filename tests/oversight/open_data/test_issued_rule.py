"""Sets that told too much are found and replaced by a version that says so; what was withheld once stays withheld."""

from datetime import UTC, date, datetime

import pytest
from django.core.management import call_command
from django.test import Client

from enterprises.models import Enterprise
from oversight.models import DataFile, DataSet
from oversight.open_data import issuing, reading
from tests.cast import World
from tests.oversight.told import counted, issued, stages

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
MONTH = date(2026, 9, 1)


def of(data_set: DataSet, table: str, code: str) -> dict[str, str]:
    return next(
        line for line in reading.lines(data_set.files.get(name=f"{table}.csv")) if code in list(line.values())[:4]
    )


def an_old_set(month: date) -> DataSet:
    """As code before the rule issued it: stages of single enterprises by months."""
    data_set = DataSet.objects.create(month=month, version=1, made_at=NOW)
    for name, content in (
        ("regions.csv", "region_code,month,received,settled\r\n350100,2026-09,40,20\r\n"),
        ("enterprises.csv", "enterprise,name,month,in_time,late\r\ne1,某店,2026-09,9,*\r\n"),
    ):
        DataFile.objects.create(
            data_set=data_set,
            name=name,
            media_type="text/csv",
            content=content.encode(),
            size=len(content),
            rows=1,
            sha256="0" * 64,
        )
    return data_set


def test_a_set_of_before_the_rule_is_found_and_withdrawn_by_a_version_that_says_so(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    counted("350100", MONTH, received=40)
    old = an_old_set(MONTH)
    assert issuing.wrong_in(old) == ["regions.settled", "enterprises"]
    with pytest.raises(SystemExit):
        call_command("check_open_data")
    assert f"BREAKS {old}: regions.settled, enterprises" in capsys.readouterr().out
    call_command("check_open_data", withdraw=True)
    newest = issuing.newest(MONTH)
    assert (newest.version, issuing.wrong_in(newest)) == (2, [])
    call_command("check_open_data")
    assert "All newest versions keep the rule." in capsys.readouterr().out
    # Both versions stay; the new one says why, the old one points to it.
    assert issuing.WORDS in Client().get(f"/open/data/{newest}/").content.decode()
    page = Client().get(f"/open/data/{old}/").content.decode()
    assert "请不要再用" in page
    assert f'href="/open/data/{newest}/"' in page
    assert Client().get(f"/open/data/{old}/regions.csv").status_code == 200


def test_the_sweep_replaces_them_too_and_says_why(world: World) -> None:
    counted("350100", MONTH, received=40)
    an_old_set(MONTH)
    for _ in range(issuing.RESTATED + 1):
        issuing.sweep_open_data(now=NOW)
    newest = issuing.newest(MONTH)
    assert (newest.version, newest.reason) == (2, issuing.WORDS)


def test_a_small_count_in_a_file_breaks_the_rule(world: World) -> None:
    counted("350100", MONTH, received=40)
    data_set = issued(MONTH, now=NOW)[0]
    assert issuing.wrong_in(data_set) == []
    bad = DataSet.objects.create(month=MONTH, version=2, made_at=NOW)
    file = data_set.files.get(name="regions.csv")
    content = bytes(file.content).replace(b",40,", b",3,", 1)
    DataFile.objects.create(
        data_set=bad,
        name="regions.csv",
        media_type=file.media_type,
        content=content,
        size=len(content),
        rows=1,
        sha256="0" * 64,
    )
    assert len(issuing.wrong_in(bad)) == 1
    assert "received" in issuing.wrong_in(bad)[0]


def test_what_a_version_withheld_the_next_one_withholds_too(world: World) -> None:
    """Else two versions side by side would tell: 3 of 43 withheld with the 40, then 43 = 43."""
    enterprise = Enterprise.objects.create(
        name="测试商场", domicile=world.mobile.domicile, enrolment="enrolled", enrolled_by=world.gulou
    )
    for code, n in (("350100", 40), ("350200", 3)):
        counted(code, MONTH, received=n)
    stages(enterprise, MONTH, ended_settled=30, ended_unconfirmed=3, ended_failed=20)
    first = issued(MONTH, now=NOW)[0]
    assert (
        of(first, "regions", "350200")["received"],
        of(first, "enterprise_quarters", enterprise.code)["unconfirmed"],
    ) == ("*", "*")
    counted("350200", MONTH, received=6)
    stages(enterprise, MONTH, ended_unconfirmed=9, ended_settled=1)
    second = issued(MONTH, now=NOW)[0]
    for table, code, columns in (
        ("regions", "350200", ("received",)),
        ("enterprise_quarters", enterprise.code, ("unconfirmed", "ended")),
    ):
        was, now = of(first, table, code), of(second, table, code)
        assert all(now[column] == "*" for column in columns if was[column] == "*"), table
    assert {
        column
        for line in reading.lines(first.files.get(name="region_quarters.csv"))
        for column, value in line.items()
        if value == "*"
    } <= {
        column
        for line in reading.lines(second.files.get(name="region_quarters.csv"))
        for column, value in line.items()
        if value == "*"
    }
    # Also where it came to nothing.
    counted("350200", MONTH, received=-9)
    assert of(issued(MONTH, now=NOW)[0], "regions", "350200")["received"] == "*"


def test_a_quarter_withholds_what_older_sets_withheld_of_one_of_its_months(world: World) -> None:
    """Else two months of the old shape and the quarter would tell the third."""
    enterprise = Enterprise.objects.create(
        name="测试商场", domicile=world.mobile.domicile, enrolment="enrolled", enrolled_by=world.gulou
    )
    for month, settled, failed in ((date(2026, 7, 1), "*", "*"), (date(2026, 8, 1), "9", "8")):
        data_set = DataSet.objects.create(month=month, version=1, made_at=NOW)
        for name, head, who in (("regions", "region_code", "350100"), ("enterprises", "enterprise", enterprise.code)):
            content = f"{head},month,settled,failed,ended\r\n{who},{month:%Y-%m},{settled},{failed},17\r\n".encode()
            DataFile.objects.create(
                data_set=data_set,
                name=f"{name}.csv",
                media_type="text/csv",
                content=content,
                size=len(content),
                rows=1,
                sha256="0" * 64,
            )
    for month, settled, failed in ((date(2026, 7, 1), 3, 14), (date(2026, 8, 1), 9, 8), (MONTH, 9, 8)):
        stages(enterprise, month, ended_settled=settled, ended_failed=failed)
    made = issued(MONTH, now=NOW)[0]
    for line in (of(made, "enterprise_quarters", enterprise.code), of(made, "region_quarters", "350100")):
        assert (line["settled"], line["failed"], line["other"], line["ended"]) == ("*", "*", "*", "51")
