"""Stations: they see what they wrote down, and settled is what the consumer confirmed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from accounts.sign_in.contacts import parse_contact
from authorities.models import Officer
from complaints.models import Complaint, FilingDraft, HandlingStep, StationEntry
from complaints.stations import stations
from enterprises.models import Station, StationStaff
from enterprises.team import team
from enterprises.team.rights import Post, TeamActor, authority_reach
from tests.cast import World
from tests.complaints.filing import answers
from tests.complaints.filing.test_drafts import fill, newest_code, send, url

KEY = {"idempotency_key": "0123456789abcdef"}
LOG: dict[str, Any] = {
    "category": "goods.clothing",
    "problem": "鞋底开胶",
    "how": "refund",
    "amount": "89",
    "phone": "13900000077",
    "sheet": "",
}


@pytest.fixture
def station(world: World) -> Station:
    return Station.objects.create(
        code="SD-01", name="东街口消费维权服务站", kind="mall", authority=world.gulou, address="东街口1号"
    )


@pytest.fixture
def clerk(world: World, station: Station) -> User:
    user = User.objects.create_user("clerk@example.com", name="站试")
    StationStaff.objects.create(user=user, station=station)
    return user


@pytest.fixture
def workspace(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client


def category() -> str:
    from complaints.procedure.categories import OBJECT_CATEGORIES

    first = OBJECT_CATEGORIES[0]
    return str(first[1][0][0] if isinstance(first[1], list | tuple) else first[0])


def noted(workspace: Client, **changed: Any) -> Any:
    return workspace.post("/station/log/new/", KEY | LOG | {"category": category()} | changed)


def link() -> str:
    message = next(m for m in OutgoingMessage.objects.order_by("-pk") if "/station/confirm/" in m.body)
    result = re.search(r"/station/confirm/([\w-]+)/", message.body)
    assert result is not None
    return result[1]


def test_an_entry_is_unconfirmed_until_the_consumer_says_so(workspace: Client, station: Station) -> None:
    assert noted(workspace).status_code == 302
    page = workspace.get("/station/log/").content.decode()
    assert "未确认，不算和解" in page
    assert "139****0077" in page
    assert "13900000077" not in page
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(0, 1, 0)
    consumer = Client()
    token = link()
    assert consumer.get(f"/station/confirm/{token}/").headers["Location"] == "/station/confirm/"
    assert "鞋底开胶" in consumer.get("/station/confirm/").content.decode()
    assert consumer.post("/station/confirm/", KEY).status_code == 422
    assert consumer.post("/station/confirm/", KEY | {"answer": "yes"}).headers["Location"] == "/"
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(1, 0, 0)
    again = Client()
    again.get(f"/station/confirm/{token}/")
    assert again.get("/station/confirm/").status_code == 404


def test_a_denied_entry_leads_to_a_complaint_and_never_counts(workspace: Client, station: Station) -> None:
    noted(workspace)
    consumer = Client()
    consumer.get(f"/station/confirm/{link()}/")
    assert consumer.post("/station/confirm/", KEY | {"answer": "no"}).headers["Location"] == "/file/?new=1"
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(0, 0, 1)


def test_a_signed_sheet_confirms(workspace: Client, station: Station) -> None:
    noted(workspace, phone="", sheet="2026-017")
    assert StationEntry.objects.get().state == "confirmed"
    noted(workspace, idempotency_key="another-key-0001")
    row = StationEntry.objects.get(state="unconfirmed")
    workspace.post(f"/station/log/{row.pk}/", {"idempotency_key": "another-key-0002", "sign": "1", "sheet": "2026-018"})
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(2, 0, 0)


def test_an_old_link_is_dead_after_a_new_one_and_after_a_week(workspace: Client) -> None:
    noted(workspace)
    first, row = link(), StationEntry.objects.get()
    workspace.post(f"/station/log/{row.pk}/", {"idempotency_key": "another-key-0003", "send": "1"})
    now = timezone.now()
    assert stations.of_token(first, now=now) is None
    assert stations.of_token(link(), now=now) == row
    assert stations.of_token(link(), now=now + stations.VALID_FOR + timedelta(minutes=1)) is None
    for bad in ("", "x" * 300, "移动", "../x"):
        assert stations.of_token(bad, now=now) is None


BAD: list[tuple[dict[str, Any], str]] = [
    ({"category": ""}, "请选择类别"),
    ({"category": "magic"}, "请从列表中选择类别"),
    ({"problem": ""}, "请写一句是什么问题"),
    ({"problem": "长" * 301}, "最多300字"),
    ({"problem": " 　 "}, "请写一句是什么问题"),
    ({"how": ""}, "请选择怎么解决的"),
    ({"how": "gold"}, "请选择怎么解决的"),
    ({"amount": ""}, "退了款，请填金额"),
    ({"amount": "-3"}, "金额不能是负数"),
    ({"amount": "一百"}, "金额请填数字"),
    ({"amount": "9" * 30}, "金额太大"),
    ({"phone": "12"}, "号码"),
    ({"phone": ""}, "没有本人确认不能登记"),
    ({"phone": "", "sheet": "9" * 41}, "单号最多40个字"),
]


def test_what_is_wrong_in_an_entry_is_said(workspace: Client) -> None:
    for changed, words in BAD:
        response = noted(workspace, **changed)
        assert response.status_code == 422, changed
        assert words in response.content.decode()
        assert not StationEntry.objects.exists()


def test_another_station_and_strangers_find_nothing_and_who_left_is_out(
    world: World, workspace: Client, client: Client, clerk: User
) -> None:
    noted(workspace)
    row = StationEntry.objects.get()
    other = Station.objects.create(code="SD-02", name="另一个服务站", kind="market", authority=world.gulou)
    somebody = User.objects.create_user("other.clerk@example.com", name="别试")
    StationStaff.objects.create(user=somebody, station=other)
    elsewhere = Client()
    elsewhere.force_login(somebody)
    assert "鞋底开胶" not in elsewhere.get("/station/").content.decode()
    assert elsewhere.post(f"/station/log/{row.pk}/", KEY | {"sheet": "1"}).status_code == 404
    for who in (world.chen, world.ming, world.rui):
        stranger = Client()
        stranger.force_login(who)
        assert stranger.get("/station/").status_code == 404
    assert Client().get("/station/").status_code == 302
    assert workspace.get("/station/").status_code == 200
    StationStaff.objects.filter(user=clerk).update(starts_on=None, ends_on=timezone.localdate() - timedelta(days=1))
    assert workspace.get("/station/").status_code == 404


def filed_here(workspace: Client, world: World, **start: Any) -> Complaint:
    """The wizard at the station's screen, with the consumer's own code."""
    response = workspace.post("/station/file/", KEY | start)
    assert response.status_code == 302, response.content.decode()
    draft = FilingDraft.objects.order_by("-created_at")[0]
    values = {
        "service_region": str(world.region.pk),
        "respondent": f"{world.mobile.pk}-{world.fuzhou.pk}-",
        "query": "移动",
    }
    assert "请逐条念给消费者听" in workspace.get(url(draft, "consents")).content.decode()
    assert send(workspace, url(draft, "enterprise"), values).status_code == 302
    fill(workspace, draft)
    you = answers.YOU | {"is_unverified": None}
    send(workspace, url(draft, "you"), you, send_code="1")
    assert send(workspace, url(draft, "you"), you, code=newest_code()).status_code == 302
    response = send(workspace, url(draft, "check"), {"truth": "on", "file": "1"})
    assert response.status_code == 302, response.content.decode()
    return Complaint.objects.order_by("-pk")[0]


def test_filing_for_a_consumer_keeps_the_clerk(world: World, workspace: Client, station: Station, clerk: User) -> None:
    case = filed_here(workspace, world)
    assert (case.station, case.station_sees, case.channel, case.source) == (station, True, "station", "station-SD-01")
    assert case.consumer == User.objects.with_phone("+8619900000001").get()
    assert HandlingStep.objects.get(complaint=case, step="file").recorded_by.name == "站试"
    # The consumer's code has not signed the consumer in at the station's screen.
    page = workspace.get("/station/")
    assert page.status_code == 200
    assert case.number in page.content.decode()
    assert "Filed <time" in workspace.get("/station/", headers={"accept-language": "en"}).content.decode()
    assert workspace.get(f"/cases/{case.number}/").status_code == 404
    assert workspace.get("/cases/").content.decode().count(case.number) == 0


@pytest.mark.parametrize(("consents", "sees"), [("no", False), ("yes", True)])
def test_a_station_of_the_respondent_sees_nothing_without_consent(
    world: World, workspace: Client, station: Station, consents: str, sees: bool
) -> None:
    station.enterprise = world.mobile
    station.save()
    assert "本站设在中国移动" in workspace.get("/station/").content.decode()
    assert workspace.post("/station/file/", KEY).status_code == 422
    case = filed_here(workspace, world, sees=consents)
    assert case.station_sees is sees
    assert (case.number in workspace.get("/station/cases/").content.decode()) is sees


def test_a_poster_leads_to_a_complaint_that_keeps_its_source(world: World, workspace: Client, station: Station) -> None:
    poster = workspace.get("/station/poster/").content.decode()
    assert "/go/SD-01/" in poster
    assert "<svg" in poster
    passer_by = Client()
    to = passer_by.get("/go/sd-01/").headers["Location"]
    assert "source=go-SD-01" in to
    assert f'value="{world.gulou.region_id}" selected' in passer_by.get(to).content.decode()
    send(passer_by, to, {"service_region": str(world.region.pk), "respondent": "authority", "query": ""})
    assert FilingDraft.objects.order_by("-created_at")[0].source == "go-SD-01"
    assert "source" not in passer_by.get("/go/nothing-of-the-kind/").headers["Location"]
    assert f"pick={world.mobile.pk}" in passer_by.get(f"/go/{world.mobile.uscc}/").headers["Location"]


NEW = {"name": "西湖服务站", "code": "xh-1", "kind": "scenic", "address": "湖滨路", "name_en": "", "enterprise": ""}


def test_the_head_registers_invites_and_ends(world: World, client: Client, station: Station, clerk: User) -> None:
    head = world.head_officer.user
    client.force_login(head)
    assert client.post("/authority/stations/", KEY | NEW).status_code == 302
    made = Station.objects.get(code="XH-1")
    assert made.authority == world.gulou
    reach = authority_reach(head.pk, on=timezone.localdate())
    assert reach.may_give(Post(station=made)) == ("station",)
    contact = parse_contact("new.clerk@example.com")
    assert contact is not None
    now = timezone.now()
    by = TeamActor(user=head, reach=reach, now=now)
    invitation = team.invite(
        contact, Post(station=made), "station", by=by, place="https://x.example/", language="zh-hans"
    )
    newcomer = User.objects.create_user("new.clerk@example.com", name="新试")
    assert isinstance(team.accept(invitation, newcomer, now=now), StationStaff)
    assert client.get("/authority/team/").status_code == 200
    post = StationStaff.objects.get(user=clerk)
    form = {"idempotency_key": "another-key-0009"}
    assert client.post(f"/authority/stations/staff/{post.pk}/end/", form).status_code == 302
    assert stations.stations_of(clerk, on=timezone.localdate()) == []
    client.force_login(world.rui)
    assert client.get("/authority/stations/").status_code == 200
    assert client.post("/authority/stations/", KEY | NEW | {"code": "ZZ-9"}).status_code in (404, 405)
    assert Officer.objects.filter(user=clerk).count() == 0


STATION_BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "请写名称"),
    ({"name": "长" * 121}, "最多120字"),
    ({"code": ""}, "请写编号"),
    ({"code": "a b"}, "字母、数字或横线"),
    ({"code": "SD-01"}, "这个编号已经用了"),
    ({"code": "x" * 21}, "字母、数字或横线"),
    ({"kind": ""}, "请选择设在哪里"),
    ({"kind": "moon"}, "请选择设在哪里"),
    ({"address": ""}, "请写地址"),
    ({"enterprise": "没有的公司"}, "没有找到这家企业"),
]


def test_what_is_wrong_with_a_new_station_is_said(world: World, client: Client, station: Station) -> None:
    for changed, words in STATION_BAD:
        client.force_login(world.head_officer.user)
        response = client.post("/authority/stations/", KEY | NEW | changed)
        assert response.status_code == 422, changed
        assert words in response.content.decode()


def test_after_three_years_what_was_said_is_gone_and_still_counts(workspace: Client, station: Station) -> None:
    noted(workspace)
    later = timezone.now() + stations.KEPT_FOR + timedelta(days=1)
    assert (stations.forget(now=timezone.now(), limit=10), stations.forget(now=later, limit=10)) == (0, 1)
    assert stations.forget(now=later, limit=10) == 0
    row = StationEntry.objects.get()
    assert (row.problem, row.phone, row.state) == ("", "", "unconfirmed")
    assert stations.counted(station, since=timezone.localdate()).unconfirmed == 1


# --- seen from the authority ----------------------------------------------------------------


def logged(station: Station, clerk: User, problem: str, **changed: Any) -> StationEntry:
    values: dict[str, Any] = {
        "category": category(),
        "how": "refund",
        "amount": 10,
        "phone": "+8613900000077",
        "sheet": "",
        "at": timezone.now(),
    }
    entry = StationEntry(station=station, by=clerk, problem=problem, **values | changed)
    stations.write_down(entry, language="zh-hans", place="https://portal.example")
    return entry


def test_a_month_of_a_station_is_numbers_with_lists_behind_them(world: World, station: Station, clerk: User) -> None:
    logged(station, clerk, "鞋底开胶", sheet="2026-001", amount=89)
    logged(station, clerk, "尺码不对", phone="+8613900000078")
    logged(station, clerk, "尺码 不对", phone="+8613900000079", how="replace", amount=None)
    late = logged(station, clerk, "褪色", phone="+8613900000080", at=timezone.now() - timedelta(days=5))
    stations.answer(late, is_right=True, now=timezone.now())
    month = stations.month_of(station, timezone.localdate(timezone.now() - timedelta(days=5)).replace(day=1))
    this = stations.month_of(station, timezone.localdate().replace(day=1))
    assert (this.count("unconfirmed"), this.count("copied"), this.count("no_amount")) == (2, 2, 1)
    assert (month.count("slow"), month.of("slow")[0].pk) == (1, late.pk)
    officer = Client()
    officer.force_login(world.rui)
    page = officer.get(f"/authority/stations/{station.pk}/?show=copied").content.decode()
    assert "尺码不对" in page
    assert "鞋底开胶" not in page
    assert "13900000078" not in page
    assert "139****0078" in page
    table = officer.get(f"/authority/stations/{station.pk}/table/").content.decode("utf-8-sig")
    assert "尺码" not in table
    assert "139****" not in table
    assert f"/authority/stations/{station.pk}/" in officer.get("/authority/stations/").content.decode()


def test_an_officer_elsewhere_finds_no_station_and_an_odd_month_is_this_one(world: World, station: Station) -> None:
    far = Client()
    far.force_login(world.far_officer.user)
    for page in ("", "table/"):
        assert far.get(f"/authority/stations/{station.pk}/{page}").status_code == 404
    today = timezone.localdate()
    for odd in ("", "2026", "2026-13", "x-y", "1999-01", "9999-12"):
        assert stations.first_of(odd, today=today) == today.replace(day=1)
