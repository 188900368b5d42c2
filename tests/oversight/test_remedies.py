"""举一反三 from the demand to the end: both desks, the list and its end, the sample, the own check, the public page."""

from random import Random
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.models import OutgoingMessage
from accounts.roles import Role
from complaints.procedure.workflow import Status
from enterprises.models import Staff
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import HotSpot, HotSpotAction, Remedy, RemedyReport, RemedySample
from oversight.remedies import affected, remedying, verifying
from oversight.remedies.figures import Completeness, lower_limit
from oversight.remedies.remedying import Reported, Source
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import ahead, officer_of
from tests.oversight.counting import CHARGE, DAY
from tests.oversight.hot_spots.test_campaigns import called
from tests.oversight.hot_spots.test_guidance import a_spot
from tests.oversight.looking import browser, page_of, sent

pytestmark = pytest.mark.django_db

PROPOSAL = {"affected": "9月被多扣费的全部用户", "how": "全部退还，下个账单到账"}
REPORT = {"population": "70", "remedied": "66", "unreachable": "3", "declined": "1", "money": "1200"}
REPORT |= {"explained": "停机三个月", "evidence": "退费清单〔2026〕7号"}


def numbers(*, of: int = 70, remedied: int = 66) -> str:
    """A list: Chen's phone first, then invented ones."""
    lines = ["手机号,结果", "13800000001,已补救"]
    lines += [f"1390000{n:04},{'已补救' if n < remedied else '联系不上'}" for n in range(1, of)]
    return "\n".join(lines)


