"""A table of cases goes out, is filled in, comes back: each line is tried, named where it is wrong, and counts once."""

import csv
import io
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from complaints.handling.steps import enterprise
from complaints.models import Complaint, Contact, Deadline, HandlingStep, Offer, RoundTrip, RoundTripRow
from complaints.procedure.workflow import Status as S
from complaints.record.events import plain_version
from complaints.tables import uploads
from complaints.tables.round_trip import asking, working
from database.sweeping import LEASE
from enterprises.models import Staff
from enterprises.models.team import TwoPersons
from tests import PATIENCE, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.measures.conftest import (
    HOME,
    cases,
    decided,
    filled,
    lines,
    offer_row,
    results,
    states,
    table,
    tried,
    uploaded,
    worked,
)
from tests.complaints.pages.at_the_desk import signed_in
from tests.unchanged import unchanged

pytestmark = pytest.mark.django_db
CALL = {"编号": "", "步骤": "记录联系", "联系方式": "电话", "联系上了吗": "是"}


def fetched(browser: Client, form: str) -> bytes:
    """Ask for the table: it comes at once."""
    answer = browser.post(f"{HOME}table/", filled(view="all", format=form))
    assert answer.status_code == 302
    file = browser.get(answer["Location"])
    assert file["Content-Disposition"].startswith("attachment")
    return b"".join(file.streaming_content)  # type: ignore[attr-defined]


def fetched_rows(browser: Client) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(fetched(browser, "csv").decode("utf-8-sig"), newline="")))


def test_a_table_with_one_bad_line_in_ten(world: World) -> None:
    """Download, fill in, upload: the bad lines are named, the others are carried out, none twice."""
    browser, ours = signed_in(world.ming), cases(world, 20)
    rows = fetched_rows(browser)
    assert {row["编号"] for row in rows} == {case.number for case in ours}
    assert {row["诉求1"] for row in rows} == {"退还货款或服务费 128.50"}
    for row in rows:
        row |= offer_row(Complaint(number=row["编号"]))
    rows[3]["答复2"] = ""
    rows[17] |= {"答复1": "部分同意", "答复金额1": "50", "答复理由1": "太短"}
    with unchanged():
        trip = tried(browser, table(rows))
    unanswered = "还没有答复第2项要求，每一项都要答复。"
    bad = [(5, "bad", "answer_2", unanswered), (19, "bad", "reason_1", "请至少写10个字。")]
    assert [line for line in lines(trip) if line[1] != "good"] == bad
    page = browser.get(f"{HOME}{trip.mark}/").content.decode()
    assert not missing_in(page, "2行有问题，18行可以办", "答复理由1")
    assert "整份办理：" not in page
    trip = decided(browser, trip, "good")
    assert (trip.state, Offer.objects.count(), states(trip).count("done")) == ("done", 18, 18)
    assert set(Complaint.objects.filter(offers__isnull=False).values_list("status", flat=True)) == {S.AWAITING_CONSUMER}
    text = results(browser, trip)
    assert len(text) == 20
    named = {"行": "5", "案件编号": rows[3]["编号"], "步骤": "提出方案", "结果": "有问题"}
    assert text[3] == named | {"哪一列": "答复2", "问题": unanswered}
    # Mended and sent again: what was done is known, the rest is done now.
    rows[3]["答复2"] = "同意"
    rows[17]["答复理由1"] = "消费者已经使用了一半的服务期。"
    again = decided(browser, tried(browser, table(rows)), "good")
    assert (states(again).count("same"), states(again).count("done"), Offer.objects.count()) == (18, 2, 20)


