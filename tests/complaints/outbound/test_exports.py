"""T48: what a file of cases holds, who gets it, and how often."""

import csv
import hashlib
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.keys import keyring
from accounts.models import OutgoingMessage, SecurityEvent, User
from accounts.roles import Role
from accounts.sign_in import entering
from complaints.models import Complaint, Export
from complaints.procedure.workflow import Status as S
from complaints.tables.exporting import columns, files, lifecycle, selecting
from enterprises.models import Staff
from tests import missing_in, reloaded
from tests.cast import World, a_new_phone
from tests.complaints.outbound.conftest import filled
from tests.complaints.pages.at_the_desk import signed_in
from tests.given import a_complaint

pytestmark = pytest.mark.django_db
QUEUE, CASES = "/enterprise/exports/new/", "/authority/exports/new/"


def asked(browser: Client, page: str = QUEUE, *, query: str = "", status: int = 302, **fields: Any) -> Export:
    given = {"columns": ["number", "item", "consumer", "status"], "format": "csv"} | fields
    answer = browser.post(f"{page}?{query}", filled(**given))
    assert answer.status_code == status, answer.content.decode()[-2000:]
    return Export.objects.latest("pk")


def built(export: Export) -> Export:
    lifecycle.sweep_exports(now=timezone.now())
    export.refresh_from_db()
    return export


def place(export: Export) -> str:
    side = "enterprise" if export.enterprise_id else "authority"
    return f"/{side}/exports/{export.mark}/"


def link(browser: Client, export: Export) -> str:
    answer = browser.post(f"{place(export)}link/", filled())
    assert answer.status_code == 302, answer.content.decode()[-500:]
    return str(answer["Location"])


def fetched(browser: Client, export: Export) -> bytes:
    answer = browser.get(link(browser, export))
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def rows_in(raw: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


@pytest.fixture
def second_manager(world: World) -> User:
    user = User.objects.create(email="second@example.com", name="二试", own_phone=a_new_phone())
    Staff.objects.create(user=user, enterprise=world.mobile, role=Role.MANAGER.post)
    return user


def test_T48_from_the_queue_to_the_file(world: World) -> None:
    ours = a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    browser = signed_in(world.ming)
    assert QUEUE in browser.get("/enterprise/queue/?view=all").content.decode()
    assert "1件" in browser.get(f"{QUEUE}?view=all").content.decode()
    export = asked(browser, query="view=all")
    assert (export.state, export.query) == ("approved", "view=all")
    assert "排队中" in browser.get(place(export)).content.decode()
    assert built(export).state == "ready"
    answer = browser.get(link(browser, export))
    raw = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    assert answer["Content-Disposition"] == f'attachment; filename="{export.mark}.csv"'
    assert "no-store" in answer["Cache-Control"]
    assert raw.startswith(b"\xef\xbb\xbf")
    (row,) = rows_in(raw)
    assert (row["编号"], row["消费者（隐去）"], row["导出编号"]) == (ours.number, "陈**", export.mark)
    assert export.file_digest == hashlib.sha256(raw).hexdigest()
    assert "已下载" in browser.get(place(export)).content.decode()
    events = SecurityEvent.objects.filter(kind__startswith="export_").order_by("pk").values_list("kind", "subject")
    assert list(events) == [("export_asked", export.mark), ("export_fetched", export.mark)]


def test_T48_a_link_works_once_for_one_person_for_a_day(world: World, second_manager: User, export_root: Path) -> None:
    a_complaint(world, status=S.NEGOTIATING)
    browser = signed_in(world.lead)
    export = built(asked(browser))
    old, address = link(browser, export), link(browser, export)
    assert browser.get(old).status_code == 404
    assert browser.head(address).status_code == 405
    for stranger in (second_manager, world.ming, world.hua, world.rui, world.chen):
        assert signed_in(stranger).get(address).status_code == 404
        assert signed_in(stranger).get(place(export)).status_code == 404
        assert signed_in(stranger).post(f"{place(export)}link/", filled()).status_code == 404
    assert Client().get(address).status_code == 302
    assert browser.get(address).status_code == 200
    assert browser.get(address).status_code == 410
    assert browser.post(f"{place(export)}link/", filled()).status_code == 410
    assert list(export_root.iterdir())
    lifecycle.sweep_exports(now=timezone.now())
    assert not list(export_root.iterdir())
    export = built(asked(browser))
    address = link(browser, export)
    Export.objects.update(ready_at=timezone.now() - timedelta(hours=25), expires_at=timezone.now() - timedelta(hours=1))
    assert browser.get(address).status_code == 410
    assert "已过期" in browser.get(place(export)).content.decode()
    lifecycle.sweep_exports(now=timezone.now())
    assert (reloaded(export).state, export.has_file, list(export_root.iterdir())) == ("expired", False, [])


def test_T48_a_file_holds_what_the_asker_sees_when_it_is_built_and_nothing_that_left(world: World) -> None:
    near = a_complaint(world, status=S.NEGOTIATING)
    elsewhere = a_complaint(world, status=S.NEGOTIATING)
    type(elsewhere).objects.filter(pk=elsewhere.pk).update(branch=None)
    elsewhere.engagements.update(branch=None)
    export = built(asked(signed_in(world.ming)))
    assert [row["编号"] for row in rows_in(fetched(signed_in(world.ming), export))] == [near.number]
    export = asked(signed_in(world.hua))
    assert rows_in(fetched(signed_in(world.hua), built(export))) == []
    export = asked(signed_in(world.ming))
    Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=timezone.localdate() - timedelta(days=1))
    assert (built(export).state, export.failure) == ("failed", "no_desk")
    case = a_complaint(world, status=S.NEGOTIATING)
    a_complaint(world, status=S.NEGOTIATING)
    export = asked(signed_in(world.lead))
    visibility = lifecycle.visibility_of(export, now=timezone.now())
    ids = lifecycle.chosen(visibility, export.query, most=10)
    assert case.pk in ids
    type(case).objects.filter(pk=case.pk).update(enterprise=world.telecom, branch=None)
    case.engagements.update(enterprise=world.telecom, branch=None)
    assert case.pk not in [row.case.pk for row in lifecycle.rows_of(visibility, ids)]