def a_file(text: str, name: str = "名单.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


def demanded(world: World, **values: Any) -> Remedy:
    today = timezone.localdate()
    whose = {"enterprise_id": world.mobile.pk, "authority_id": world.gulou.pk, "region_id": world.region.pk}
    about = {"cause": "账单没有列明收费", "first": today - 60 * DAY, "last": today}
    source = Source(spot=HotSpot.objects.first() or a_spot(world), problem=CHARGE)
    return remedying.demand(source, **(whose | about | values), by=world.rui, now=timezone.now())


def agreed(world: World) -> Remedy:
    made = demanded(world)
    due = timezone.localdate() + 20 * DAY
    remedying.propose(made.pk, **PROPOSAL, due_on=due, by=world.lead, now=timezone.now())
    return remedying.agree(made.pk, seen=remedying.mark_of(made), by=world.rui, now=timezone.now())


def running(world: World, *, of: int = 70, remedied: int = 66) -> Remedy:
    made, by = agreed(world), {"by": world.lead, "now": timezone.now()}
    remedying.take_list(made.pk, affected.read([numbers(of=of, remedied=remedied).encode()]), **by)
    rest = {"unreachable": of - remedied, "declined": 0, "money": None, "why_moved": ""}
    texts = {"evidence": "退费清单", "explained": "停机"}
    remedying.report(made.pk, Reported(population=of, remedied=remedied, **rest, **texts), **by)
    return reloaded(made)


def published(world: World) -> Remedy:
    made = running(world)
    remedying.ask_to_publish(made.pk, by=world.rui, now=timezone.now())
    remedying.publish(made.pk, by=officer_of(world, "head"), now=timezone.now())
    return reloaded(made)


# --- the numbers ------------------------------------------------------------------------------------------------------


def test_the_sizes_of_samples_reach_what_they_promise() -> None:
    many = 10_000
    assert [lower_limit(n, bad, many) >= 0.95 for bad, n in ((0, 59), (1, 93), (2, 124))] == [True] * 3
    assert [lower_limit(n, bad, many) >= 0.95 for bad, n in ((0, 58), (1, 92), (2, 123))] == [False] * 3
    assert (lower_limit(0, 0, many), lower_limit(59, 59, many)) == (0.0, 0.0)
    # Who looked at all knows it.
    assert (lower_limit(20, 0, 20), lower_limit(20, 1, 20)) == (1.0, 0.95)


def test_an_enterprise_that_remedied_nine_of_ten_passes_in_about_two_of_a_thousand() -> None:
    random, tries = Random(26), 20_000
    passed = sum(all(random.random() < 0.9 for _ in range(59)) for _ in range(tries))
    assert passed / tries < 0.004


def test_complainants_that_are_missing_refute_the_list() -> None:
    found = Completeness(33, 40, 12_400)
    assert [round(100 * one) for one in (found.share, *found.interval)] == [82, 68, 91]
    assert found.is_refuted
    assert found.least_population > 12_400
    assert not Completeness(40, 40, 12_400).is_refuted
    assert not Completeness(0, 0, 5).is_refuted


# --- from the first page to the last ----------------------------------------------------------------------------------


def test_from_the_hot_spot_to_the_public_figure(world: World) -> None:
    given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    spot = a_spot(world)
    officer, head, enterprise = browser(world.rui), browser(officer_of(world, "head")), browser(world.lead)
    new = f"/authority/remedies/new/?spot={spot.pk}"
    assert new in page_of(officer, f"/authority/hot-spots/{spot.pk}/")
    today = timezone.localdate().isoformat()
    url = sent(
        officer, new, enterprise=world.mobile.pk, cause="账单没有列明收费", first=spot.first.isoformat(), last=today
    ).url
    made = Remedy.objects.get()
    assert (url, made.hot_spot, made.problem) == (f"/authority/remedies/{made.pk}/", spot, CHARGE)
    own = f"/enterprise/remedies/{made.pk}/"
    letter = next(one for one in OutgoingMessage.objects.all() if one.address == "lead@example.com")
    assert not missing_in(letter.subject + letter.body, "为全部受影响的人补救", own)
    assert "账单没有列明收费" in page_of(enterprise, "/enterprise/remedies/")
    # It proposes, is sent back, proposes again; what was read is what is agreed to.
    assert sent(enterprise, own, do="propose", **PROPOSAL, due_on=ahead(20)).status_code == 302
    assert sent(officer, url, do="return", why="没有写怎么到账").status_code == 302
    assert sent(enterprise, own, do="propose", **PROPOSAL, due_on=ahead(20)).status_code == 302
    seen = remedying.mark_of(made)
    assert sent(enterprise, own, do="propose", **(PROPOSAL | {"how": "退一半"}), due_on=ahead(20)).status_code == 302
    assert sent(officer, url, do="agree", seen=seen).status_code == 409
    assert sent(officer, url, do="agree", seen=remedying.mark_of(made)).status_code == 302
    # The list and the report; what was typed is not kept.
    assert sent(enterprise, own, do="list", file=a_file(numbers())).status_code == 302
    assert sent(enterprise, own, do="report", **REPORT).status_code == 302
    made = reloaded(made)
    assert (made.state, made.listed, made.listed_phones, made.listed_remedied) == ("running", 70, 70, 66)
    assert affected.sweep(now=timezone.now()) == 1
    assert affected.sweep(now=timezone.now()) == 0
    made = reloaded(made)
    assert (made.complaints, made.complainants, made.complainants_listed) == (1, 1, 1)
    # The sample.
    page = page_of(officer, url)
    assert not missing_in(
        page, "影响70人，已补救66人", "补救金额¥1,200.00", "投诉者100%在名单里", "现在的名单还没有抽查"
    )
    assert sent(officer, url, do="verify").status_code == 409
    assert sent(officer, url, do="draw", n=59).status_code == 302
    sample = RemedySample.objects.get()
    assert (len(set(sample.lines)), sample.whole) == (59, 66)
    assert set(sample.lines) <= set(range(2, 68))
    assert str(sample.lines[0]) in page_of(enterprise, own)
    # Nobody changes the list while it is looked at.
    assert 'value="list"' not in page_of(enterprise, own)
    assert sent(enterprise, own, do="list", file=a_file(numbers())).status_code == 409
    assert sent(officer, url, do="examine", bad="", how="逐行看了凭证").status_code == 302
    assert sent(officer, url, do="verify").status_code == 302
    assert reloaded(made).state == "verified"
    # Nobody reads it before a second person agreed.
    public = f"/open/remedies/{made.pk}/"
    assert browser(None).get(public).status_code == 404
    assert sent(officer, url, do="ask").status_code == 302
    assert sent(officer, url, do="publish").status_code == 404
    assert sent(head, url, do="publish").status_code == 302
    page = page_of(None, public)
    assert not missing_in(
        page, "影响70人，已补救66人", "抽查59人无误（至少95%属实）", "投诉者不足30人，不说比例", "9月被多扣费"
    )
    # Neither counts of complaints nor evidence.
    assert not found_in(page, "件投诉", "退费清单", "瑞试")
    assert made.enterprise.name in page_of(None, "/open/remedies/")
    kinds = list(HotSpotAction.objects.filter(remedy=made).values_list("kind", flat=True))
    assert kinds == [
        *("demanded", "offered", "returned", "offered", "offered", "agreed", "listed", "remedied"),
        *("drawn", "examined", "verified", "asked", "public"),
    ]
    assert page_of(browser(world.rui), f"/authority/hot-spots/{spot.pk}/").count(f"/authority/remedies/{made.pk}/") == 1


def test_a_campaign_and_a_case_lead_to_it_too(world: World) -> None:
    made = called(world)
    link = f"/authority/remedies/new/?campaign={made.pk}"
    assert link in page_of(world.rui, f"/authority/campaigns/{made.pk}/")
    today = timezone.localdate().isoformat()
    said = {"enterprise": world.telecom.pk, "cause": "x", "first": "2026-09-01", "last": today}
    assert sent(world.rui, link, **said).status_code == 302
    assert Remedy.objects.get().campaign == made
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    link = f"/authority/remedies/new/?case={case.number}"
    assert link in page_of(world.rui, f"/authority/cases/{case.number}/")
    assert sent(world.rui, link, **(said | {"enterprise": world.mobile.pk, "first": today})).status_code == 302
    from_case = Remedy.objects.get(campaign=None)
    assert (from_case.case_number, from_case.problem) == (case.number, CHARGE)
    # The number of the case is shown to whoever sees the case, and not to the enterprise.
    assert case.number in page_of(world.rui, f"/authority/remedies/{from_case.pk}/")
    assert case.number not in page_of(world.lead, f"/enterprise/remedies/{from_case.pk}/")
    assert browser(world.rui).get("/authority/remedies/new/").status_code == 302
    assert browser(world.rui).get("/authority/remedies/new/?case=20260101-AAAAAAAAAAAA-0").status_code == 404


def test_an_enterprise_begins_one_of_its_own_accord(world: World) -> None:
    own = browser(world.lead)
    assert "/enterprise/remedies/new/" in page_of(own, "/enterprise/remedies/")
    page = page_of(own, f"/enterprise/remedies/new/?problem={CHARGE}&cause=nonsense")
    assert f'value="{CHARGE}" selected' in page
    today = timezone.localdate().isoformat()
    said = {"problem": CHARGE, "cause": "系统升级多扣", "first": today, "last": today, **PROPOSAL}
    answer = sent(own, "/enterprise/remedies/new/", **(said | {"problem": "no.such"}), due_on=ahead(9))
    assert (answer.status_code, "系统升级多扣" in answer.content.decode()) == (422, True)
    world.mobile.enrolled_by, world.mobile.enrolment = world.gulou, "enrolled"
    world.mobile.save()
    url = sent(own, "/enterprise/remedies/new/", **said, due_on=ahead(9)).url
    made = Remedy.objects.get()
    assert (url, made.state, made.authority) == (f"/enterprise/remedies/{made.pk}/", "proposed", world.gulou)
    assert "系统升级多扣" in page_of(world.rui, "/authority/remedies/")


def test_a_remedy_past_its_day_is_reminded_of_once_and_stands_as_late(world: World) -> None:
    made = agreed(world)
    OutgoingMessage.objects.all().delete()
    now = timezone.now()
    assert [remedying.sweep(now=now + days * DAY) for days in (20, 21, 22)] == [0, 1, 0]
    assert OutgoingMessage.objects.get().address == "lead@example.com"
    Remedy.objects.filter(pk=made.pk).update(due_on=timezone.localdate() - DAY)
    assert "逾期" in page_of(world.lead, "/enterprise/remedies/?view=agreed")


def test_strangers_see_nothing_and_readers_do_nothing(world: World) -> None:
    made = running(world)
    url, own, spot = f"/authority/remedies/{made.pk}/", f"/enterprise/remedies/{made.pk}/", made.hot_spot_id
    for person, status in ((world.su, 200), (officer_of(world, "far"), 404), (world.ming, 404), (world.chen, 404)):
        assert browser(person).get(url).status_code == status
    assert sent(world.su, url, do="draw", n=59).status_code == 405
    assert browser(officer_of(world, "far")).get(f"/authority/remedies/new/?spot={spot}").status_code == 404
    assert browser(world.hua).get(own).status_code == 404
    Staff.objects.create(user=world.otto, enterprise=world.mobile, role=Role.REVIEWER.post)
    assert sent(world.otto, own, do="report", **REPORT).status_code == 405
    assert sent(world.rui, url, do="withdraw", why="x").status_code == 404
    for page in ("", "check/"):
        assert browser(None).get(f"/open/remedies/{made.pk}/{page}").status_code == 404


def test_a_demand_names_an_enterprise_that_is_offered_and_known_days(world: World) -> None:
    new, today = f"/authority/remedies/new/?spot={a_spot(world).pk}", timezone.localdate()
    said = {
        "enterprise": world.mobile.pk,
        "cause": "账单没有列明",
        "first": today.isoformat(),
        "last": today.isoformat(),
    }
    for wrong, field in (
        ({"enterprise": world.telecom.pk}, "enterprise"),
        ({"enterprise": "9" * 30}, "enterprise"),
        ({"enterprise": ""}, "enterprise"),
        ({"first": "昨天"}, "first"),
        ({"last": (today + DAY).isoformat()}, "last"),
        ({"last": (today - DAY).isoformat()}, "last"),
        ({"cause": " "}, "cause"),
        ({"cause": "长" * 2000}, "cause"),
    ):
        answer = sent(world.rui, new, **(said | wrong))
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field]), wrong
    assert not Remedy.objects.exists()
    assert browser(world.rui).get("/authority/remedies/new/?spot=999999999999").status_code == 404
    # Pressed twice it is one.
    officer = browser(world.rui)
    first, second = (officer.post(new, said | {"idempotency_key": "pressed-twice-1"}) for _ in range(2))
    assert (first.status_code, first.url, Remedy.objects.count()) == (302, second.url, 1)