def test_who_has_a_case_need_not_be_named_a_handler_is_by_number_and_a_second_person_asked_for(world: World) -> None:
    browser, now = signed_in(world.lead), timezone.now()
    mine, nobodys = cases(world, 2, status=S.WITH_ENTERPRISE, now=now)
    given.step(mine, enterprise.assign(handler_id=world.ming_staff.pk), world.handler, now)
    read = sorted(fetched_rows(browser), key=lambda row: row["编号"] != mine.number)
    assert {row["下一个期限"] for row in read} == {str(c.last_day) for c in Deadline.objects.filter(clock="acceptance")}
    trip = tried(browser, table([row | {"步骤": "受理"} for row in read]))
    assert lines(trip) == [(2, "good", "", ""), (3, "bad", "to_handler", "请填写由谁处理。")]
    decided(browser, trip, "good")
    mine.refresh_from_db()
    nobodys.refresh_from_db()
    assert (mine.status, mine.handler_id, nobodys.status) == (S.NEGOTIATING, world.ming_staff.pk, S.WITH_ENTERPRISE)
    set_at = timezone.now()
    TwoPersons.objects.create(enterprise=world.mobile, offers_above=Decimal(100), set_by=world.lead, set_at=set_at)
    Staff.objects.filter(pk=world.ming_staff.pk).update(number="0731")
    browser, now = signed_in(world.ming), timezone.now()
    waiting, ours = (given.a_complaint(world, status=s, now=now) for s in (S.WITH_ENTERPRISE, S.NEGOTIATING))
    rows = {row["编号"]: row for row in fetched_rows(browser)}
    assert rows[ours.number]["工号"] == "0731"
    accepted = rows[waiting.number] | {"步骤": "受理", "交给谁（工号、邮箱或姓名）": "0731"}
    trip = tried(browser, table([accepted, rows[ours.number] | offer_row(ours)]))
    expected = [("good", "", ""), ("bad", "number", "这一步须经第二人批准，请先提请批准。")]
    assert [line[1:] for line in lines(trip)] == expected


def test_without_wishes_it_says_so_and_the_same_file_twice_changes_nothing(world: World) -> None:
    browser, case = signed_in(world.ming), given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    trip = tried(browser, table([{"编号": case.number, "步骤": ""}]))
    page = browser.get(f"{HOME}{trip.mark}/").content.decode()
    assert "没有一行要办" in page
    assert "都可以办" not in page
    assert states(tried(signed_in(world.ming), table([offer_row(case)], encoding="gb18030"))) == ["good"]
    raw = table([CALL | {"编号": case.number, "联系内容": "已告知退费办法。"}])
    first = decided(browser, tried(browser, raw), "good")
    again = tried(browser, raw)
    assert (states(first), states(again), Contact.objects.count()) == (["done"], ["same"], 1)
    assert first.mark in lines(again)[0][3]
    # Another file without a version is another wish.
    other = decided(browser, tried(browser, raw + b"\r\n,,,,\r\n"), "good")
    assert (states(other), Contact.objects.count()) == (["done"], 2)


def test_a_case_that_moved_on_is_refused_by_name(world: World) -> None:
    browser, (still, moved, later) = signed_in(world.ming), cases(world, 3)
    rows = fetched_rows(browser)
    call = {"步骤": "log_contact", "联系方式": "电话", "联系上了吗": "否", "联系内容": "无人接听。"}
    by_number = {row["编号"]: row | call for row in rows}
    given.step(moved, given.enterprise.send_message(text="请问账单日是哪天？"), world.handler, timezone.now())
    trip = tried(browser, table([by_number[case.number] for case in (still, moved, later)]))
    expected = [("good", ""), ("bad", "version"), ("good", "")]
    assert [(state, column) for _line, state, column, _problem in lines(trip)] == expected
    # Between the trial and the decision.
    given.step(later, given.enterprise.send_message(text="请问账单日是哪天？"), world.handler, timezone.now())
    trip = decided(browser, trip, "good")
    assert states(trip) == ["done", "bad", "refused"]
    assert "案件有了变化" in lines(trip)[2][3]
    assert HandlingStep.objects.filter(complaint__in=(still, moved, later), step="log_contact").count() == 1