def test_rows_cost_the_same_queries_however_many(world: World) -> None:
    cases = [a_complaint(world, status=S.NEGOTIATING, now=timezone.now()).pk for _ in range(4)]
    visibility = lifecycle.visibility_of(asked(signed_in(world.lead)), now=timezone.now())
    counts = []
    for ids in (cases[:1], cases):
        keyring.forget()
        with CaptureQueriesContext(connection) as given:
            rows = selecting.rows_of(visibility, ids, kinds=["consumer_phone"])
            assert [column.text(row) for row in rows for column in columns.COLUMNS.values()]
        counts.append(len(given))
    assert counts[0] == counts[1] < 10


def test_T48_the_second_wall_alone_keeps_a_file_clean(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a mistake in the first wall would hand out, the database does not show."""
    a_complaint(world, status=S.NEGOTIATING)
    monkeypatch.setattr(selecting.Visibility, "cases", lambda _visibility: Complaint.objects.all())
    monkeypatch.setattr(selecting.Visibility, "times", lambda _visibility: Q())
    for desk in ("enterprise", "authority"):
        query = f"complaints.desks.{desk}_workspace.Workspace.cases"
        monkeypatch.setattr(query, lambda _workspace: Complaint.objects.all())
    for user, page in ((world.hua, QUEUE), (world.far_officer.user, CASES)):
        assert rows_in(fetched(signed_in(user), built(asked(signed_in(user), page, columns=["number"])))) == []
    assert len(rows_in(fetched(signed_in(world.ming), built(asked(signed_in(world.ming), columns=["number"]))))) == 1


def test_T48_an_officer_gets_the_own_region_by_the_filter_of_the_list(world: World) -> None:
    case = a_complaint(world, status=S.REVIEW)
    browser = signed_in(world.rui)
    raw = fetched(browser, built(asked(browser, CASES, columns=["number", "region", "officer"])))
    assert [row["编号"] for row in rows_in(raw)] == [case.number]
    far = world.far_officer.user
    assert rows_in(fetched(signed_in(far), built(asked(signed_in(far), CASES, columns=["number"])))) == []
    case = a_complaint(world, status=S.MEDIATING, item_name="冰箱")
    assert f"{CASES}?status=mediating" in browser.get("/authority/cases/?status=mediating").content.decode()
    raw = fetched(browser, built(asked(browser, CASES, query="status=mediating&after=1.2&x=y", columns=["number"])))
    assert [row["编号"] for row in rows_in(raw)] == [case.number]


def test_T48_no_column_that_is_not_listed_nor_a_personal_one_to_read(world: World) -> None:
    for code in ("statement", "consumer_id", "officer", "__class__", ""):
        assert signed_in(world.ming).post(QUEUE, filled(columns=["number", code], format="csv")).status_code == 422
        assert not Export.objects.exists()
        assert not {"statement", "message"} & set(columns.COLUMNS)
    world.ming_staff.role = Role.REVIEWER.post
    world.ming_staff.save()
    browser = signed_in(world.ming)
    assert "姓名和联系方式" not in browser.get(QUEUE).content.decode()
    assert "consumer_phone" not in asked(browser, personal=["consumer_phone"], purpose="x").columns


def test_T48_personal_columns_wait_for_a_second_person(world: World, second_manager: User) -> None:
    a_complaint(world, status=S.NEGOTIATING)
    browser = signed_in(world.lead)
    answer = browser.post(QUEUE, filled(columns=["number"], personal=["consumer_phone"], format="csv"))
    assert (answer.status_code, "请写明用途" in answer.content.decode()) == (422, True)
    export = asked(browser, personal=["consumer_phone"], purpose="回访退款")
    assert built(export).state == "asked"
    yes = {"decision": "agree"}
    assert browser.post(f"{place(export)}decide/", filled(**yes)).status_code == 409
    for stranger in (world.ming, world.hua, world.rui):
        assert signed_in(stranger).post(f"{place(export)}decide/", filled(**yes)).status_code == 404
    other = signed_in(second_manager)
    assert "回访退款" in other.get(place(export)).content.decode()
    assert "1份等您批准" in other.get("/enterprise/exports/").content.decode()
    assert other.post(f"{place(export)}decide/", filled()).status_code == 422
    assert other.post(f"{place(export)}decide/", filled(**yes)).status_code == 302
    assert other.post(f"{place(export)}decide/", filled(**yes)).status_code == 409
    assert built(export).state == "ready"
    assert other.post(f"{place(export)}link/", filled()).status_code == 404
    expected = ["export_asked", "export_approved"]
    assert [e.kind for e in SecurityEvent.objects.filter(subject=export.mark).order_by("pk")] == expected
    export = asked(signed_in(world.lead), personal=["consumer_name"], purpose="x")
    for by in (None, world.lead):
        with pytest.raises(IntegrityError, match="approved_by_another"), transaction.atomic():
            Export.objects.filter(pk=export.pk).update(state="approved", decided_by=by)
    signed_in(second_manager).post(f"{place(export)}decide/", filled(decision="refuse"))
    assert built(export).state == "refused"
    assert signed_in(world.lead).post(f"{place(export)}link/", filled()).status_code == 409


def test_T48_each_case_whose_contact_data_went_out_says_so(world: World, second_manager: User) -> None:
    ours = a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    new = a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    browser = signed_in(world.lead)
    export = asked(browser, personal=["consumer_name", "consumer_phone", "consumer_address"], purpose="回访退款")
    signed_in(second_manager).post(f"{place(export)}decide/", filled(decision="agree"))
    rows = {row["编号"]: row for row in rows_in(fetched(browser, built(export)))}
    expected = ("陈试", "+8613800000001", "福州市鼓楼区某路1号")
    assert (rows[ours.number]["姓名"], rows[ours.number]["手机"], rows[ours.number]["地址"]) == expected
    # Not accepted yet: nobody there may see whose it is.
    assert (rows[new.number]["姓名"], rows[new.number]["手机"], rows[new.number]["地址"]) == ("", "", "")
    entry = ours.steps.get(step="reveal_contact")
    assert (entry.reason, entry.data, entry.name.name) == ("look_export", {"export": export.mark}, "主管")
    assert not new.steps.filter(step="reveal_contact").exists()
    # The page of the case still masks: an export is no look.
    assert "13800000001" not in browser.get(f"/enterprise/cases/{ours.number}/").content.decode()
    assert "列入经批准的导出表格" in signed_in(world.chen).get(f"/cases/{ours.number}/").content.decode()


def test_T48_the_second_factor_is_asked_again_and_five_are_built_at_a_time(world: World) -> None:
    browser = signed_in(world.lead)
    session = browser.session
    session[entering.CONFIRMED] = 0
    session.save()
    assert browser.get(QUEUE).status_code == 302
    assert browser.post(QUEUE, filled(columns=["number"], format="csv")).status_code == 403
    assert not Export.objects.exists()
    browser = signed_in(world.lead)
    for _ in range(lifecycle.MOST_AT_A_TIME):
        asked(browser)
    asked(browser, status=409)
    assert Export.objects.count() == lifecycle.MOST_AT_A_TIME


def test_T48_too_many_rows_are_refused(world: World, settings: Any) -> None:
    settings.EXPORT_MOST_ROWS = 1
    for _ in range(2):
        a_complaint(world, status=S.NEGOTIATING)
    browser = signed_in(world.lead)
    export = built(asked(browser))
    assert (export.state, export.failure) == ("failed", "too_many_rows")
    assert "缩小范围" in browser.get(place(export)).content.decode()


def test_T48_a_killed_sweep_loses_one_piece(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = {a_complaint(world, status=S.NEGOTIATING).number for _ in range(3)}
    export = asked(signed_in(world.lead))
    monkeypatch.setattr(lifecycle, "BATCH", 1)
    taken, pieces = files.append, []

    def dies(mark: str, rows: Any, *, after: int) -> int:
        end = taken(mark, rows, after=after)
        pieces.append(after)
        if len(pieces) == 2:
            # The rows are on the disk, the position is not kept.
            raise KeyboardInterrupt
        return end

    monkeypatch.setattr(files, "append", dies)
    with pytest.raises(KeyboardInterrupt):
        lifecycle.sweep_exports(now=timezone.now())
    assert (reloaded(export).state, export.rows, export.total) == ("building", 1, 3)
    assert lifecycle.sweep_exports(now=timezone.now()) == 0
    assert lifecycle.sweep_exports(now=timezone.now() + timedelta(minutes=2)) == 1
    raw = fetched(signed_in(world.lead), Export.objects.get(pk=export.pk))
    assert sorted(row["编号"] for row in rows_in(raw)) == sorted(numbers)
    assert pieces[1] == pieces[2] > 0


def test_T48_one_that_always_breaks_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    a_complaint(world, status=S.NEGOTIATING)
    export = asked(signed_in(world.lead))

    def breaks(*_: Any, **__: Any) -> Any:
        raise ValueError("陈试 13800000001")

    monkeypatch.setattr(lifecycle, "rows_of", breaks)
    for minutes in range(0, 20, 2):
        lifecycle.sweep_exports(now=timezone.now() + timedelta(minutes=minutes))
    assert (reloaded(export).state, export.failure) == ("failed", "gave_up")
    assert "陈试" not in caplog.text


def test_T47_T48_a_workbook_holds_texts_only_and_its_mark_and_lines_no_formula(world: World, tmp_path: Path) -> None:
    formulas = ("=1+1", "\t=1", "＝1", "＠SUM(A1)", '=HYPERLINK("https://a.example")')
    plain = ("https://a.example/", "+8613800000001", "12345678901234567890")
    for name in formulas + plain:
        a_complaint(world, status=S.NEGOTIATING, item_name=name)
    browser = signed_in(world.lead)
    raw = fetched(browser, built(asked(browser, columns=["number", "item", "amount"], format="xlsx")))
    path = tmp_path / "a.xlsx"
    path.write_bytes(raw)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not any(cell.hyperlink for cell in cells)
    shown = {row[1].value for row in sheet.iter_rows(min_row=2)}
    assert shown == {*(f"'{name}" for name in formulas), *plain}
    mark = Export.objects.latest("pk").mark
    assert (book.worksheets[1].sheet_state, book.worksheets[1]["B1"].value) == ("veryHidden", mark)
    for part in (sheet.oddHeader.center.text, sheet.oddFooter.center.text):
        assert not missing_in(part, mark, "主管")
    for name in ("=1+1", "a;=1", '-2+3+cmd|" /C calc"!A0'):
        a_complaint(world, status=S.NEGOTIATING, item_name=name)
    raw = fetched(browser, built(asked(browser, columns=["item"])))
    assert {row["商品或服务"] for row in rows_in(raw)} == shown | {"a;=1", '\'-2+3+cmd|" /C calc"!A0'}
    assert b'"a;=1"' in raw


def test_T48_every_fiftieth_row_carries_the_mark(export_root: Path) -> None:
    size = files.append("E1", [[str(number)] for number in range(101)], after=0)
    files.finish("E1", "csv", ["n"], rows_in=size, who="x", at=timezone.now(), query="")
    rows = list(csv.reader(files.file_of("E1", "csv").open(encoding="utf-8-sig")))[1:]
    assert [number for number, row in enumerate(rows) if row[1] == "E1"] == [0, 50, 100]
    assert files.file_of("E1", "csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("minutes", "letters"), [(1, 0), (3, 1)])
def test_who_waited_long_gets_a_letter_when_it_is_done_and_nobody_who_looks_on(
    world: World, minutes: int, letters: int
) -> None:
    a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    export = asked(signed_in(world.ming), query="view=all")
    later = export.asked_at + timedelta(minutes=minutes)
    lifecycle.sweep_exports(now=later)
    lifecycle.sweep_exports(now=later)
    told = list(OutgoingMessage.objects.filter(person_key=world.ming.person_key, created_at=later))
    assert len(told) == letters
    for one in told:
        assert one.subject == f"【12315】已经做好：导出 {export.mark}"
        assert one.body.endswith(place(export))


def test_a_page_that_looks_again_by_itself_keeps_nobody_signed_in(world: World) -> None:
    browser = signed_in(world.ming)
    half = int((timezone.now() - timedelta(minutes=20)).timestamp())
    session = browser.session
    session[entering.SEEN] = half
    session.save()
    assert browser.get("/enterprise/exports/", headers={"X-Looks-Again": "1"}).status_code == 200
    assert browser.session[entering.SEEN] == half
    browser.get("/enterprise/exports/")
    assert browser.session[entering.SEEN] > half