def test_nobody_publishes_what_they_proposed_and_what_was_withdrawn_says_why(world: World) -> None:
    made, head = running(world), officer_of(world, "head")
    remedying.ask_to_publish(made.pk, by=head, now=timezone.now())
    with pytest.raises(ReductionRefusal):
        remedying.publish(made.pk, by=head, now=timezone.now())
    remedying.send_back(made.pk, why="x", by=head, now=timezone.now())
    remedying.ask_to_publish(made.pk, by=world.rui, now=timezone.now())
    remedying.publish(made.pk, by=head, now=timezone.now())
    url = f"/authority/remedies/{made.pk}/"
    assert sent(head, url, do="withdraw", why="").status_code == 422
    assert sent(head, url, do="withdraw", why="人数写错了。").status_code == 302
    page = page_of(None, f"/open/remedies/{made.pk}/")
    assert not missing_in(page, "已经撤下", "人数写错了。")
    assert "影响70人" not in page
    assert browser(None).get(f"/open/remedies/{made.pk}/check/").status_code == 404


# --- what is wrong is named -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"remedied": "71"}, "remedied", "这一项最多70人"),
        ({"unreachable": "5"}, "unreachable", "这一项最多4人"),
        ({"declined": "2"}, "declined", "这一项最多1人"),
        ({"explained": ""}, "explained", "请写明他们为什么"),
        ({"population": "约七十"}, "population", "人数请写数字"),
        ({"population": "-3"}, "population", "人数请写数字"),
        ({"declined": ""}, "declined", "没有就写 0"),
        ({"evidence": ""}, "evidence", "请写明有什么凭证"),
        ({"money": "一千"}, "money", "金额请填数字"),
    ],
)
def test_a_wrong_report_is_refused_at_its_field(world: World, said: dict[str, str], field: str, words: str) -> None:
    made = agreed(world)
    answer = sent(world.lead, f"/enterprise/remedies/{made.pk}/", do="report", **(REPORT | said))
    assert answer.status_code == 422
    errors = answer.context["forms"]["report"].errors
    assert (list(errors), words in errors[field][0]) == ([field], True), errors
    assert not RemedyReport.objects.exists()
    assert field == "evidence" or "退费清单〔2026〕7号" in answer.content.decode()


