"""The workbook that goes out and comes back: its lists, its facts, and all that is wrong with a line at once."""

import io

import openpyxl
import pytest
from django.utils import timezone

from complaints.models import Complaint
from complaints.procedure.workflow import Status as S
from tests import given, missing_in
from tests.cast import World
from tests.complaints.measures.conftest import cases, decided, lines, offer_row, states, table, tried
from tests.complaints.measures.test_round_trip import CALL, fetched
from tests.complaints.pages.at_the_desk import signed_in

pytestmark = pytest.mark.django_db


def test_all_that_is_wrong_with_a_line_is_said_at_once(world: World) -> None:
    browser, case = signed_in(world.ming), cases(world, 1)[0]
    row = offer_row(Complaint(number=case.number)) | {
        "答复1": "也许",
        "答复金额1": "很多",
        "答复2": "同意",
        "履行方式2": "",
        "最后一天2": "明天",
    }
    trip = tried(browser, table([row]))
    [(_line, state, column, problem)] = lines(trip)
    assert (state, column) == ("bad", "answer_1")
    assert not missing_in(problem, "请填其中之一：同意、部分同意、不同意", "答复金额1：", "履行方式2：", "最后一天2：")
    called = {**CALL, "编号": case.number, "联系方式": "飞鸽", "联系上了吗": "大概", "联系时间": "昨天"}
    [(_line, state, _column, problem)] = lines(tried(browser, table([called])))
    assert state == "bad"
    assert not missing_in(problem, "请填其中之一", "联系时间：", "联系上了吗：")


def test_the_workbook_comes_back_as_it_went_out(world: World) -> None:
    browser, case = signed_in(world.ming), given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    book = openpyxl.load_workbook(io.BytesIO(fetched(browser, "xlsx")))
    sheet = book.worksheets[0]
    cells = {cell.value: cell for row in sheet.iter_rows() for cell in row}
    heads = {cell.value: cell.column_letter for cell in sheet[1]}
    words = {}
    for title in ("步骤", "交给谁（工号、邮箱或姓名）", "联系方式", "联系上了吗", "答复1", "履行方式1"):
        rule = next(v for v in sheet.data_validations.dataValidation if str(v.sqref).startswith(f"{heads[title]}2"))
        _sheet, _bang, area = rule.formula1.lstrip("=").partition("!")
        words[title] = [cell.value for (cell,) in book["export"][area.replace("$", "")]]
    assert words["答复1"] == ["同意", "部分同意", "不同意"]
    assert words["联系上了吗"] == ["是", "否"]
    assert "提出方案" in words["步骤"]
    assert "明试" in words["交给谁（工号、邮箱或姓名）"]
    facts = sheet.cell(cells[case.number].row, cells["要点"].column).value
    assert "还没有联系过消费者" in facts
    for title, wish in (("步骤", "accept_case"), ("交给谁（工号、邮箱或姓名）", "MING@example.com")):
        sheet.cell(cells[case.number].row, cells[title].column, wish)
    out = io.BytesIO()
    book.save(out)
    trip = decided(browser, tried(browser, out.getvalue(), name="待办.xlsx"), "all")
    case.refresh_from_db()
    expected = ("done", ["done"], S.NEGOTIATING, world.ming_staff.pk)
    assert (trip.state, states(trip), case.status, case.handler_id) == expected
