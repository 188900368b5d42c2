"""Publicity that is counted: opened, filed, ended by place; the quiz; who knows the way. Nobody is traced."""

import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from complaints.models import PublicCount
from complaints.procedure.workflow import Status as S
from complaints.stations import posters, publicity, quiz, stations
from complaints.stations.posters import Funnel, Poster
from enterprises.models import Station, StationStaff
from tests import found_in, given, missing_in
from tests.cast import World
from tests.complaints.pages.at_the_desk import checked, shown, signed_in

TODAY = timezone.localdate
What = publicity.What


@pytest.fixture
def station(world: World) -> Station:
    columns = {"code": "SD-01", "name": "东街口消费维权服务站", "kind": "mall", "address": "东街口1号"}
    return Station.objects.create(authority=world.gulou, **columns)


@pytest.fixture
def clerk(station: Station) -> User:
    user = User.objects.create_user("clerk@example.com", name="站试")
    StationStaff.objects.create(user=user, station=station)
    return user


def opened() -> dict[str, int]:
    return dict(PublicCount.objects.filter(what=What.OPENED).values_list("code", "n"))


def test_an_opened_code_is_counted_by_the_day_and_nobody_is_traced(world: World, station: Station) -> None:
    visitor = Client()
    for code in ("sd-01.nb", "SD-01.nb", "SD-01.wx", "SD-01", f"{world.mobile.uscc}.sm"):
        assert visitor.get(f"/go/{code}/").status_code == 302
    assert not visitor.cookies
    assert opened() == {"SD-01.nb": 2, "SD-01.wx": 1, "SD-01": 1, f"{world.mobile.uscc}.sm": 1}
    # A preview that asks for the head, and a code of nobody, count nothing.
    visitor.head("/go/SD-01/")
    visitor.get("/go/nobody/")
    assert sum(opened().values()) == 5
    columns = {field.name for field in PublicCount._meta.get_fields()}
    assert columns == {"id", "what", "code", "day", "n"}


def test_a_station_sees_opened_filed_and_ended_by_place_and_few_endings_are_not_told(
    world: World, station: Station, clerk: User
) -> None:
    for _ in range(3):
        Client().get("/go/SD-01.nb/")
    given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now(), source="go-SD-01.nb")
    given.a_complaint(world, status=S.CLOSED, now=timezone.now(), source="go-SD-01.nb")
    brought = posters.brought_by_station("SD-01", since=timezone.now() - timedelta(days=30))
    assert (brought[Poster("SD-01", "nb")].opened, brought[Poster("SD-01", "nb")].filed) == (3, 2)
    assert brought[Poster("SD-01", "nb")].closed == 1
    page = shown(signed_in(clerk).get("/station/poster/"))
    assert not missing_in(
        page, "打开3次，投诉2件，其中办结少于5件", "/go/SD-01.wx/", "/go/SD-01.sm/", "一个人打开几次就算几次"
    )
    made = signed_in(clerk).get("/station/poster/nb.pdf")
    assert (made["Content-Type"], made.content[:4]) == ("application/pdf", b"%PDF")
    assert signed_in(clerk).get("/station/poster/wx.pdf").status_code == 404


def test_an_enterprise_and_the_authority_see_the_same_funnel(world: World, station: Station) -> None:
    uscc = world.mobile.uscc
    Client().get(f"/go/{uscc}.wx/")
    Client().get("/go/SD-01.nb/")
    given.a_complaint(world, status=S.CLOSED, now=timezone.now(), source=f"go-{uscc}.wx")
    page = signed_in(world.lead).get("/enterprise/posters/")
    assert not missing_in(shown(page), "打开1次，投诉1件，其中办结1件", f"/go/{uscc}.wx/")
    page = signed_in(world.rui).get("/authority/posters/")
    by_form = {one["label"]: one["n"] for one in page.context["forms"]}
    assert (by_form["公众号文章"].filed, by_form["公众号文章"].opened) == (1, 1)
    # A station of the region stands there before anybody filed by it.
    assert by_form["公示栏"] == Funnel(opened=1)
    assert "东街口消费维权服务站" in shown(page)
    far = signed_in(world.far_officer.user).get("/authority/posters/")
    assert "东街口消费维权服务站" not in shown(far)


RIGHT = {one.code: one.right for one in quiz.QUESTIONS}
TRAINING = "/enterprise/training/"


