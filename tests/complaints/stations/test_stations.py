"""Stations: they see what they wrote down, settled is what the consumer confirmed; their posters and their letters."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import OutgoingMessage, User
from accounts.sign_in.contacts import parse_contact
from authorities.models import Officer
from complaints.handling.steps import consumer
from complaints.models import Complaint, FilingDraft, HandlingStep, StationEntry
from complaints.procedure.workflow import Status as S
from complaints.stations import posters, stations
from complaints.stations.posters import Poster
from database.row_security import working_as_steps
from enterprises.models import Branch, Staff, Station, StationStaff
from enterprises.team import team
from enterprises.team.rights import Post, TeamActor, authority_reach
from tests import found_in, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.complaints.filing import answers
from tests.complaints.filing.test_drafts import fill, heard_with, newest_code, send, url
from tests.complaints.pages.at_the_desk import checked, shown, signed_in
from tests.following import follow

KEY = {"idempotency_key": "0123456789abcdef"}
LOG: dict[str, Any] = {
    "category": "service.telecom",
    "problem": "鞋底开胶",
    "how": "refund",
    "amount": "89",
    "phone": "13900000077",
    "sheet": "",
}


@pytest.fixture
def station(world: World) -> Station:
    columns = {"code": "SD-01", "name": "东街口消费维权服务站", "kind": "mall", "address": "东街口1号"}
    return Station.objects.create(authority=world.gulou, **columns)


@pytest.fixture
def clerk(station: Station) -> User:
    user = User.objects.create_user("clerk@example.com", name="站试")
    StationStaff.objects.create(user=user, station=station)
    return user


@pytest.fixture
def workspace(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client


def noted(workspace: Client, **changed: Any) -> Any:
    return workspace.post("/station/log/new/", KEY | LOG | changed)


def link() -> str:
    message = next(m for m in OutgoingMessage.objects.order_by("-pk") if "/station/confirm/" in m.body)
    return message.body.partition("/station/confirm/")[2].partition("/")[0]


def test_an_entry_counts_once_the_consumer_says_so_and_never_denied(workspace: Client, station: Station) -> None:
    assert noted(workspace).status_code == 302
    page = shown(workspace.get("/station/log/"))
    assert not missing_in(page, "未确认，不算和解", "139****0077")
    assert "13900000077" not in page
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(0, 1, 0)
    consumer, token = Client(), link()
    assert follow(consumer, f"/station/confirm/{token}/").headers["Location"] == "/station/confirm/"
    assert "鞋底开胶" in shown(consumer.get("/station/confirm/"))
    assert consumer.post("/station/confirm/", KEY).status_code == 422
    assert consumer.post("/station/confirm/", KEY | {"answer": "yes"}).headers["Location"] == "/"
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(1, 0, 0)
    again = Client()
    assert follow(again, f"/station/confirm/{token}/").status_code == 404
    assert again.get("/station/confirm/").status_code == 404
    noted(workspace, idempotency_key="another-key-0001")
    consumer = Client()
    follow(consumer, f"/station/confirm/{link()}/")
    assert consumer.post("/station/confirm/", KEY | {"answer": "no"}).headers["Location"] == "/file/?new=1"
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(1, 0, 1)


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


def test_what_is_wrong_in_an_entry_is_said(workspace: Client) -> None:
    for changed, words in (
        ({"category": ""}, "请选择类别"),
        ({"category": "magic"}, "请从列表中选择类别"),
        ({"problem": ""}, "请写一句是什么问题"),
        ({"problem": " 　 "}, "请写一句是什么问题"),
        ({"problem": "长" * 301}, "最多300字"),
        ({"how": ""}, "请选择怎么解决的"),
        ({"how": "gold"}, "请选择怎么解决的"),
        ({"amount": ""}, "退了款，请填金额"),
        ({"amount": "-3"}, "金额不能是负数"),
        ({"amount": "一百"}, "金额请填数字"),
        ({"amount": "9" * 30}, "金额太大"),
        ({"phone": "12"}, "号码"),
        ({"phone": ""}, "没有本人确认不能登记"),
        ({"phone": "", "sheet": "9" * 41}, "单号最多40个字"),
    ):
        checked(noted(workspace, **changed), 422, words)
        assert not StationEntry.objects.exists()


def test_another_station_finds_nothing_and_who_left_is_out(world: World, workspace: Client, clerk: User) -> None:
    noted(workspace)
    row = StationEntry.objects.get()
    other = Station.objects.create(code="SD-02", name="另一个服务站", kind="market", authority=world.gulou)
    somebody = User.objects.create_user("other.clerk@example.com", name="别试")
    StationStaff.objects.create(user=somebody, station=other)
    elsewhere = signed_in(somebody)
    assert "鞋底开胶" not in shown(elsewhere.get("/station/"))
    assert elsewhere.post(f"/station/log/{row.pk}/", KEY | {"sheet": "1"}).status_code == 404
    for who in (world.chen, world.ming, world.rui):
        assert signed_in(who).get("/station/").status_code == 404
    assert Client().get("/station/").status_code == 302
    assert workspace.get("/station/").status_code == 200
    StationStaff.objects.filter(user=clerk).update(starts_on=None, ends_on=timezone.localdate() - timedelta(days=1))
    assert workspace.get("/station/").status_code == 404


def filed_here(workspace: Client, world: World, **start: Any) -> Complaint:
    """The wizard at the station's screen, with the consumer's own code."""
    checked(workspace.post("/station/file/", KEY | start), 302)
    draft, to = FilingDraft.objects.latest("created_at"), f"{world.mobile.pk}-{world.fuzhou.pk}-"
    values = {"service_region": str(world.region.pk), "respondent": to, "query": "移动"}
    assert "请逐条念给消费者听" in shown(workspace.get(url(draft, "consents")))
    send(workspace, url(draft, "story"), {"story": answers.STATEMENT})
    assert send(workspace, url(draft, "heard"), heard_with() | values).status_code == 302
    fill(workspace, draft)
    you = answers.YOU | {"is_unverified": None}
    send(workspace, url(draft, "you"), you, send_code="1")
    assert send(workspace, url(draft, "you"), you, code=newest_code()).status_code == 302
    checked(send(workspace, url(draft, "check"), answers.CONSENTS), 302)
    return Complaint.objects.latest("pk")


def test_filing_for_a_consumer_keeps_the_clerk(world: World, workspace: Client, station: Station, clerk: User) -> None:
    case = filed_here(workspace, world)
    assert (case.station, case.station_sees, case.channel, case.source) == (station, True, "station", "station-SD-01")
    assert case.consumer == User.objects.with_phone("+8619900000001").get()
    assert HandlingStep.objects.get(complaint=case, step="file").recorded_by.name == "站试"
    # The consumer's code has not signed the consumer in at the station's screen.
    checked(workspace.get("/station/"), 200, case.number)
    assert "Filed <time" in shown(workspace.get("/station/", headers={"accept-language": "en"}))
    assert workspace.get(f"/cases/{case.number}/").status_code == 404
    assert shown(workspace.get("/cases/")).count(case.number) == 0


def test_a_station_of_the_respondent_needs_the_consent(world: World, workspace: Client, station: Station) -> None:
    station.enterprise = world.mobile
    station.save()
    assert "本站设在中国移动" in shown(workspace.get("/station/"))
    assert workspace.post("/station/file/", KEY).status_code == 422
    for consents, sees in (("no", False), ("yes", True)):
        case = filed_here(workspace, world, sees=consents, idempotency_key=f"filed-with-{consents}")
        assert (case.station_sees, case.number in shown(workspace.get("/station/cases/"))) == (sees, sees)


def test_each_poster_leads_to_a_prefilled_complaint_that_keeps_its_source(world: World, workspace: Client) -> None:
    checked(workspace.get("/station/poster/"), 200, "/go/SD-01/", "<svg")
    passer_by, uscc = Client(), world.mobile.uscc

    def leads_to(code: str) -> str:
        return passer_by.get(f"/go/{code}/").headers["Location"]

    to = leads_to("sd-01")
    assert "source=go-SD-01" in to
    send(passer_by, to, {"story": "鞋底开胶"})
    draft = FilingDraft.objects.latest("created_at")
    assert draft.source == "go-SD-01"
    assert f'value="{world.gulou.region_id}" selected' in shown(passer_by.get(url(draft, "heard")))
    assert f"pick={world.mobile.pk}" in leads_to(uscc)
    to = leads_to(f"{uscc}.a6b{world.fuzhou.pk}")
    assert not missing_in(to, f"source=go-{uscc}.a6b{world.fuzhou.pk}", f"pick={world.mobile.pk}-{world.fuzhou.pk}-")
    assert passer_by.get(to).status_code == 200
    # Somebody else's branch, and a mark that nobody printed: the owner's bare code.
    far = Branch.objects.exclude(enterprise=world.mobile).order_by("pk")[0]
    assert f"source=go-{uscc}.a6&" in leads_to(f"{uscc}.a6b{far.pk}")
    assert f"source=go-{uscc}&" in leads_to(f"{uscc}.zz")
    assert "source=go-SD-01.a4" in leads_to("sd-01.a4")
    assert [code for code in ("nobody.a4", "nothing-of-the-kind") if "source" in leads_to(code)] == []


NEW = {"name": "西湖服务站", "code": "xh-1", "kind": "scenic", "address": "湖滨路", "name_en": "", "enterprise": ""}


def test_the_head_registers_invites_ends_and_is_told_what_is_wrong(world: World, client: Client, clerk: User) -> None:
    head = world.head_officer.user
    client.force_login(head)
    assert client.post("/authority/stations/", KEY | NEW).status_code == 302
    made = Station.objects.get(code="XH-1")
    assert made.authority == world.gulou
    reach = authority_reach(head.pk, on=timezone.localdate())
    assert reach.may_give(Post(station=made)) == ("station",)
    contact, now = parse_contact("new.clerk@example.com"), timezone.now()
    assert contact is not None
    more: Any = {"by": TeamActor(user=head, reach=reach, now=now), "place": "https://x.example/"}
    invitation = team.invite(contact, Post(station=made), "station", language="zh-hans", **more)
    newcomer = User.objects.create_user("new.clerk@example.com", name="新试")
    assert isinstance(team.accept(invitation, newcomer, now=now), StationStaff)
    assert client.get("/authority/team/").status_code == 200
    post, form = StationStaff.objects.get(user=clerk), {"idempotency_key": "another-key-0009"}
    assert client.post(f"/authority/stations/staff/{post.pk}/end/", form).status_code == 302
    assert stations.stations_of(clerk, on=timezone.localdate()) == []
    client.force_login(world.rui)
    assert client.get("/authority/stations/").status_code == 200
    assert client.post("/authority/stations/", KEY | NEW | {"code": "ZZ-9"}).status_code in (404, 405)
    assert Officer.objects.filter(user=clerk).count() == 0
    client.force_login(head)
    for changed, words in (
        ({"name": ""}, "请写名称"),
        ({"name": "长" * 121}, "最多120字"),
        ({"code": ""}, "请写编号"),
        ({"code": "a b"}, "字母、数字或横线"),
        ({"code": "x" * 21}, "字母、数字或横线"),
        ({"code": "SD-01"}, "这个编号已经用了"),
        ({"kind": ""}, "请选择设在哪里"),
        ({"kind": "moon"}, "请选择设在哪里"),
        ({"address": ""}, "请写地址"),
        ({"enterprise": "没有的公司"}, "没有找到这家企业"),
    ):
        checked(client.post("/authority/stations/", KEY | NEW | changed), 422, words)


def test_a_signed_sheet_confirms_and_after_three_years_words_are_gone(workspace: Client, station: Station) -> None:
    noted(workspace)
    later = timezone.now() + stations.KEPT_FOR + timedelta(days=1)
    assert (stations.forget(now=timezone.now(), limit=10), stations.forget(now=later, limit=10)) == (0, 1)
    assert stations.forget(now=later, limit=10) == 0
    row = StationEntry.objects.get()
    assert (row.problem, row.phone, row.state) == ("", "", "unconfirmed")
    assert stations.counted(station, since=timezone.localdate()).unconfirmed == 1
    noted(workspace, phone="", sheet="2026-017", idempotency_key="another-key-0001")
    assert StationEntry.objects.latest("pk").state == "confirmed"
    noted(workspace, idempotency_key="another-key-0002")
    row = StationEntry.objects.latest("pk")
    assert row.state == "unconfirmed"
    workspace.post(f"/station/log/{row.pk}/", {"idempotency_key": "another-key-0003", "sign": "1", "sheet": "2026-018"})
    assert stations.counted(station, since=timezone.localdate()) == stations.Counted(2, 1, 0)


def logged(station: Station, clerk: User, problem: str, **changed: Any) -> StationEntry:
    values: dict[str, Any] = {"category": LOG["category"], "how": "refund", "amount": 10, "phone": "+8613900000077"}
    values |= {"sheet": "", "at": timezone.now()}
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
    officer = signed_in(world.rui)
    page = checked(officer.get(f"/authority/stations/{station.pk}/?show=copied"), 200, "尺码不对", "139****0078")
    assert not found_in(page, "鞋底开胶", "13900000078")
    table = officer.get(f"/authority/stations/{station.pk}/table/").content.decode("utf-8-sig")
    assert not found_in(table, "尺码", "139****")
    assert f"/authority/stations/{station.pk}/" in shown(officer.get("/authority/stations/"))
    far = signed_in(world.far_officer.user)
    for page in ("", "table/"):
        assert far.get(f"/authority/stations/{station.pk}/{page}").status_code == 404
    today = timezone.localdate()
    for odd in ("", "2026", "2026-13", "x-y", "1999-01", "9999-12"):
        assert stations.first_of(odd, today=today) == today.replace(day=1)


def filed(world: World, source: str, **changes: object) -> Complaint:
    return given.filed(world, now=timezone.now(), source=source, **changes)


def test_a_code_says_whose_it_is_and_where_it_hangs() -> None:
    for code, said in (
        ("SD-01", Poster("SD-01")),
        ("SD-01.a4", Poster("SD-01", "a4")),
        ("X.a6b12", Poster("X", "a6", 12)),
        ("X.A6B12", Poster("X", "a6", 12)),
        ("X.a5", Poster("X")),
        ("X.a4b0", Poster("X")),
        ("X.a4b1234567890123456789", Poster("X")),
        ("X.a4.a4", Poster("X")),
        ("", Poster("")),
    ):
        assert posters.read(code) == said


def test_an_enterprise_prints_its_own_a_branch_for_itself_and_sees_what_they_brought(world: World) -> None:
    uscc, branch = world.mobile.uscc, world.fuzhou.pk
    own = (f"go-{uscc}.a6b{branch}", f"go-{uscc}.a6b{branch}", f"go-{uscc}.a4", f"go-{uscc}")
    for source in (*own, "go-SD-01.a4", ""):
        given.a_complaint(world, status=S.WITH_ENTERPRISE, now=timezone.now(), source=source)
    lead, home = signed_in(world.lead), "/enterprise/posters/"
    page = lead.get(home)
    seen = {form["url"]: form["n"] for row in page.context["rows"] for form in row["forms"]}
    assert (seen[f"/enterprise/posters/a6.pdf?branch={branch}"], seen["/enterprise/posters/a4.pdf"]) == (2, 1)
    assert (page.context["total"], page.context["bare"]) == (4, 1)
    made, again = (lead.get(f"{home}a6.pdf?branch={branch}") for _ in range(2))
    assert (made["Content-Type"], made.content[:4], again.content) == ("application/pdf", b"%PDF", made.content)
    far = Branch.objects.exclude(enterprise=world.mobile).order_by("pk")[0]
    for address in (f"a6.pdf?branch={far.pk}", "a6.pdf?branch=x", "a5.pdf"):
        assert lead.get(home + address).status_code == 404
    assert signed_in(world.hua).get(home).context["total"] == 0, "another enterprise sees none of it"
    names = {row["name"] for row in signed_in(world.ming).get(home).context["rows"]} - {world.mobile.name}
    assert Staff.objects.get(user=world.ming).branch.name in names
    assert len(names) < Branch.objects.filter(enterprise=world.mobile).count()


def test_station_and_authority_count_their_own_posters_alone(world: World, station: Station, clerk: User) -> None:
    for source in ("go-SD-01.a4", "go-SD-01", "go-SD-012.a4"):
        filed(world, source)
    page = signed_in(clerk).get("/station/poster/")
    assert ([form["n"] for form in page.context["forms"]], page.context["bare"]["n"]) == ([1, 0, 0], 1)
    assert signed_in(clerk).get("/station/poster/a4.pdf").content.startswith(b"%PDF")
    assert signed_in(clerk).get("/station/poster/a5.pdf").status_code == 404
    for _ in range(3):
        filed(world, f"go-{world.mobile.uscc}.a6b{world.fuzhou.pk}")
    old = filed(world, "go-SD-01.a4")
    Complaint.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=400))
    page = signed_in(world.rui).get("/authority/posters/")
    expected = [(world.mobile.name, 3), (station.name, 2), ("SD-012", 1)]
    assert [(row["name"], row["n"]) for row in page.context["rows"]] == expected
    assert world.fuzhou.name in shown(page)
    assert signed_in(world.far_officer.user).get("/authority/posters/").context["rows"] == []


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, 5, tzinfo=ZoneInfo("Asia/Shanghai"))


def filed_there(world: World, *, sees: bool = True, now: datetime = WEDNESDAY) -> Complaint:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now)
    with working_as_steps():
        Complaint.objects.filter(pk=case.pk).update(station=Station.objects.get(), station_sees=sees)
    return case


def letters() -> list[OutgoingMessage]:
    return list(OutgoingMessage.objects.filter(channel="email").order_by("pk"))


def test_what_moved_is_told_once_a_working_day_and_names_nobody(world: World, clerk: User) -> None:
    case, hidden = filed_there(world), filed_there(world, sees=False)
    assert stations.sweep_station_letters(now=at(12, 7)) == 0, "not before eight"
    assert stations.sweep_station_letters(now=at(12, 8)) == 1
    assert stations.sweep_station_letters(now=at(12, 15)) == 0
    (letter,) = letters()
    assert (letter.address, letter.subject) == (clerk.email, "【12315】东街口消费维权服务站代为提交的投诉有进展：1件")
    assert f"{case.number}：待企业受理" in letter.body
    assert "/station/cases/" in letter.body
    assert not found_in(letter.subject + letter.body, hidden.number, "陈试", "宽带", "移动")
    given.step(case, consumer.withdraw(reason="other"), world.consumer, at(13, 18))
    for weekend in (14, 15):
        assert stations.sweep_station_letters(now=at(weekend, 9)) == 0
    assert stations.sweep_station_letters(now=at(16, 9)) == 1
    assert f"{case.number}：已撤回" in letters()[1].body


def test_where_nothing_moved_and_who_left_is_written_to_by_nobody(world: World, clerk: User) -> None:
    filed_there(world, now=WEDNESDAY - timedelta(days=6))
    assert stations.sweep_station_letters(now=at(12, 9)) == 1
    case = filed_there(world, now=at(12, 10))
    StationStaff.objects.update(ends_on=at(12, 9).date())
    assert stations.sweep_station_letters(now=at(13, 9)) == 0
    assert (letters(), case.status) == ([], S.WITH_ENTERPRISE)
