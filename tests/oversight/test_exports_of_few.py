"""What leaves the portal as a file or by the API tells no share, rate, rank or colour of under thirty cases.

Files of open data and of published reports, and the pages for everybody, are read in test_report_ranks.py, pages for
people at work and letters in test_small_numbers.py. Here: the print of a report, exported cases in both forms, what the
API can say at all. Whatever else makes a file is named, so that nothing new leaves unread.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from complaints.models import Export
from complaints.parties.actors import Actor
from complaints.procedure.workflow import Status
from complaints.tables.exporting import columns, lifecycle
from oversight.models import MonthlyReport
from oversight.reports import keeping
from tests import given
from tests.cast import World
from tests.oversight.test_report_ranks import SHARE, few_of_everything

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
#: Words of a column or a field that tells how many of how many, or who is before whom.
TELLS = re.compile(
    r"率|占比|名次|排名|平均|中位|\b(share|rate|ratio|rank|percent|percentage|mean|median|grade)\b", re.I
)


def words_in(paper: Any) -> Iterator[str]:
    """All texts of a document that is given to the typesetter."""
    if isinstance(paper, Mapping):
        paper = [*paper.values()]
    if isinstance(paper, list | tuple):
        for part in paper:
            yield from words_in(part)
    else:
        yield str(paper)


def test_the_print_of_a_report_of_few_tells_no_share_no_place_and_no_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_of_everything(world)
    papers: list[Any] = []

    def typeset(paper: Any, **_more: Any) -> bytes:
        papers.append(paper)
        return b""

    monkeypatch.setattr(keeping.printing, "typeset", typeset)
    keeping.pdf(MonthlyReport.objects.get())
    [paper] = papers
    texts = list(words_in(paper))
    shares = {found for text in texts for found in SHARE.findall(text)}
    assert shares <= {"95%"}, "the interval is explained"
    assert any("件数不足30，不列比率" in text for text in texts)
    for table in paper["tables"]:
        at = {name: nth for nth, name in enumerate(table["heads"])}
        for row in table["rows"]:
            assert row[at["名次"]] == "–" if "名次" in at else True
            assert not any(arrow in cell for cell in row for arrow in ("▲", "▼", "升", "降"))


def rows_of(export: Export, form: str, content: bytes) -> list[list[str]]:
    if form == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    sheets = openpyxl.load_workbook(io.BytesIO(content))
    return [[str(cell.value or "") for cell in row] for sheet in sheets for row in sheet.iter_rows()]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_exported_cases_tell_of_each_case_and_nothing_of_all(
    world: World, settings: Any, tmp_path: Path, form: str, language: str
) -> None:
    settings.EXPORT_ROOT = str(tmp_path)
    for status in (Status.NEGOTIATING, Status.AWAITING_CONSUMER, Status.CLOSED):
        given.a_complaint(world, status=status, now=timezone.now())
    sides: list[tuple[User, Actor, str]] = [
        (world.lead, world.manager, columns.ENTERPRISE),
        (world.rui, world.officer, columns.AUTHORITY),
    ]
    for user, actor, side in sides:
        wanted = [code for code, column in columns.COLUMNS.items() if side in column.sides and not column.is_personal]
        query = "view=all" if side == columns.ENTERPRISE else "status=any"
        asked: Any = {"user": user, "actor": actor, "query": query, "form": form, "language": language, "purpose": ""}
        export = lifecycle.ask(**asked, wanted=wanted, now=timezone.now())
        lifecycle.sweep_exports(now=timezone.now())
        export.refresh_from_db()
        assert export.state == "ready", export.failure
        [file] = [path for path in tmp_path.iterdir() if path.is_file()]
        rows = rows_of(export, form, file.read_bytes())
        file.unlink()
        assert len(rows) >= 3
        for row in rows:
            assert not [cell for cell in row if SHARE.search(cell)], row
        with translation.override(language):
            told = [str(column.title) for column in columns.COLUMNS.values()]
        assert not [title for title in told if TELLS.search(title)]


def names_in(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        for name, part in schema.items():
            if name == "properties":
                yield from part
            yield from names_in(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from names_in(part)


def test_the_api_has_no_field_for_a_share_a_rate_or_a_rank() -> None:
    names = set(names_in(Client().get("/api/v1/schema/").json()))
    assert len(names) > 50
    assert not {name for name in names if TELLS.search(name.replace("_", " "))} - YES_OR_NO


#: “share” as in handing on: yes or no.
YES_OR_NO = {"share_with_enterprise"}


#: What makes a file or JSON of rows.
MAKES = re.compile(r"csv\.(?:writer|DictWriter)|openpyxl|typeset\(|text/csv|JsonResponse\(")
#: Figures: read here or in test_report_ranks.py; of an incident single entries of the security log.
OF_FIGURES = {
    "oversight/open_data/files.py",
    "oversight/open_data/reading.py",
    # Sums of a whole province, signed for another portal and shown to nobody else.
    "oversight/dashboard/nation_views.py",
    "oversight/presenting/sheets.py",
    "oversight/reports/keeping.py",
    "oversight/reports/open_report_views.py",
    "oversight/management/commands/export_incident.py",
    "oversight/hot_spots/open_campaigns.py",
}
#: Single cases, papers of one case, tables that are filled in, lists of regions and enterprises, a state.
OF_SINGLE_ROWS = {
    "authorities/management/commands/write_regions.py",
    "complaints/desks/sent_tables.py",
    "complaints/documents/printing.py",
    "complaints/dossier/building.py",
    "complaints/pages/authority/law/policies.py",
    "complaints/dossier/receipts.py",
    "complaints/pages/enterprise/offer.py",
    "complaints/dossier/court.py",
    # "taken" or "known", for another portal.
    "complaints/pages/filing/elsewhere.py",
    "complaints/pages/shared/case_shared.py",
    "complaints/pages/shared/exports.py",
    "complaints/pages/shared/open_verify.py",
    "complaints/stations/posters.py",
    "complaints/tables/exporting/files.py",
    "complaints/tables/importing/places.py",
    "complaints/tables/importing/reading.py",
    "complaints/tables/table_forms.py",
    "enterprises/directory/exchange.py",
    "odr_portal/health.py",
    "oversight/hot_spots/campaign_minutes.py",
    # Takes a table, and makes none.
    "oversight/remedies/remedy_forms.py",
    "web/errors.py",
}


def test_nothing_else_makes_a_file() -> None:
    """Who adds a module that does says here what it tells, and has it read by a test if it tells figures."""
    packages = "accounts access api authorities complaints enterprises odr_portal oversight routing web database"
    modules = {path for package in packages.split() for path in (ROOT / package).rglob("*.py")}
    found = {str(path.relative_to(ROOT)) for path in modules if MAKES.search(path.read_text(encoding="utf-8"))}
    assert found == OF_FIGURES | OF_SINGLE_ROWS
