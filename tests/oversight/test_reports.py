"""Monthly reports: from the open data to the public, by two persons; frozen once approved, corrected by a version.

With the open data and the warnings they are pages that are the same for everybody.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer
from complaints.handling.steps import consumer
from complaints.models import Complaint
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from oversight.counters import making
from oversight.models import ConsumerWarning, DataSet, MonthlyReport
from oversight.open_data import issuing
from oversight.portal_state import signs
from oversight.reports import keeping
from oversight.reports.figures import drawn
from tests import given, missing_in, reloaded
from tests.cast import World, standing
from tests.complaints.documents.signatures import verdict
from tests.oversight.counting import CHARGE, REPAIR
from tests.oversight.hot_spots.test_guidance import a_spot
from tests.oversight.looking import browser, cost, page_of, sent

S = Status
DAY = timedelta(days=1)
URL = "/authority/reports/"
TEXTS = {"overview": "本月平稳。", "problems": "资费问题最多。", "cases": "", "tips": "办理前问清。"}


def last_month() -> datetime:
    """The tenth of the month before this one, at ten."""
    first = timezone.now().astimezone(SHANGHAI).replace(day=1, hour=10, minute=0, second=0, microsecond=0)
    return (first - DAY).replace(day=10)


def month() -> date:
    return last_month().date().replace(day=1)


@pytest.fixture(scope="module")
def month_issued(directory: None, django_db_blocker: Any) -> Iterator[tuple[World, DataSet]]:
    """Twelve complaints of the month before, seven of them withdrawn; its open data."""
    with standing(django_db_blocker, issue) as stands:
        yield stands


@pytest.fixture
def world(month_issued: tuple[World, DataSet], db: None) -> World:
    return deepcopy(month_issued[0])


@pytest.fixture
def issued(month_issued: tuple[World, DataSet], db: None) -> DataSet:
    return deepcopy(month_issued[1])


def issue(world: World) -> DataSet:
    at = last_month()
    for number in range(12):
        now, problem = at + timedelta(minutes=number), CHARGE if number < 7 else REPAIR
        case = given.a_complaint(world, status=S.NEGOTIATING, now=now, problem_category=problem)
        if number < 7:
            given.step(case, consumer.withdraw(reason="mistake"), world.consumer, at + DAY)
    making.rebuild(now=timezone.now())
    made = issuing.issue(month(), now=timezone.now())
    assert made is not None
    return made


def drafted(world: World, **changes: Any) -> MonthlyReport:
    values: dict[str, Any] = {"authority": world.gulou, "month": month(), "by": world.rui, "now": timezone.now()}
    return keeping.draft(**{**values, **changes})


def published(world: World, **changes: Any) -> MonthlyReport:
    report = keeping.submit(drafted(world, **changes))
    keeping.approve(report, by=world.head_officer.user, heads=[world.gulou], text="", now=timezone.now())
    return keeping.publish(report, now=timezone.now())


def rows_of(answer: Any) -> list[dict[str, str]]:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_from_the_draft_to_the_public_by_two_persons(world: World, issued: DataSet) -> None:
    rui, head = browser(world.rui), browser(world.head_officer.user)
    assert f"{month():%Y-%m}" in page_of(rui, URL)
    url = sent(rui, URL, authority=str(world.gulou.pk), month=f"{month():%Y-%m}").url
    report = MonthlyReport.objects.get()
    public = f"/open/reports/{report.pk}/"
    assert url == f"{URL}{report.pk}/"
    assert not missing_in(page_of(rui, url), f"{month().year}年{month().month}月，鼓楼区收到投诉12件", "不明扣费")
    seen = report.edited_at.isoformat()
    assert sent(rui, f"{url}edit/", what="save", seen=seen, **TEXTS).status_code == 302
    assert "提交决定" not in page_of(head, url)
    assert Client().get(public).status_code == 404
    assert sent(rui, f"{url}edit/", what="submit").status_code == 302
    assert ("提交决定" in page_of(rui, url), "提交决定" in page_of(head, url)) == (False, True)
    assert sent(head, f"{url}decide/", decision="grant", text="").status_code == 302
    assert Client().get(public).status_code == 404, "approved is not published"
    assert sent(rui, f"{url}edit/", what="publish").status_code == 302
    assert public in page_of(None, "/open/reports/")
    page = page_of(None, public)
    assert ("本月平稳。" in page, "典型案例" in page) == (True, False)
    # A worker prints it and signs it: the page says so until then.
    assert ("PDF正在制作和签名" in page, f"{public}report.pdf" in page) == (True, False)
    assert Client().get(f"{public}report.pdf").status_code == 404
    assert keeping.sweep_prints(now=timezone.now()) == 1
    # For a while the portal answers the page from memory.
    cache.clear()
    assert f"{public}report.pdf" in page_of(None, public)
    printed = Client().get(f"{public}report.pdf").content
    assert verdict(printed) == ""
    assert verdict(printed.replace(b"/Type", b"/Tape", 1)) != ""
    assert "Complaints received" in page_of(None, public, **{"accept-language": "en"})


def test_the_tables_say_what_happened_and_what_was_approved_is_never_changed(world: World, issued: DataSet) -> None:
    report = published(world)
    at = f"/open/reports/{report.pk}/"
    problems = rows_of(Client().get(f"{at}problems.csv"))
    assert {row["code"]: row["received"] for row in problems} == {CHARGE: "7", REPAIR: "5"}
    summary = {row["figure"]: row for row in rows_of(Client().get(f"{at}summary.csv"))}
    assert (summary["received"]["part"], summary["closed"]["part"]) == ("12", "7")
    assert sum(int(row["received"]) for row in rows_of(Client().get(f"{at}channels.csv"))) == 12
    assert Client().get(f"{at}nothing.csv").status_code == 404
    # A slow count of the same thing.
    start = datetime(month().year, month().month, 1, tzinfo=SHANGHAI)
    cases = Complaint.objects.filter(received_at__gte=start, received_at__lt=start + 31 * DAY)
    slow = Counter(cases.values_list("problem_category", flat=True))
    assert {row["code"]: int(row["received"]) for row in problems} == slow
    # The one change is its print, once, and with nothing else.
    changes: tuple[dict[str, Any], ...] = ({"texts": {}}, {"figures": {}}, {"state": "draft"})
    for change in (*changes, {"printed": None, "texts": {}}, {"printed": b"%PDF", "texts": {}}):
        with pytest.raises(DatabaseError), transaction.atomic():
            MonthlyReport.objects.filter(pk=report.pk).update(**change)
    assert keeping.sweep_prints(now=timezone.now()) == 1
    assert keeping.sweep_prints(now=timezone.now()) == 0
    changes += ({"printed": b""}, {"printed": None})
    for row, *updates in (
        (report, *changes),
        (issued, {"version": 9}),
        (issued.files.get(name="regions.csv"), {"content": b""}),
    ):
        for change in updates:
            with pytest.raises(DatabaseError), transaction.atomic():
                type(row).objects.filter(pk=row.pk).update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            row.delete()


def test_without_a_document_key_no_report_is_printed_and_after_an_hour_somebody_is_told(
    world: World, issued: DataSet, settings: Any
) -> None:
    report, key = published(world), settings.DOCUMENT_KEY_FILE
    settings.DOCUMENT_KEY_FILE = ""
    late = timezone.now() + timedelta(minutes=61)
    assert keeping.sweep_prints(now=late) == 0
    alarm = "wait_reports_to_print"
    assert (alarm in signs.read(now=timezone.now()).alarms, alarm in signs.read(now=late).alarms) == (False, True)
    assert "DOCUMENT_KEY_FILE" in signs.condition_text(alarm)
    settings.DOCUMENT_KEY_FILE = key
    assert keeping.sweep_prints(now=late) == 1
    assert alarm not in signs.read(now=late).alarms
    report.refresh_from_db()
    assert verdict(bytes(report.printed or b"")) == ""


def test_a_month_earlier_stands_beside_it(world: World, issued: DataSet) -> None:
    issuing.issue((month() - DAY).replace(day=1), now=timezone.now())
    line = next(line for line in drafted(world).figures["problems"] if line["code"] == CHARGE)
    assert (line["received"], line["before"]) == (7, 0)
    assert "before" not in drawn(world.region.code, issued, None)["problems"][0]


def test_who_drafted_or_edited_does_not_approve(world: World, issued: DataSet) -> None:
    head, far = world.head_officer.user, world.far_officer
    report = drafted(world, by=head)
    keeping.submit(report)
    for by, heads in ((head, [world.gulou]), (world.rui, []), (far.user, [far.authority])):
        with pytest.raises(StepNotAllowed) as refused:
            keeping.approve(report, by=by, heads=heads, text="", now=timezone.now())
        assert refused.value.code == "not_yours"
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthlyReport.objects.filter(pk=report.pk).update(state="approved", decided_by=head)
    keeping.approve(report, by=world.superior_officer.user, heads=[world.city], text="", now=timezone.now())
    assert reloaded(report).state == "approved"


def test_a_correction_is_a_version_that_names_what_it_changes(world: World, issued: DataSet) -> None:
    first = published(world)
    with pytest.raises(StepNotAllowed) as refused:
        drafted(world)
    assert refused.value.field == "what_changed"
    second = drafted(world, what_changed="补上典型案例")
    with pytest.raises(StepNotAllowed) as refused:
        drafted(world, what_changed="再来一份")
    assert refused.value.code == "under_way"
    typed = {**second.texts, "cases": "某公司多扣费，全额退还。"}
    keeping.edit(second, texts=typed, seen=second.edited_at.isoformat(), by=world.rui, now=timezone.now())
    keeping.submit(second)
    keeping.approve(second, by=world.head_officer.user, heads=[world.gulou], text="", now=timezone.now())
    keeping.publish(second, now=timezone.now())
    page = page_of(None, f"/open/reports/{second.pk}/")
    assert not missing_in(page, "补上典型案例", "某公司多扣费，全额退还。", "这一版改了什么")
    assert "请看最新的一版" in page_of(None, f"/open/reports/{first.pk}/")


def test_two_who_edit_at_once_lose_nothing_and_bad_input_is_answered_by_name(world: World, issued: DataSet) -> None:
    report, rui = drafted(world), browser(world.rui)
    Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    url, seen = f"{URL}{report.pk}/", report.edited_at.isoformat()
    assert sent(rui, f"{url}edit/", what="save", seen=seen, **TEXTS).status_code == 302
    answer = sent(world.otto, f"{url}edit/", what="save", seen=seen, **TEXTS | {"tips": "另一个人写的提示"})
    assert (answer.status_code, "另一个人写的提示" in answer.content.decode()) == (422, True)
    assert reloaded(report).texts["tips"] == TEXTS["tips"]
    for month_typed in ("2031-01", "nonsense", ""):
        assert sent(rui, URL, authority=str(world.gulou.pk), month=month_typed).status_code == 422, month_typed
    seen = report.edited_at.isoformat()
    answer = sent(rui, f"{url}edit/", what="save", seen=seen, **TEXTS | {"tips": "长" * 4001})
    assert (answer.status_code, "最多4000个字" in answer.content.decode()) == (422, True)
    assert sent(rui, f"{url}edit/", what="explode").status_code == 404
    assert browser(world.far_officer.user).get(url).status_code == 404
    assert sent(world.su, f"{url}edit/", what="drop").status_code == 404


def test_lists_cost_the_same_however_long(world: World, issued: DataSet) -> None:
    rui, anybody = browser(world.rui), Client()
    pages = [(rui, URL), (anybody, "/open/reports/"), (anybody, "/open/data/"), (rui, "/authority/posters/")]
    published(world)
    given.filed(world, now=timezone.now(), source="go-SD-01.a4")
    short = [cost(client, address) for client, address in pages]
    for number in range(3):
        issuing.issue((month() - (20 + 31 * number) * DAY).replace(day=1), now=timezone.now())
        published(world, what_changed=f"第{number}次更正")
        given.filed(world, now=timezone.now(), source=f"go-SD-0{number}.a6")
    assert [cost(client, address) for client, address in pages] == short
    assert max(short) <= 22, short


#: Pages that are the same for everybody are answered as one page, kept by whoever stands between.
_PAGES = ("data/", "data/dictionary/", "data/{set}/", "reports/", "reports/{report}/")
FROM_MEMORY = [f"/open/{page}" for page in _PAGES]
MADE_ANEW = ["/open/warnings/", "/open/warnings/{warning}/"]
FILES = [f"/open/data/{{set}}/{name}" for name in ("regions.csv", "datapackage.json")]
FILES += [f"/open/reports/{{report}}/{name}" for name in ("summary.csv", "report.pdf")]


@pytest.fixture
def told(world: World, issued: DataSet) -> dict[str, object]:
    by: Any = {"drafted_by": world.rui, "drafted_at": timezone.now(), "proposed_by": world.rui}
    by |= {"state": "published", "decided_by": world.head_officer.user, "published_at": timezone.now()}
    of: Any = {"hot_spot": a_spot(world), "authority": world.gulou, "title": "当心乱收费", "text": "请核对账单。"}
    warning = ConsumerWarning.objects.create(**of, **by)
    result = {"set": issued, "report": published(world).pk, "warning": warning.pk}
    keeping.sweep_prints(now=timezone.now())
    cache.clear()
    return result


def test_everybody_gets_the_same_with_an_etag_and_no_cookie_and_who_is_signed_in_an_own_page(
    world: World, told: dict[str, object]
) -> None:
    client = browser(world.chen)
    for pattern in (*FROM_MEMORY, *MADE_ANEW):
        answer = client.get(pattern.format(**told))
        assert ("no-store" in answer["Cache-Control"], "ETag" in answer) == (True, False), pattern
    for pattern in (*FROM_MEMORY, *MADE_ANEW, *FILES, "/open/data/all/regions.csv"):
        address = pattern.format(**told)
        first, second = Client().get(address), Client().get(address)
        assert (address, first.status_code, first.cookies, second.cookies) == (address, 200, {}, {})
        assert first.getvalue() == second.getvalue(), address
        assert "public" in first["Cache-Control"], address
        assert {"Cookie", "Accept-Language"} <= {word.strip() for word in first["Vary"].split(",")}, address
        for etag in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}'):
            unchanged = Client().get(address, headers={"if-none-match": etag})
            assert (unchanged.status_code, unchanged.getvalue()) == (304, b""), address
            assert (unchanged["ETag"], unchanged["Cache-Control"]) == (first["ETag"], first["Cache-Control"]), address
        assert Client().get(address, headers={"if-none-match": '"other"'}).status_code == 200, address
        assert (Client().head(address).status_code, Client().post(address).status_code) == (200, 405), address
        is_kept = not missing_in(first["Cache-Control"], "immutable", "max-age=31536000")
        assert is_kept == (pattern in FILES), "a file of a version is kept for a year"


def test_the_second_visitor_costs_the_database_nothing_and_a_warning_that_is_withdrawn_is_gone_at_once(
    told: dict[str, object],
) -> None:
    for pattern in FROM_MEMORY:
        address = pattern.format(**told)
        first = Client().get(address)
        assert "max-age=300" in first["Cache-Control"], address
        with CaptureQueriesContext(connection) as asked:
            Client().get(address + "?nothing=that+is+read")
        assert (address, len(asked)) == (address, 0)
        assert Client(headers={"accept-language": "en"}).get(address)["ETag"] != first["ETag"], address
    address = "/open/warnings/{warning}/".format(**told)
    before = Client().get(address)
    assert "no-cache" in before["Cache-Control"]
    ConsumerWarning.objects.update(state="withdrawn", withdrawn_at=timezone.now(), withdrawn_why="已经改正。")
    after = Client().get(address, headers={"if-none-match": before["ETag"]})
    assert (after.status_code, "请核对账单。" in after.content.decode()) == (200, False)
    assert "当心乱收费" not in page_of(None, "/open/warnings/")