def test_a_population_moves_with_a_reason_alone(world: World) -> None:
    made, own = agreed(world), browser(world.lead)
    url = f"/enterprise/remedies/{made.pk}/"
    assert sent(own, url, do="report", **(REPORT | {"population": "１２，４００"})).status_code == 302
    shrunk = REPORT | {"population": "70"}
    answer = sent(own, url, do="report", **shrunk)
    assert "上一次报告的是12,400人，请写明人数为什么变了" in answer.content.decode()
    assert (answer.status_code, RemedyReport.objects.count()) == (422, 1)
    assert sent(own, url, do="report", **shrunk, why_moved="原来把未开通的也算了").status_code == 302
    assert "原来把未开通的也算了" in page_of(world.rui, f"/authority/remedies/{made.pk}/")
    # Nor does anybody else write more than are affected.
    with pytest.raises(DatabaseError), transaction.atomic():
        RemedyReport.objects.create(
            remedy=made, population=2, remedied=2, unreachable=1, declined=0, explained="x", evidence="x",
            by=world.lead, at=timezone.now(),
        )  # fmt: skip


def test_a_sample_is_drawn_where_list_and_report_say_the_same_and_once_a_list(world: World) -> None:
    made, officer = running(world), browser(world.rui)
    url, own = f"/authority/remedies/{made.pk}/", f"/enterprise/remedies/{made.pk}/"
    assert sent(world.lead, own, do="report", **(REPORT | {"remedied": "65", "declined": "0"})).status_code == 302
    answer = sent(officer, url, do="draw", n=59)
    assert (answer.status_code, "两边一致才能抽查" in answer.content.decode()) == (409, True)
    assert sent(world.lead, own, do="report", **(REPORT | {"unreachable": "4", "declined": "0"})).status_code == 302
    assert sent(officer, url, do="draw", n=60).status_code == 422
    assert sent(officer, url, do="draw", n=59).status_code == 302
    sample = RemedySample.objects.get()
    wrong = next(n for n in range(2, 68) if n not in sample.lines)
    answer = sent(officer, url, do="examine", bad=f"{sample.lines[0]}、{wrong}", how="看了")
    assert (answer.status_code, f"“{wrong}”不是抽到的行号" in answer.content.decode()) == (422, True)
    assert sent(officer, url, do="examine", bad=f"{sample.lines[0]}", how="看了").status_code == 302
    page = page_of(officer, url)
    assert not missing_in(page, "抽查59人，1人不属实：至少92%属实", "抽查还不能说至少95%属实")
    assert sent(officer, url, do="verify").status_code == 409
    # The same list is not drawn again until it comes out right.
    assert 'value="draw"' not in page
    answer = sent(officer, url, do="draw", n=59)
    assert (answer.status_code, "已经抽过样" in answer.content.decode()) == (409, True)
    assert sent(world.lead, own, do="list", file=a_file(numbers())).status_code == 302
    assert sent(officer, url, do="draw", n=93).status_code == 302
    # Of sixty-six all are looked at, and nothing is left to estimate.
    assert sent(officer, url, do="examine", bad="", how="都看了").status_code == 302
    assert not missing_in(page_of(officer, url), "名单里已补救的66人都看过，0人不属实。", "此前抽查过1次。")


