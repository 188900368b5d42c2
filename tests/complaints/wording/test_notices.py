"""Whom we tell, in which words; no name, no phone, nothing of the problem in them."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from complaints.handling import sweep_clocks
from complaints.handling.steps import authority, consumer, enterprise
from complaints.handling.transition.writing import open_files
from complaints.models import Notice
from complaints.notices import writing
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import TABLE, Audience, Status
from complaints.record.record import Entry
from tests import given
from tests.cast import WEDNESDAY, World

S = Status
PRIVATE = ("陈试", "明试", "瑞试", "13800000001", "智家体验包", "宽带", "128.50", "某路1号", "移动")


def told(case: Any) -> list[Notice]:
    return list(Notice.objects.filter(complaint=case).order_by("id"))


def entry(case: Any, step: str, *, by: str = "system", **changes: Any) -> Entry:
    actor = SYSTEM if by == "system" else cast(Any, SimpleNamespace(side=by, role=by))
    values: dict[str, Any] = {
        "happened_at": WEDNESDAY,
        "written_at": WEDNESDAY,
        "from_status": case.status,
        "to_status": case.status,
        "sequence": 99,
        "tells": TABLE[step].tells,
    }
    return Entry(complaint=case, step=step, actor=actor, **values | changes)


def test_every_tells_of_the_table_is_known_and_notices_come_on_the_way_to_every_status(world: World) -> None:
    assert {row.tells for row in TABLE.values()} <= set(writing.ADDRESSEES) | {"holder"}
    for status in [s for s in S if s != S.DRAFT]:
        case = given.a_complaint(world, status=status)
        result = told(case)
        assert (result[0].kind, result[0].addressee, result[0].user_id) == ("file", "consumer", world.chen.pk)
        for notice in result:
            assert case.number in notice.subject
            text = notice.subject + notice.body
            assert not [word for word in PRIVATE if word in text], text
            assert "{" not in text
            assert f"/cases/{case.number}/" in notice.body
            assert notice.channel == ""
            assert 0 < len(notice.short) <= writing.SHORT
            assert case.number in notice.short
            assert not [word for word in PRIVATE if word in notice.short]
            assert "/" not in notice.short, "no address, no token"
            if notice.addressee == "enterprise":
                assert notice.enterprise_id == world.mobile.pk
                assert notice.user_id is None
            if notice.addressee == "authority":
                assert notice.authority_id is not None


def test_the_words_of_an_offer_in_her_language_and_a_mistake_may_be_taken_back(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    notice = Notice.objects.get(complaint=case, kind="make_offer")
    assert notice.subject == f"【12315】{case.number}：有新方案，请答复"
    happened, turn, missed, path = notice.body.split("\n")
    assert (happened, turn) == ("企业提出方案。", "轮到您了：企业提出了方案，请在11月18日24:00前答复。")
    assert (missed, path) == ("逾期：不答复将办结，但不算和解成功。", f"查看案件：/cases/{case.number}/")
    case = given.filed(world, language="en")
    assert told(case)[0].subject == f"[12315] {case.number}: your complaint was received"
    assert told(case)[0].body.startswith("You filed the complaint.\nFiled. We are passing it to whoever must answer.")
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY + timedelta(hours=1))
    mine = Notice.objects.get(complaint=case, kind="accept_offer", addressee="consumer")
    theirs = Notice.objects.get(complaint=case, kind="accept_offer", addressee="enterprise")
    assert f"点错了？11月12日24:00前可以撤销：/cases/{case.number}/undo/" in mine.body
    assert "撤销" not in theirs.body
    assert theirs.staff_id == world.ming_staff.pk


def test_a_withdrawn_case_names_the_ways_that_remain(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, WEDNESDAY + timedelta(hours=1))
    mine = Notice.objects.get(complaint=case, kind="withdraw", addressee="consumer")
    assert mine.subject == f"【12315】{case.number}：已办结：已撤回"
    assert "案件已办结：已撤回。原因：消费者撤回。" in mine.body
    assert f"/cases/{case.number}/refer/" in mine.body
    for way in ("协商和解", "消费者协会", "行政部门", "仲裁", "起诉"):
        assert way in mine.body
    theirs = Notice.objects.get(complaint=case, kind="withdraw", addressee="enterprise")
    assert "refer" not in theirs.body
    assert "已撤回" in theirs.body


def test_short_messages_and_a_short_reminder(world: World) -> None:
    for language, file, offer in [
        ("zh-hans", "【12315】已收到投诉{}，11月12日24:00前有回应", "【12315】{}有新方案，请在11月18日24:00前答复"),
        ("en", "[12315] {} received; first answer by 12 Nov", "[12315] {}: new offer, answer by 18 Nov"),
    ]:
        case = given.a_complaint(world, status=S.AWAITING_CONSUMER, language=language)
        short = dict(Notice.objects.filter(complaint=case, addressee="consumer").values_list("kind", "short"))
        assert (short["file"], short["make_offer"]) == (file.format(case.number), offer.format(case.number))
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    for day in range(1, 8):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    notices = Notice.objects.filter(complaint=case, kind="remind", addressee="consumer")
    texts = list(notices.values_list("short", flat=True))
    assert texts
    assert texts[0] == f"【12315】催办：{case.number}还剩2个工作日"


def test_staff_wait_for_the_digest_but_not_on_the_last_day_nor_at_a_breach(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for day in range(1, 6):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    result = {n.subject.rpartition("：")[2]: n for n in told(case) if n.addressee == "enterprise"}
    forms = {what: n.form for what, n in result.items()}
    assert (forms["收到一件投诉，请受理"], forms["今天24:00前"]) == ("digest", "single")
    assert {n.form for n in told(case) if n.kind == "lapse_acceptance"} == {"single"}
    assert {n.form for n in told(case) if n.addressee == "consumer"} == {"single"}
    # 10:00 on a Wednesday: told at 14:00.
    assert result["收到一件投诉，请受理"].send_after == WEDNESDAY + timedelta(hours=4, minutes=2)


def test_reminders_say_how_late_it_is(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for day in range(1, 5):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    reminders = [n for n in told(case) if n.kind == "remind"]
    assert reminders
    assert {n.addressee for n in reminders} == {"enterprise"}
    assert reminders[0].subject.startswith(f"【12315】{case.number}：催办：")
    assert "今天24:00前" in "\n".join(n.subject + "\n" + n.body for n in reminders)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for day in range(1, 10):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    bodies = [n.body.split("\n")[0] for n in told(case) if n.kind == "remind"]
    assert "企业受理期限：已逾期1个工作日，应于11月13日完成。" in bodies
    told_of_the_lapse = Notice.objects.get(complaint=case, kind="lapse_acceptance", addressee="consumer")
    assert told_of_the_lapse.body.startswith("受理期限已过。\n已逾期：应于11月13日完成，仍须由企业办理。")


def test_an_entry_goes_to_its_audience_alone_and_never_to_whoever_did_it(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for audience, expected in ((Audience.AUTHORITY, ()), (Audience.ENTERPRISE, ("enterprise",))):
        assert writing.addressees(entry(case, "undo", audience=audience)) == expected
    assert writing.addressees(entry(case, "remind", tells="authority", audience=Audience.AUTHORITY)) == ("authority",)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    assert writing.addressees(entry(case, "add_statement", by="consumer")) == ("enterprise",)
    assert writing.addressees(entry(case, "add_statement", by="consumer", to_status=S.AWAITING_CONSUMER)) == ()
    assert writing.addressees(entry(case, "add_statement", by="consumer", to_status=S.REVIEW)) == ("authority",)


def test_who_gave_a_case_back_is_told_of_that_and_of_nothing_later(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="wrong_entity", text="不是本企业的用户。"), world.handler, WEDNESDAY)
    assert [n.enterprise_id for n in told(case) if (n.kind, n.addressee) == ("return_case", "enterprise")] == [
        world.mobile.pk
    ]
    given.step(case, authority.assign_authority(authority_id=world.gulou.pk), world.intake, WEDNESDAY)
    given.step(case, authority.accept(), world.officer, WEDNESDAY)
    given.step(case, consumer.withdraw(reason="other", text="不再追究。"), world.consumer, WEDNESDAY)
    assert {n.kind for n in told(case) if n.addressee == "consumer"} >= {"return_case", "accept", "withdraw"}
    assert not [n.kind for n in told(case) if n.addressee == "enterprise" and n.kind in ("accept", "withdraw")]


def test_notices_cost_no_query(world: World, django_assert_num_queries: Any) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    file = open_files([case.pk], now=WEDNESDAY, conditions=Conditions.at(WEDNESDAY))[0]
    file.entries.append(entry(file.complaint, "undo", by="consumer"))
    data = {"clock": "negotiation", "mark": 50, "last_day": "2026-11-25", "basis": "ODR"}
    file.entries.append(entry(file.complaint, "remind", tells="enterprise", data=data))
    with django_assert_num_queries(0):
        made = writing.for_file(file)
    assert [n.addressee for n in made] == ["consumer", "enterprise", "enterprise"]
    assert all(n.state == "queued" and n.created_at == WEDNESDAY for n in made)
    assert made[0].send_after == WEDNESDAY


def test_a_case_without_an_account_keeps_the_row(world: World) -> None:
    notice = told(given.filed(world, consumer_id=None, contact_verified=False))[0]
    assert notice.addressee == "consumer"
    assert notice.user_id is None
