"""Monthly reports: from the open data to the public, by two persons; frozen once approved, corrected by a version."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

import pytest
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
from oversight.models import DataSet, MonthlyReport
from oversight.open_data import issuing
from oversight.reports import keeping
from oversight.reports.figures import drawn
from tests import given, missing_in, reloaded
from tests.cast import World, standing
from tests.complaints.pages.at_the_authority import key, workspace

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
        problem = "telecom.fees.unexplained_charge" if number < 7 else "telecom.broadband.repair"
        case = given.a_complaint(
            world, status=S.NEGOTIATING, now=at + timedelta(minutes=number), problem_category=problem
        )
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
    rui, head, anybody = workspace(world.rui), workspace(world.head_officer.user), Client()
    assert f"{month():%Y-%m}" in rui.get(URL).content.decode()
    answer = rui.post(URL, {"authority": str(world.gulou.pk), "month": f"{month():%Y-%m}", **key()})
    report = MonthlyReport.objects.get()
    assert answer["Location"] == f"{URL}{report.pk}/"
    page = rui.get(answer["Location"]).content.decode()
    assert not missing_in(page, f"{month().year}年{month().month}月，鼓楼区收到投诉12件", "不明扣费")
    seen = report.edited_at.isoformat()
    assert rui.post(f"{answer['Location']}edit/", {"what": "save", "seen": seen, **TEXTS, **key()}).status_code == 302
    assert "提交决定" not in head.get(answer["Location"]).content.decode()
    assert anybody.get(f"/open/reports/{report.pk}/").status_code == 404
    assert rui.post(f"{answer['Location']}edit/", {"what": "submit", **key()}).status_code == 302
    assert "提交决定" not in rui.get(answer["Location"]).content.decode()
    assert "提交决定" in head.get(answer["Location"]).content.decode()
    assert head.post(f"{answer['Location']}decide/", {"decision": "grant", "text": "", **key()}).status_code == 302
    assert anybody.get(f"/open/reports/{report.pk}/").status_code == 404, "approved is not published"
    assert rui.post(f"{answer['Location']}edit/", {"what": "publish", **key()}).status_code == 302
    assert f"/open/reports/{report.pk}/" in anybody.get("/open/reports/").content.decode()
    page = anybody.get(f"/open/reports/{report.pk}/").content.decode()
    assert "本月平稳。" in page
    assert "典型案例" not in page
    assert anybody.get(f"/open/reports/{report.pk}/report.pdf").content.startswith(b"%PDF")
    in_english = anybody.get(f"/open/reports/{report.pk}/", headers={"accept-language": "en"}).content.decode()
    assert "Complaints received" in in_english


def test_the_tables_say_what_happened_and_what_was_approved_is_never_changed(world: World, issued: DataSet) -> None:
    report = published(world)
    at = f"/open/reports/{report.pk}/"
    problems = rows_of(Client().get(f"{at}problems.csv"))
    expected = {"telecom.fees.unexplained_charge": "7", "telecom.broadband.repair": "5"}
    assert {row["code"]: row["received"] for row in problems} == expected
    summary = {row["figure"]: row for row in rows_of(Client().get(f"{at}summary.csv"))}
    assert (summary["received"]["part"], summary["closed"]["part"]) == ("12", "7")
    assert sum(int(row["received"]) for row in rows_of(Client().get(f"{at}channels.csv"))) == 12
    assert Client().get(f"{at}nothing.csv").status_code == 404
    # A slow count of the same thing.
    start = datetime(month().year, month().month, 1, tzinfo=SHANGHAI)
    slow = Counter(
        Complaint.objects.filter(received_at__gte=start, received_at__lt=start + 31 * DAY).values_list(
            "problem_category", flat=True
        )
    )
    assert {row["code"]: int(row["received"]) for row in problems} == slow
    changes: tuple[dict[str, Any], ...] = ({"texts": {}}, {"figures": {}}, {"state": "draft"}, {"printed": b""})
    for change in changes:
        with pytest.raises(DatabaseError), transaction.atomic():
            MonthlyReport.objects.filter(pk=report.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        report.delete()
    for row in (issued, issued.files.get(name="regions.csv")):
        with pytest.raises(DatabaseError), transaction.atomic():
            row.delete()
        with pytest.raises(DatabaseError), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(**({"version": 9} if row is issued else {"content": b""}))


def test_a_month_earlier_stands_beside_it(world: World, issued: DataSet) -> None:
    issuing.issue((month() - DAY).replace(day=1), now=timezone.now())
    line = drafted(world).figures["problems"][0]
    assert (line["received"], line["before"]) == (7, 0)
    assert "before" not in drawn(world.region.code, issued, None)["problems"][0]


def test_who_drafted_or_edited_does_not_approve(world: World, issued: DataSet) -> None:
    report = drafted(world, by=world.head_officer.user)
    keeping.submit(report)
    for by, heads in (
        (world.head_officer.user, [world.gulou]),
        (world.rui, []),
        (world.far_officer.user, [world.far_officer.authority]),
    ):
        with pytest.raises(StepNotAllowed) as refused:
            keeping.approve(report, by=by, heads=heads, text="", now=timezone.now())
        assert refused.value.code == "not_yours"
    with pytest.raises(IntegrityError), transaction.atomic():
        MonthlyReport.objects.filter(pk=report.pk).update(state="approved", decided_by=world.head_officer.user)
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
    page = Client().get(f"/open/reports/{second.pk}/").content.decode()
    for text in ("补上典型案例", "某公司多扣费，全额退还。", "这一版改了什么"):
        assert text in page
    assert "请看最新的一版" in Client().get(f"/open/reports/{first.pk}/").content.decode()


def test_two_who_edit_at_once_lose_nothing(world: World, issued: DataSet) -> None:
    report, rui, analyst = drafted(world), workspace(world.rui), workspace(world.otto)
    Officer.objects.create(user=world.otto, authority=world.gulou, role=Role.ANALYST.post)
    seen = report.edited_at.isoformat()
    assert rui.post(f"{URL}{report.pk}/edit/", {"what": "save", "seen": seen, **TEXTS, **key()}).status_code == 302
    typed = {"what": "save", "seen": seen, **TEXTS, "tips": "另一个人写的提示", **key()}
    answer = analyst.post(f"{URL}{report.pk}/edit/", typed)
    assert (answer.status_code, "另一个人写的提示" in answer.content.decode()) == (422, True)
    assert reloaded(report).texts["tips"] == TEXTS["tips"]


def test_bad_input_is_answered_by_name(world: World, issued: DataSet) -> None:
    rui = workspace(world.rui)
    for month_typed in ("2031-01", "nonsense", ""):
        answer = rui.post(URL, {"authority": str(world.gulou.pk), "month": month_typed, **key()})
        assert answer.status_code == 422
    report = drafted(world)
    typed = {"what": "save", "seen": report.edited_at.isoformat(), **TEXTS, "tips": "长" * 4001, **key()}
    answer = rui.post(f"{URL}{report.pk}/edit/", typed)
    assert (answer.status_code, "最多4000个字" in answer.content.decode()) == (422, True)
    assert rui.post(f"{URL}{report.pk}/edit/", {"what": "explode", **key()}).status_code == 404
    assert workspace(world.far_officer.user).get(f"{URL}{report.pk}/").status_code == 404
    assert workspace(world.su).post(f"{URL}{report.pk}/edit/", {"what": "drop", **key()}).status_code == 404


def test_lists_cost_the_same_however_long(world: World, issued: DataSet) -> None:
    def cost(client: Client, address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    rui, anybody = workspace(world.rui), Client()
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