def test_complainants_who_are_not_on_the_list_keep_it_from_being_verified(world: World) -> None:
    for n in range(8):
        given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now(), consumer_phone=f"+861370000000{n}")
    made = running(world)
    assert affected.sweep(now=timezone.now()) == 1
    made = reloaded(made)
    assert (made.complaints, made.complainants, made.complainants_listed) == (8, 8, 0)
    assert any("名单不完整" in text for text in verifying.missing_of(made))
    assert "名单不完整，受影响的至少约" in page_of(world.rui, f"/authority/remedies/{made.pk}/")


def test_what_was_said_stays(world: World) -> None:
    made = running(world)
    sample = verifying.draw(made.pk, n=59, by=world.rui, now=timezone.now())
    for column, value in (("cause", "x"), ("first", timezone.localdate()), ("enterprise", world.telecom)):
        with pytest.raises(DatabaseError), transaction.atomic():
            Remedy.objects.filter(pk=made.pk).update(**{column: value})
    with pytest.raises(DatabaseError), transaction.atomic():
        RemedySample.objects.filter(pk=sample.pk).update(lines=[2])
    verifying.examine(made.pk, bad=[], how="x", by=world.rui, now=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        RemedySample.objects.filter(pk=sample.pk).update(bad=[sample.lines[0]])
    for row in (RemedyReport.objects.get(), Remedy.objects.get(), RemedySample.objects.get()):
        with pytest.raises(DatabaseError), transaction.atomic():
            type(row)._default_manager.filter(pk=row.pk).delete()
