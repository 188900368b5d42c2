"""What was published is what its files say; a line of the league, a place in a report or a point of a grade that is
changed turns the auditor red."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from authorities.models import Authority
from enterprises.models import Appraisal, Enterprise, LeagueLine
from oversight.mirror import appraisals
from oversight.models import MonthlyReport
from oversight.models.published_models import OpenIndicators
from oversight.reports import figures as reports
from oversight.reports import keeping
from tests.audit import Pair
from tests.audit.compare import Audit, compared
from tests.audit.core.rows import read
from tests.cast import World, standing
from tests.oversight.counting import issued, stages
from tests.oversight.open_data.test_recomputed import NOW, issue_year


def publish(world: World, authority: Authority, month: date) -> MonthlyReport:
    report = keeping.draft(authority=authority, month=month, by=world.rui, now=NOW)
    keeping.approve(keeping.submit(report), by=world.head_officer.user, heads=[authority], text="", now=NOW)
    keeping.publish(MonthlyReport.objects.get(pk=report.pk), now=NOW)
    return report


@pytest.fixture(scope="module")
def year_issued(directory: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("year")

    def made(world: World) -> Path:
        result = issue_year(world, folder)
        for authority in (world.gulou, world.city):
            publish(world, authority, date(2026, 9, 1))
        return result

    with standing(django_db_blocker, made) as (world, _):
        yield world


@pytest.fixture
def world(year_issued: World, db: None) -> World:
    return deepcopy(year_issued)


def audited() -> list[Pair]:
    with connection.cursor() as cursor:
        return list(compared(Audit(read(cursor), datetime(2026, 11, 26, 4, 0, tzinfo=UTC)), ["published"]))


def wrong() -> list[Pair]:
    return [pair for pair in audited() if pair.differs]


def test_what_was_published_is_what_the_files_say_and_one_case_more_is_found(world: World) -> None:
    pairs = audited()
    assert [str(pair) for pair in pairs if pair.differs] == []
    scopes = {pair.scope.split()[0] for pair in pairs}
    assert scopes == {"open", "/open/", "league", "report"}
    line = LeagueLine.objects.filter(n__gt=30).earliest("of", "region", "sector", "position")
    LeagueLine.objects.filter(pk=line.pk).update(n=line.n + 1)
    [found] = wrong()
    assert (found.figure, found.portal - found.auditor) == ("n", 1)
    assert found.scope.endswith(line.code)


def test_a_number_of_the_first_page_and_a_place_in_a_report_are_held_against_the_files(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = OpenIndicators.objects.get(level="country")
    row.data["received"] += 1
    row.save()
    honest = reports.placed

    def hasty(*lines: Any, **how: Any) -> list[dict[str, Any]]:
        """Ranks whatever is withheld or few."""
        return [{"place": [9, 9], **line} for line in honest(*lines, **how)]

    monkeypatch.setattr(reports, "placed", hasty)
    report = publish(world, world.gulou, date(2026, 10, 1))
    found = wrong()
    assert {pair.figure.split()[0] for pair in found} == {"received", "place"}
    assert {pair.scope.split()[1] for pair in found if pair.figure != "received"} == {str(report.pk)}


def test_a_grade_has_the_points_that_its_year_gives(world: World) -> None:
    firm = Enterprise.objects.get(name="测试1号商场")
    ended: Any = {"ended_settled": 75, "ended_failed": 15, "in_time": 80, "ran_out": 20, "again": 8, "delivered": 95}
    stages(firm, date(2024, 5, 1), **ended, promise_due=60, promise_kept=50, answered=60, ended_last_day=40)
    stages(Enterprise.objects.get(name="测试2号商场"), date(2024, 5, 1), **ended, answered=60, ended_last_day=5)
    issued(*(date(2024, month, 1) for month in (3, 6, 9, 12)), now=NOW)
    row = appraisals.propose(firm, 2024, "A", "逐项核对过。", by=world.rui, now=NOW)
    assert {"settled", "on_time", "kept", "again", "last_day"} <= row.points.keys()
    assert wrong() == []
    Appraisal.objects.filter(pk=row.pk).update(points={**row.points, "kept": row.points["kept"] - 1})
    assert [pair.figure for pair in wrong()] == ["points.kept"]