def test_the_quiz_counts_for_the_enterprise_once_a_try_and_says_what_is_right(world: World) -> None:
    ming, key = signed_in(world.ming), uuid4().hex
    page = checked(ming.post(TRAINING, {"idempotency_key": key}), 422, "请选一项")
    assert not PublicCount.objects.exists(), page[:0]
    for _ in range(2):
        checked(ming.post(TRAINING, RIGHT | {"idempotency_key": key}), 200, "通过：6题答对6题")
    failed = RIGHT | {"silence": "yes", "withdraw": "yes", "idempotency_key": uuid4().hex}
    checked(ming.post(TRAINING, failed), 200, "没有通过：6题答对4题", "答错了", "没有答复的不算")
    code, since = world.mobile.code, TODAY() - timedelta(days=1)
    assert publicity.tries([code], since=since) == {code: (2, 1)}
    assert "做了2次，通过1/2" in shown(signed_in(world.lead).get("/enterprise/posters/"))
    assert Client().post(TRAINING, RIGHT).status_code in (302, 403, 404)
    assert signed_in(world.rui).get(TRAINING).status_code == 404


def test_a_station_has_the_sheet_the_quiz_and_its_rate(world: World, station: Station, clerk: User) -> None:
    own = signed_in(clerk)
    assert "还没有人做过" in shown(own.get("/station/poster/"))
    assert not missing_in(shown(own.get("/station/training/?sheet")), "6件要记住的事", "消费者确认了才算谈成")
    checked(own.post("/station/training/", RIGHT | {"idempotency_key": uuid4().hex}), 200, "通过：6题答对6题")
    assert "做了1次，通过1/1" in shown(own.get("/station/poster/"))
    assert not publicity.tries([world.mobile.code], since=TODAY())
    row = next(row for row in signed_in(world.rui).get("/authority/posters/").context["rows"] if row["tried"])
    assert (row["name"], row["passed"]) == ("东街口消费维权服务站", "1/1")
    for stranger in (world.ming, world.rui):
        assert signed_in(stranger).get("/station/training/").status_code == 404


def test_a_code_with_an_unknown_place_or_branch_still_leads_to_the_station(world: World, station: Station) -> None:
    visitor = Client()
    for code in ("SD-01.zz", "SD-01.nbb0", "SD-01." + "x" * 60):
        assert "source=go-SD-01" in visitor.get(f"/go/{code}/")["Location"]
    assert opened() == {"SD-01": 3}
    assert "source" not in visitor.get("/go/SD-99.nb/")["Location"]
    assert sum(opened().values()) == 3


def answered(what: str, n: int, *, on: date) -> None:
    for _ in range(n):
        publicity.note(what, "", on=on)


def test_who_knows_the_way_is_told_from_thirty_answers_on_with_its_range_and_without_a_cookie(world: World) -> None:
    visitor = Client(enforce_csrf_checks=True)
    page = shown(visitor.get("/survey/"))
    assert "还不到30份，不写比例" in page
    checked(visitor.post("/survey/", {"idempotency_key": uuid4().hex}), 422, "请选一项")
    key, given_answer = uuid4().hex, {"knows": "heard_of", "where": "board"}
    for _ in range(2):
        assert visitor.post("/survey/", given_answer | {"idempotency_key": key})["Location"] == "/survey/?thanks"
    assert list(PublicCount.objects.values_list("what", "code", "n")) == [("heard_of", "board", 1)]
    assert not visitor.cookies
    # What is answered this month is told when the month is over.
    last = TODAY().replace(day=1) - timedelta(days=1)
    answered(What.UNKNOWN, 40, on=TODAY())
    assert "还不到30份" in shown(visitor.get("/survey/"))
    answered(What.USED, 30, on=last)
    answered(What.HEARD_OF, 30, on=last)
    answered(What.UNKNOWN, 60, on=last)
    text = shown(visitor.get("/survey/"))
    assert not missing_in(text, "120份回答，50%以前就知道", "不是抽样调查")
    assert not found_in(text, "121份")


def test_a_station_stands_with_what_it_settled_and_what_it_moved_on(world: World, station: Station) -> None:
    for source in ("station-SD-01", "station-SD-01", "station-SD-012", "go-SD-01"):
        given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now(), source=source)
    moved = stations.moved_each([station], since=TODAY() - timedelta(days=365))
    assert moved == {station.pk: 2}
    assert stations.moved_each([station], since=TODAY() - timedelta(days=365), until=TODAY()) == {station.pk: 0}
    assert "没当场解决，代为投诉" in shown(Client().get("/open/stations/SD-01/"))
    page = signed_in(world.rui).get("/authority/stations/")
    row: Any = next(row for row in page.context["rows"] if row["station"] == station)
    assert (row["moved"], row["counted"].confirmed) == (2, 0)
    assert "没当场解决，代为投诉" in shown(page)


@pytest.mark.parametrize("form", posters.FORMS)
def test_each_print_is_one_page_also_where_a_station_says_whose_place_it_is(
    world: World, station: Station, clerk: User, form: str
) -> None:
    Station.objects.filter(pk=station.pk).update(enterprise=world.mobile, address="鼓楼区东街口八一七北路1号一层服务台")
    made = signed_in(clerk).get(f"/station/poster/{form}.pdf").content
    with pikepdf.open(io.BytesIO(made)) as document:
        assert len(document.pages) == 1
