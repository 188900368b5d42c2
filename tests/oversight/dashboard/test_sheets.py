"""The tables of a page as a file: cells as people read them, nothing that is hidden, no formula; a list is whole."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.utils import timezone

from complaints.procedure.workflow import Status
from oversight.dashboard import list_views
from oversight.presenting import sheets
from oversight.presenting.sheets import tables_of
from tests import given, missing_in
from tests.cast import World
from tests.oversight.counting import a_shop, received
from tests.oversight.looking import browser, page_of
from tests.oversight.small_reader import PERCENT

pytestmark = pytest.mark.django_db
_NAMES = ("compare", "enterprises", "workload", "flow", "fairness", "further")
PAGES = ["/oversight/", *(f"/oversight/{name}/" for name in _NAMES)]


def test_cells_are_read_as_people_read_them() -> None:
    page = """<table><caption>各 企业</caption><tr><th>甲<br>乙</th><td><a href="x">1,234</a>
        <svg><text>99</text></svg> <span aria-hidden="true">▲</span>多 &amp; 少</td></tr></table>
        <p>7</p><table><caption>空</caption></table><table><tr><td>=1+1</td><td></td></tr></table>"""
    assert tables_of(page) == [("各 企业", [["甲 乙", "1,234 多 & 少"]]), ("", [["=1+1", ""]])]


def test_each_page_gives_the_cells_that_it_shows_in_both_kinds_of_files(world: World) -> None:
    for status in (Status.REVIEW, Status.NEGOTIATING):
        given.a_complaint(world, status=status, now=timezone.now())
    client = browser(world.su)
    for page in PAGES:
        shown = page_of(client, page)
        tables = tables_of(shown)
        assert not missing_in(shown, "sheet=csv", "sheet=xlsx"), page
        answer = client.get(f"{page}?sheet=csv")
        assert answer.headers["Content-Type"].startswith("text/csv"), page
        assert "attachment" in answer.headers["Content-Disposition"]
        read = [row for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) if row]
        assert len(read) == sum(1 + len(rows) for _name, rows in tables), page
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"{page}?sheet=xlsx").content))
        assert len(book.worksheets) == max(1, len(tables)), page
        for sheet, (_name, rows) in zip(book.worksheets, tables, strict=False):
            assert sheet.max_row == len(rows), page
        # Of so few nothing is a share.
        assert not [cell for row in read for cell in row if PERCENT.search(cell) and "95%" not in cell], page
    assert client.get("/oversight/?sheet=exe").status_code == 404
    for stranger in (world.chen, world.ming):
        assert browser(stranger).get("/oversight/flow/?sheet=csv").status_code == 404


def test_a_list_of_several_pages_is_whole_in_its_file_and_no_cell_is_a_formula(world: World) -> None:
    today = timezone.localdate()
    n = list_views.PAGE + 3
    for nth in range(n):
        shop = a_shop(world, f"=商场{nth}")
        received({today - timedelta(days=1): 2}, region=world.region.pk, enterprise=shop.pk)
    answer = browser(world.su).get("/oversight/enterprises/?sheet=csv&page=2")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    names = [row[0] for row in rows if row and "商场" in row[0]]
    assert len(names) == n
    assert all(name.startswith("'=") for name in names)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_that_is_too_long_is_not_given_in_part(world: World, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    today = timezone.localdate()
    for nth in range(6):
        received({today - timedelta(days=1): 2}, region=world.region.pk, enterprise=a_shop(world, f"商场{nth}").pk)
    client, link = browser(world.su), f"/oversight/enterprises/?period=7&sheet={kind}"
    monkeypatch.setattr(sheets, "MOST_ROWS", 6)
    assert "attachment" in client.get(link).headers["Content-Disposition"]
    monkeypatch.setattr(sheets, "MOST_ROWS", 5)
    refused = client.get(link)
    assert (refused.status_code, "Content-Disposition" in refused.headers) == (422, False)
    page = refused.content.decode()
    assert not missing_in(page, "一个文件最多5行", "请先缩小范围再下载", 'href="/oversight/enterprises/?period=7"')