def test_several_lines_of_a_case_follow_each_other_and_many_are_performed(world: World) -> None:
    browser, case = signed_in(world.ming), given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now())
    (row,) = fetched_rows(browser)
    accepted = row | {"步骤": "受理", "交给谁（工号、邮箱或姓名）": "明试"}
    called = row | CALL | {"编号": case.number, "联系内容": "谈妥退费。"}
    trip = tried(browser, table([accepted, called, row | offer_row(case)]))
    assert states(trip) == ["good"] * 3
    trip = decided(browser, trip, "all")
    assert (states(trip), reloaded(case).status) == (["done"] * 3, S.AWAITING_CONSUMER)
    browser, ours = signed_in(world.ming), cases(world, 2, status=S.PERFORMING)
    one, other = ({"编号": case.number, "步骤": "报告已履行", "履行证明": f"流水号{case.pk}"} for case in ours)
    trip = decided(browser, tried(browser, table([one, other | {"已履行的约定序号": "7"}])), "good")
    assert [(state, column) for _line, state, column, _problem in lines(trip)] == [("done", ""), ("bad", "obligations")]
    assert [o.state for o in ours[0].obligations.all()] == ["reported"]


def test_a_long_table_begins_only_if_all_of_it_can_be_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, (one, other) = signed_in(world.ming), cases(world, 2)
    trip = tried(browser, table([offer_row(one), offer_row(other)]))
    given.step(other, given.an_offer(), world.handler, timezone.now())
    trip = decided(browser, trip, "all")
    assert (trip.state, states(trip)) == ("checked", ["good", "bad"])
    assert not Offer.objects.filter(complaint=one).exists()
    answer = browser.post(f"{HOME}{trip.mark}/decide/", filled(decision="all"))
    assert (answer.status_code, "有1行有问题" in answer.content.decode()) == (422, True)
    assert states(decided(browser, trip, "good")) == ["done", "bad"]
    # Too long for one transaction: tried once more after the decision, and then nothing is begun in vain.
    monkeypatch.setattr(asking, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(working, "BATCH", 2)
    browser, ours = signed_in(world.ming), cases(world, 5)
    trip = tried(browser, table([offer_row(case) for case in ours]))
    assert "先把每一行再试办一遍" in browser.get(f"{HOME}{trip.mark}/").content.decode()
    given.step(ours[4], given.an_offer(), world.handler, timezone.now())
    trip = decided(browser, trip, "all")
    assert (trip.state, trip.mode, states(trip)) == ("checked", "", [*["good"] * 4, "bad"])
    assert Offer.objects.filter(complaint__in=ours[:4]).count() == 0
    # Without the bad line, in a file of its own.
    trip = decided(browser, tried(browser, table([offer_row(case) for case in ours[:4]])), "all")
    assert (trip.state, states(trip)) == ("done", ["done"] * 4)


def test_what_fails_in_a_long_table_is_named_and_the_rest_done(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_AT_ONCE", 3)
    monkeypatch.setattr(working, "BATCH", 2)
    browser, ours = signed_in(world.ming), cases(world, 6)
    trip = tried(browser, table([offer_row(case) for case in ours]))
    apply, turns = working._Worker.apply, 0

    def meanwhile(worker: working._Worker) -> None:
        """After the first piece another line becomes impossible, and the worker is killed and begins anew."""
        nonlocal turns
        turns += 1
        if turns == 2:
            given.step(ours[3], given.an_offer(), world.handler, timezone.now())
            raise KeyboardInterrupt
        apply(worker)

    monkeypatch.setattr(working._Worker, "apply", meanwhile)
    assert browser.post(f"{HOME}{trip.mark}/decide/", filled(decision="all")).status_code == 302
    with pytest.raises(KeyboardInterrupt):
        working.sweep_round_trips(now=timezone.now())
    assert states(trip) == [*["done"] * 2, *["good"] * 4]
    working.sweep_round_trips(now=timezone.now() + 2 * LEASE)
    assert (reloaded(trip).state, states(trip)) == ("done", [*["done"] * 3, "refused", *["done"] * 2])
    assert [Offer.objects.filter(complaint=case).count() for case in ours] == [1] * 6
    text = results(browser, trip)
    assert (text[3]["结果"], text[3]["案件编号"]) == ("没有办成", ours[3].number)
    assert text[3]["问题"]


def test_what_is_somebody_elses_reads_like_what_is_missing_and_a_table_is_its_senders_alone(world: World) -> None:
    near, elsewhere = cases(world, 2)
    Complaint.objects.filter(pk=elsewhere.pk).update(branch=None)
    elsewhere.engagements.update(branch=None)
    rows = [offer_row(near), offer_row(elsewhere), offer_row(Complaint(number="20260101-AAAAAAAAAAAA-0"))]
    trip = tried(signed_in(world.ming), table(rows))
    assert states(trip) == ["good", "bad", "bad"]
    theirs, missing = lines(trip)[1:]
    assert theirs[1:] == missing[1:] == ("bad", "number", "没有找到这件投诉。")
    # Headquarters has it; another enterprise has none of them.
    assert states(tried(signed_in(world.lead), table([offer_row(near), offer_row(elsewhere)]))) == ["good", "good"]
    assert states(tried(signed_in(world.hua), table([offer_row(near), offer_row(elsewhere)]))) == ["bad", "bad"]
    case = given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    trip = tried(signed_in(world.ming), table([offer_row(case)]))
    for other in (world.lead, world.hua, world.rui, world.chen):
        browser = signed_in(other)
        assert browser.get(f"{HOME}{trip.mark}/").status_code == 404
        assert browser.get(f"{HOME}{trip.mark}/results/").status_code == 404
        assert browser.post(f"{HOME}{trip.mark}/decide/", filled(decision="drop")).status_code == 404
    assert signed_in(world.ming).get(f"{HOME}{trip.mark}/").status_code == 200
    browser = signed_in(world.ming)
    browser.post(f"{HOME}{trip.mark}/decide/", filled(decision="good"))
    Staff.objects.filter(pk=world.ming_staff.pk).update(ends_on=timezone.localdate() - timedelta(days=1))
    trip = worked(trip)
    assert (trip.state, trip.failure, Offer.objects.count()) == ("failed", "no_desk", 0)


def test_formulas_come_back_as_words(world: World) -> None:
    """What looks like a formula goes out with a quote, and back without it; none stands in results."""
    browser, case = signed_in(world.ming), given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now())
    note = '=HYPERLINK("http://example.com")'
    rows = [CALL | {"编号": case.number, "联系内容": f"'{note}"}, CALL | {"编号": "=1+1", "联系内容": "x"}]
    trip = decided(browser, tried(browser, table(rows)), "good")
    assert [contact.note for contact in Contact.objects.all()] == [note]
    assert results(browser, trip)[1]["案件编号"] == "'=1+1"


def test_what_is_no_table_is_refused_in_one_sentence(world: World) -> None:
    browser = signed_in(world.ming)
    for raw, words in (
        (b"", "空的"),
        (b"PK\x03\x04 no workbook", "工作簿打不开"),
        (b"\xd0\xcf\x11\xe0 old", "xls"),
        ("编号,状态\n1,2".encode(), "没有这些列：步骤"),
        ("编号,步骤,步骤\n1,2,3".encode(), "出现了两次"),
        (b"\xff\xff\xff\xff", "文字编码"),
        ('编号,步骤\n"1,2'.encode(), "第2行的引号"),
    ):
        before = RoundTrip.objects.count()
        answer = browser.post(HOME, filled(file=io.BytesIO(raw)))
        if answer.status_code == 422:
            assert words in answer.content.decode()
            assert RoundTrip.objects.count() == before
            continue
        trip = worked(RoundTrip.objects.latest("pk"))
        assert (trip.state, RoundTrip.objects.count()) == ("failed", before + 1)
        assert words in browser.get(f"{HOME}{trip.mark}/").content.decode()


def test_five_tables_at_a_time_and_undecided_ones_are_dropped(world: World) -> None:
    browser, raw = signed_in(world.ming), table([{"编号": "x", "步骤": "受理"}])
    trips = [uploaded(browser, raw) for _n in range(uploads.MOST_AT_A_TIME)]
    assert browser.post(HOME, filled(file=io.BytesIO(raw))).status_code == 409
    for trip in trips:
        worked(trip)
    RoundTrip.objects.update(asked_at=timezone.now() - uploads.DECIDED_WITHIN)
    asking.forget(now=timezone.now(), limit=100)
    assert set(RoundTrip.objects.values_list("state", flat=True)) == {"dropped"}
    uploaded(browser, raw)
    RoundTrip.objects.update(ended_at=timezone.now() - asking.KEPT_FOR)
    assert [asking.forget(now=timezone.now(), limit=100) for _n in range(3)][-1] == 0
    assert not RoundTrip.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_same_lines_at_the_same_moment(world: World) -> None:
    raw, people = contacts(world, 6), [signed_in(world.ming), signed_in(world.lead)]
    trips = [tried(browser, raw) for browser in people]
    for browser, trip in zip(people, trips, strict=True):
        assert browser.post(f"{HOME}{trip.mark}/decide/", filled(decision="good")).status_code == 302
    barrier = threading.Barrier(2)

    def sweep() -> None:
        barrier.wait()
        try:
            working.sweep_round_trips(now=timezone.now())
        finally:
            connection.close()

    sweepers = [threading.Thread(target=sweep) for _n in range(2)]
    for one in sweepers:
        one.start()
    for one in sweepers:
        one.join()
    working.sweep_round_trips(now=timezone.now())
    assert (set(RoundTrip.objects.values_list("state", flat=True)), Contact.objects.count()) == ({"done"}, 6)
    assert sorted(state for trip in trips for state in states(trip)) == ["done"] * 6 + ["same"] * 6


def contacts(world: World, count: int) -> bytes:
    call = {"步骤": "记录联系", "联系方式": "电话", "联系时间": "", "联系上了吗": "是", "联系内容": "已告知退费办法。"}
    ours = cases(world, count)
    return table([{"编号": case.number, **call, "版本（请勿改动）": plain_version(case)} for case in ours])


def elsewhere(work: Any) -> None:
    """In a connection of its own, until it is through."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    one = threading.Thread(target=run)
    one.start()
    one.join(PATIENCE)
    assert not one.is_alive()
    assert not failed


@pytest.mark.django_db(transaction=True)
def test_what_somebody_decides_at_this_moment_is_not_dropped(world: World) -> None:
    trip = tried(signed_in(world.ming), contacts(world, 2))
    RoundTrip.objects.update(asked_at=timezone.now() - uploads.DECIDED_WITHIN)
    with transaction.atomic():
        locked = RoundTrip.objects.select_for_update().get(pk=trip.pk)
        elsewhere(lambda: asking.forget(now=timezone.now(), limit=100))
        asking.decide(locked, "good", now=timezone.now())
    working.sweep_round_trips(now=timezone.now())
    assert (reloaded(trip).state, states(trip)) == ("done", ["done"] * 2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("at", ["go_on", "_take"])
@pytest.mark.parametrize("mode", ["good", "all"])
def test_a_batch_beyond_its_lease_is_done_once(
    world: World, monkeypatch: pytest.MonkeyPatch, mode: str, at: str
) -> None:
    browser = signed_in(world.ming)
    trip = tried(browser, contacts(world, 2))
    assert browser.post(f"{HOME}{trip.mark}/decide/", filled(decision=mode)).status_code == 302
    usual = getattr(working._Worker, at)

    def late(self: Any, *batch: Sequence[RoundTripRow]) -> Any:
        """The lease has run out before the cases are locked; another worker comes by."""
        monkeypatch.setattr(working._Worker, at, usual)
        later: datetime = timezone.now() + 2 * LEASE + timedelta(seconds=1)
        elsewhere(lambda: working.sweep_round_trips(now=later))
        return usual(self, *batch)

    monkeypatch.setattr(working._Worker, at, late)
    working.sweep_round_trips(now=timezone.now())
    assert (reloaded(trip).state, states(trip), Contact.objects.count()) == ("done", ["done"] * 2, 2)
    assert not trip.rows.exclude(problem="").exists()
