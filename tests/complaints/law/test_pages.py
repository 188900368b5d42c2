"""The pages of the law's data: what an officer, a head and a stranger meet there."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.law import LAWS, article, articles
from authorities.models import Authority, CalendarVersion, Officer, Policy
from complaints.law import changing, numbers, working
from complaints.law.numbers import missing_year
from complaints.models import Complaint, LawChange
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import CLOCKS, TABLE
from complaints.procedure.workflow import Status as S
from complaints.wording.policies import GROUPS, POLICIES
from tests import given, health, missing_in, reloaded
from tests.cast import World, a_new_phone
from tests.complaints.pages.at_the_authority import key, workspace
from tests.server import A_REQUEST


def draft(world: World, **changes: Any) -> dict[str, Any]:
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    values = {"region": str(world.region.pk), "number": "1", "unit": "WD", "starts_on": tomorrow}
    return values | {"legal_basis": "鼓楼区规定", "why": "更快受理"} | key() | changes


NEW = "/authority/policies/new/?name=acceptance"


def test_every_number_has_its_words_and_its_group(world: World) -> None:
    assert set(Policy.objects.values_list("name", flat=True)) == set(POLICIES)
    assert {group for group, *_words in POLICIES.values()} == set(GROUPS)
    page = workspace(world.rui).get("/authority/policies/").content.decode()
    for _group, text in POLICIES.values():
        assert str(text) in page
    assert not missing_in(page, "第十五条", "10个工作日")


def test_a_change_goes_from_the_draft_to_its_day_over_the_pages(world: World) -> None:
    given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - timedelta(days=40))
    officer, head = workspace(world.rui), workspace(world.head_officer.user)
    answer = officer.post(NEW, draft(world))
    change = LawChange.objects.get()
    assert answer["Location"] == f"/authority/law/{change.mark}/"
    assert "正在试算" in officer.get(answer["Location"]).content.decode()
    working.sweep_law(now=timezone.now())
    page = officer.get(answer["Location"]).content.decode()
    assert "不能批准自己提请的" in page
    assert "提交决定" not in page
    assert "提交决定" in head.get(answer["Location"]).content.decode()
    asked, session = head.session["confirmed_at"], head.session
    del session["confirmed_at"]
    session.save()
    form = {"decision": "grant", "text": "", **key()}
    assert head.post(f"{answer['Location']}decide/", form).status_code == 403, "confirm first"
    session["confirmed_at"] = asked
    session.save()
    assert head.post(f"{answer['Location']}decide/", {"decision": "grant", "text": "", **key()}).status_code == 302
    assert Policy.objects.get(name="acceptance", region=world.region).number == 1
    assert "鼓楼区规定" in officer.get(NEW).content.decode()
    assert "将有变动" in officer.get("/authority/policies/").content.decode()


def test_what_is_wrong_stands_at_its_field_and_the_same_form_twice_is_one_draft(world: World) -> None:
    for changes, words in [
        ({"number": ""}, "请填写这一项"),
        ({"number": "x"}, "请填整数"),
        ({"starts_on": "2020-01-01"}, "最早从明天起"),
        ({"legal_basis": ""}, "请填写这一项"),
        ({"region": "0"}, "请从列出的选项中选一项"),
        ({"number": "0"}, "不能小于1"),
    ]:
        answer = workspace(world.rui).post(NEW, draft(world, **changes))
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
        assert not LawChange.objects.exists()
    officer, form = workspace(world.rui), draft(world)
    first, second = officer.post(NEW, form), officer.post(NEW, form)
    assert (first["Location"], LawChange.objects.count()) == (second["Location"], 1)


def test_who_distributes_or_sits_elsewhere_changes_nothing(world: World) -> None:
    workspace(world.rui).post(NEW, draft(world))
    change = LawChange.objects.get()
    assert workspace(world.su).post(NEW, draft(world)).status_code in (403, 404, 405)
    assert workspace(world.su).get(f"/authority/law/{change.mark}/").status_code == 200
    for person in (world.far_officer.user, world.chen, world.ming):
        assert workspace(person).get(f"/authority/law/{change.mark}/").status_code == 404
    assert workspace(world.chen).get("/authority/policies/").status_code == 404


def replayed(world: World, officer: Client) -> Any:
    form = {"name": "negotiation", "number": "2", "unit": "", "region": str(world.city.region_id), **key()}
    today = timezone.localdate()
    form |= {"since": (today - timedelta(days=30)).isoformat(), "until": today.isoformat()}
    answer = officer.post("/authority/policies/replay/", form)
    working.sweep_law(now=timezone.now())
    return answer


def test_effects_of_a_replay_lead_to_own_cases_alone_at_the_same_cost(
    world: World, django_assert_num_queries: Any
) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=timezone.now() - timedelta(days=12))
    officer = workspace(world.superior_officer.user)
    answer = replayed(world, officer)
    assert LawChange.objects.get().counts.get("late") == 1
    page = officer.get(answer["Location"])
    assert case.number in page.content.decode()
    assert "不猜" in page.content.decode()
    assert "提交决定" not in page.content.decode()
    officer = workspace(world.superior_officer.user)
    now = timezone.now()
    for _n in range(3):
        given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=12))
    answer = replayed(world, officer)
    officer.get(answer["Location"])
    with django_assert_num_queries(A_REQUEST + 9):
        officer.get(answer["Location"])


def test_a_trial_of_the_whole_country_counts_for_each_officer_what_lies_there(world: World) -> None:
    now = timezone.now()
    here, there = (given.a_complaint(world, status=S.NEGOTIATING, now=now - timedelta(days=12)) for _n in range(2))
    far = world.far_officer.authority
    Complaint.objects.filter(pk=there.pk).update(handling_region=far.region_id, handling_authority=far)
    asked = {"by": world.rui, "authority": world.gulou, "region": None, "name": "negotiation", "number": 2}
    today = timezone.localdate()
    change = changing.ask_replay(**asked, now=now, since=today - timedelta(days=30), until=today)
    working.sweep_law(now=now)
    assert reloaded(change).counts["late"] == 2
    address = f"/authority/law/{change.mark}/"
    mine, city = workspace(world.rui).get(address), workspace(world.su).get(address)
    assert [tab["value"] for tab in mine.context["tabs"]] == [1, 0, 0]
    assert [group["numbers"] for group in mine.context["groups"]] == [[1, 0, 0]]
    assert here.number in mine.content.decode()
    assert "只计本地区的案件" in mine.content.decode()
    assert [tab["value"] for tab in city.context["tabs"]] == [2, 0, 0]


def test_a_calendar_with_wrong_lines_names_them_and_a_county_loads_none(world: World) -> None:
    raw = "day,is_working,name\n2026-01-01,0,元旦\n2027-01-01,2,元旦\n"

    def form() -> dict[str, Any]:
        file = SimpleUploadedFile("cn.csv", raw.encode(), "text/csv")
        return {"year": "2027", "source": "通知", "published_on": "2026-11-05", "file": file} | key()

    answer = workspace(world.superior_officer.user).post("/authority/calendar/", form())
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not missing_in(page, "第2行：2026-01-01不在2027年。", "第3行：“2”既不是0也不是1。")
    raw = "day,is_working,name\n2027-01-01,0,元旦\n"
    assert "由市级以上机关载入" in workspace(world.rui).post("/authority/calendar/", form()).content.decode()
    assert not LawChange.objects.exists()
    assert not CalendarVersion.objects.filter(year=2027).exists()


def test_who_can_load_and_who_can_approve_a_calendar_is_named(world: World) -> None:
    address = "/authority/calendar/"
    people = (world.rui, world.superior_officer.user)
    county, city = (workspace(person).get(address).content.decode() for person in people)
    assert f"可以载入的人：{world.city.name} {world.superior_officer.user.name}" in county
    assert "提交预览" in city
    for page in (county, city):
        assert "现在没有人可以批准" in page
    heads = {}
    for level in (Authority.Level.PROVINCE, Authority.Level.NATIONAL):
        offices = Authority.objects.filter(region_id__lte=world.region.pk, region__last__gte=world.region.pk)
        office = offices.filter(level=level).earliest("pk")
        user = User.objects.create(email=f"{level}@example.com", name=f"{level}首长", own_phone=a_new_phone())
        heads[level] = Officer.objects.create(user=user, authority=office, role=Role.APPROVER.post)
        for person in people:
            page = workspace(person).get(address).content.decode()
            assert f"可以批准的人：{office.name} {level}首长。" in page
    alone = workspace(heads[Authority.Level.NATIONAL].user).get(address).content.decode()
    assert "现在没有人可以批准" in alone, "nobody approves the own calendar, and the country has one other head at most"


def test_from_november_the_next_year_is_asked_for_and_health_says_which_is_missing(world: World) -> None:
    calendar = current_calendar()
    today = timezone.localdate()
    assert missing_year(calendar, today.replace(year=2026, month=10, day=1)) is None
    assert missing_year(calendar, today.replace(year=2026, month=11, day=1)) == 2027
    assert missing_year(calendar, today.replace(year=2027, month=2, day=1)) == 2027
    shown = health().json()["calendar"]
    missing = missing_year(current_calendar(), timezone.localdate())
    assert shown == (f"{missing} is not loaded" if missing else "ok")


def test_every_article_that_is_cited_stands_there_and_is_found_by_number_and_word(client: Client, db: None) -> None:
    assert [one.number for one in articles("order121")] == list(range(1, 47))
    assert (article(16).name, article(40).name, article(45).anchor) == ("第十六条", "第四十条", "art-45")
    assert len(article(16).lines) == 8
    assert article(16).lines[1].startswith("（一）")
    for what in numbers.CITED:
        assert numbers.cited_by(what), what
        assert what in TABLE or what.removeprefix("clock:") in set(map(str, CLOCKS)), what
    page = client.get("/rules/").content.decode()
    assert all(f'id="art-{n}"' in page for n in range(1, 47))
    assert 'id="consumer-39"' in page
    anchors = {"16": "art-16", "第四十五条": "art-45", "七个工作日": "art-15", "Termination": "art-23"}
    for text, anchor in anchors.items():
        result = client.get("/rules/", {"q": text}).content.decode()
        assert f'id="{anchor}"' in result
        assert 'id="art-2"' not in result
    assert "没有找到" in client.get("/rules/", {"q": "<b>没有的词"}).content.decode()
    assert set(LAWS) == {"order121", "consumer", "telecom"}


def test_articles_open_beside_the_decision_and_the_page_of_limits_says_what_holds_today(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=timezone.now())
    for slug, anchor in (("refuse", "art-16"), ("accept", "art-15")):
        page = workspace(world.rui).get(f"/authority/cases/{case.number}/{slug}/").content.decode()
        assert f'href="/rules/#{anchor}"' in page
    why = workspace(world.rui).get(f"/cases/{case.number}/why/review/").content.decode()
    assert 'href="/rules/#art-15"' in why
    Policy.objects.filter(name="negotiation").update(number=9)
    page = Client().get("/how/time-limits/").content.decode()
    assert not missing_in(page, "9个工作日，从送达起", "60天，含休息日")
