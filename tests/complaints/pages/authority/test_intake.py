"""What an officer writes down for somebody who calls, comes or writes: read back, filed once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints.handling.steps import consumer
from complaints.models import Complaint, ConsentRecord, HandlingStep, Matter, Notice, Participant, PersonalText
from complaints.parties import actors
from complaints.record.verification import verify
from enterprises.models import Station
from tests import given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_home import SOON, steps_of
from tests.complaints.pages.at_the_authority import S, case_at
from tests.complaints.pages.at_the_desk import checked, key, officer_of, send, shown, signed_in
from tests.complaints.parties.test_parties import JOINT, LI, agent, join

pytestmark = pytest.mark.usefixtures("clock")
INTAKE, STORY = "/authority/intake/", "九月起每个月账单多出一项，我没有开通过，要求退钱。"


def words(world: World, **changes: Any) -> dict[str, Any]:
    day = (timezone.localdate() - timedelta(days=9)).isoformat()
    to = f"{world.mobile.pk}-{world.fuzhou.pk}-"
    typed: dict[str, Any] = {
        "came-channel": "phone",
        "came-proof": "LY-2026-0815",
        "came-is_own_number": "on",
        "go": "1",
    }
    typed |= {"you-behalf": "self", "you-name": "林来电", "you-phone": "13900001111"}
    typed |= {"you-address": "福州市鼓楼区某路2号", "problem-service_number": "13900001111"}
    typed |= {"enterprise-service_region": str(world.region.pk), "enterprise-respondent": to}
    typed |= {"purchase-object_category": "service.telecom", "purchase-item_name": "宽带"}

    typed |= {"problem-problem_category": "telecom.fees.unexplained_charge", "problem-disputed_on": day}
    typed |= {"problem-statement": STORY, "purchase-amount": "128.50", "purchase-is_online": "no"}
    typed |= {"demands-demand": ["refund"], "demands-amount_refund": "128.50"}
    typed |= dict.fromkeys(("consents-share_with_enterprise", "consents-pass_to_regulator"), "yes")
    typed |= dict.fromkeys(("consents-delegated_mediation", "consents-publish_masked"), "no")
    return {name: value for name, value in {**typed, **changes}.items() if value is not None} | key()


def read_out(answer: Any) -> dict[str, Any]:
    """What the page sends back once it was read out: what was filled in, and that it is the same."""
    return {"stage": answer.context["mark"], "read": "on", "put": answer.context["heard"].put}


def filed(client: Client, typed: dict[str, Any]) -> Complaint:
    read = client.post(INTAKE, typed)
    page = checked(read, 200, "请一句一句读给消费者听")
    # The whole number is read out, and nothing says otherwise about it than what the officer knows.
    assert ("工作人员会回电核实" in page) is False
    assert ("电话还没有核实" in page) is not read.context["is_verified"]
    body = typed | key() | read_out(read)
    for _ in range(2):
        done = client.post(INTAKE, body)
        assert done.status_code == 302
    return Complaint.objects.get(number=re.search(r"intake/([^/]+)/receipt", done["Location"])[1])  # type: ignore[index]


def test_a_call_is_read_back_and_filed_once_in_the_consumers_name_and_under_the_own_key(world: World) -> None:
    client, typed = signed_in(world.su), words(world)
    assert client.get(INTAKE).status_code == 200
    case = filed(client, typed)
    assert Complaint.objects.count() == 1
    assert (case.status, case.channel, case.contact_verified, case.consumer_id) == (S.FILED, "phone", True, None)
    entry = HandlingStep.objects.get(complaint=case, step="file")
    assert (entry.recorded_by.name, entry.data["recorded"]) == ("苏试", {"how": "call", "proof": "LY-2026-0815"})
    assert ConsentRecord.objects.filter(complaint=case).exists()
    assert Notice.objects.filter(complaint=case, addressee="consumer").exists()
    assert case.authority_received_at == case.received_at
    text = PersonalText.objects.get(complaint=case, kind="consumer_statement")
    assert text.key_id == case.consumer_key
    assert text.text.startswith("九月起")


def test_a_letter_counts_from_the_day_on_which_it_was_signed_for(world: World) -> None:
    day, client = timezone.localdate() - timedelta(days=3), signed_in(world.su)
    lacks = client.post(INTAKE, words(world, **{"came-channel": "post"}))
    assert (lacks.status_code, "received_on" in lacks.context["came"].errors) == (422, True)
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    late = client.post(INTAKE, words(world, **{"came-channel": "post", "came-received_on": tomorrow}))
    assert "received_on" in late.context["came"].errors
    typed = {"came-channel": "post", "came-received_on": day.isoformat(), "came-proof": "来信 12"}
    case = filed(client, words(world, **typed))
    assert (timezone.localdate(case.received_at), timezone.localdate(case.filed_at)) == (day, timezone.localdate())
    assert not case.contact_verified


def test_a_number_of_12345_is_taken_once_in_each_city_also_where_a_neighbour_took_it(world: World) -> None:
    client = signed_in(world.su)
    case = filed(client, words(world, **{"came-channel": "hotline", "came-handed_over": "fz 2026-0099"}))
    assert case.external_id == "FZ2026-0099"
    again = words(world, **{"came-channel": "hotline", "came-handed_over": "FZ2026-0099"})
    checked(client.post(INTAKE, again), 422, case.number)
    assert "handed_over" in client.post(INTAKE, words(world, **{"came-channel": "hotline"})).context["came"].errors
    region, there = Region.objects.get(code="350200"), User.objects.create(email="xm@example.com", name="厦试")
    columns = {"name": "厦门市市场监督管理局", "level": "city", "region": region, "parent": world.city.parent}
    Officer.objects.create(user=there, authority=Authority.objects.create(**columns), role=Role.INTAKE.post)
    sheet = {"came-channel": "hotline", "came-handed_over": "2026-0099"}
    ours, theirs = (filed(signed_in(user), words(world, **sheet)) for user in (world.su, there))
    assert {ours.external_source, theirs.external_source} == {"12345:350100", "12345:350200"}
    sheet["came-handed_over"] = "FZ2026-0199"
    values = sheet | {"enterprise-service_region": str(world.far_officer.authority.region_id)}
    filed(signed_in(officer_of(world, "far")), words(world, **values))
    client, typed = signed_in(world.rui), words(world, **sheet)
    read = client.post(INTAKE, typed)
    assert read.status_code == 200, "the neighbour's case is out of sight"
    for _ in range(2):
        answer = client.post(INTAKE, typed | read_out(read))
        assert (answer.status_code, "handed_over" in answer.context["came"].errors) == (422, True)
        assert "九月起每个月账单多出一项" in shown(answer)
    assert Complaint.objects.filter(external_id="FZ2026-0199").count() == 1
    assert filed(client, typed | key() | {"came-handed_over": "FZ2026-0200"}).external_id == "FZ2026-0200"


def test_what_is_wrong_is_said_at_once_and_looking_for_the_enterprise_judges_nothing(world: World) -> None:
    lacking = dict.fromkeys(("demands-demand", "consents-pass_to_regulator", "enterprise-service_region"))
    wrong = {"you-name": "", "came-proof": "没有数字", "problem-statement": "九月起每个月账单多出一项，我没有开通过。"}
    answer = signed_in(world.su).post(INTAKE, words(world, **lacking, **wrong))
    assert answer.status_code == 422
    named = {name for form in answer.context["wrong"] for name in form.errors}
    assert named == {"name", "demand", "proof", "pass_to_regulator", "service_region"}
    assert "九月起每个月账单多出一项" in shown(answer)
    assert not Complaint.objects.exists()
    answer = signed_in(world.su).post(INTAKE, {"enterprise-query": "移动", "find": "1", "you-name": "林来电"} | key())
    checked(answer, 200, f'value="{world.mobile.pk}-', "林来电")
    assert not answer.context["wrong"]


SPOKEN = "鼓楼的，在中国移动办的手机卡，11月2日起被多扣60块，我没有开通过。要求退60元，还要道歉。想举报他们乱收费。"


def test_what_is_said_fills_the_sheet_and_gives_way_to_what_the_officer_typed(world: World) -> None:
    client = signed_in(world.su)
    said: dict[str, Any] = {"problem-statement": SPOKEN, "came-channel": "phone", "you-behalf": "self"}
    heard = client.post(INTAKE, said | {"find": "1"} | key())
    demands, problem = (heard.context["steps"][name] for name in ("demands", "problem"))
    firm = heard.context["steps"]["enterprise"]
    assert firm["respondent"].value() == f"{world.mobile.pk}-{world.fuzhou.pk}-"
    assert firm["service_region"].value() == str(world.region.pk)
    # Offered, not ticked: which demand and which kind of problem it is, the officer says.
    assert [row["code"] for row in heard.context["demands"]["rows"]] == ["refund", "apology"]
    assert (demands["demand"].value(), demands["amount_refund"].value()) == (None, "60.00")
    assert (problem["problem_category"].value(), len(heard.context["heard"].problems)) == (None, 3)
    assert (problem["disputed_on"].value()[5:], problem["report"].value()) == ("11-02", "想举报他们乱收费")
    assert not missing_in(shown(heard), SPOKEN, "您写了<q>", "还差")
    assert not heard.context["wrong"], "nothing is judged yet"
    # What the officer took out stays out; what was left alone follows the words.
    put = heard.context["heard"].put
    changed = said | {"problem-statement": SPOKEN.replace("退60元", "退80元"), "put": put, "find": "1"}
    changed |= {"problem-disputed_on": "2026-11-03", "demands-demand": ["refund", "apology"]}
    again = client.post(INTAKE, changed | {"demands-amount_refund": "60.00"} | key())
    demands, problem = (again.context["steps"][name] for name in ("demands", "problem"))
    assert (demands["amount_refund"].value(), problem["disputed_on"].value()) == ("80.00", "2026-11-03")
    assert problem["report"].value() is None
    assert again.context["steps"]["purchase"]["amount"].value() == "80.00", "what is asked back is in dispute"
    for broken in ("[", "[1]", "[[]]", "7", '["x", "y", []]', '["you", [], [1]]', "[" * 5000):
        assert client.post(INTAKE, said | {"put": broken, "find": "1"} | key()).status_code == 200


def test_what_will_be_filed_is_read_out_in_sentences_and_only_that_is_filed(world: World) -> None:
    client, report = (
        signed_in(world.su),
        {"problem-statement": STORY + "我要举报他们乱收费。", "you-address": "某路2号"},
    )
    read = client.post(INTAKE, words(world, **report))
    said = " ".join(read.context["sentences"])
    firm = str(world.fuzhou)
    assert not missing_in(
        said, f"林来电，我念一遍：您投诉{firm}。", "您要：", "128.50", "某路2号", "13900001111", "对吗？"
    )
    assert not missing_in(
        said, f"您同意：提供给{world.mobile}", "您不同意：", "您还要举报：“我要举报他们乱收费", f"{firm}最迟"
    )
    assert "乱收费" not in next(one for one in read.context["sentences"] if one.startswith("您说"))
    # Changed after it was read: it stands there anew, and has to be read out once more.
    other = words(world, **report, **{"demands-amount_refund": "99"})
    late = client.post(INTAKE, other | read_out(read))
    checked(late, 422, "内容改过了，请照下面再念一遍")
    assert not Complaint.objects.exists()
    unread = {name: value for name, value in read_out(late).items() if name != "read"}
    checked(client.post(INTAKE, other | key() | unread), 422, "请先读给消费者听")
    done = client.post(INTAKE, other | key() | read_out(late))
    assert done.status_code == 302
    texts = PersonalText.objects.filter(complaint=Complaint.objects.get(), kind="consumer_statement")
    assert "乱收费" not in texts.get().text


def test_who_has_an_account_and_comes_gets_it_there_and_a_number_only_said_is_nobodys(world: World) -> None:
    client = signed_in(world.su)
    chen: dict[str, Any] = {"you-phone": "13800000001", "you-name": "陈试"}
    assert filed(client, words(world, **chen, **{"came-channel": "counter"})).consumer == world.chen
    chen["came-is_own_number"] = None
    assert filed(client, words(world, **chen)).consumer_id is None
    case = filed(client, words(world, **chen, **{"came-channel": "counter"}))
    assert (case.consumer_id, case.contact_verified) == (None, False)


def test_an_earlier_case_is_shown_to_the_officer_before_filing(world: World) -> None:
    who: dict[str, Any] = {"consumer_phone": "13900001111", "consumer_name": "林来电"}
    first = case_at(world, S.TRIAGE, answers={"service_number": "13900001111"}, **who)
    page = shown(signed_in(world.su).post(INTAKE, words(world)))
    assert not missing_in(page, "60天内同一消费者就同一订单", first.number)


def test_the_receipt_shows_the_token_to_who_filed_it_alone_also_of_a_case_elsewhere(world: World) -> None:
    client = signed_in(world.su)
    done = client.post(INTAKE, words(world) | read_out(client.post(INTAKE, words(world))))
    page = client.get(done["Location"])
    assert (bool(page.context["token"]), page.context["case"].number in shown(page)) == (True, True)
    other = signed_in(officer_of(world, "superior")).get(done["Location"])
    assert (other.status_code, other.context["token"]) == (200, "")
    Complaint.objects.update(filed_at=timezone.now() - timedelta(minutes=31))
    assert not client.get(done["Location"]).context["token"]
    assert client.get(done["Location"].split("?")[0] + "?of=x").status_code == 200
    client, region = signed_in(world.rui), str(world.far_officer.authority.region_id)
    typed = words(world, **{"enterprise-service_region": region})
    done = client.post(INTAKE, typed | read_out(client.post(INTAKE, typed)))
    checked(done, 302)
    page, case = client.get(done["Location"]), Complaint.objects.latest("pk")
    assert (page.status_code, page.context["token"] in shown(page)) == (200, True)
    assert f"/authority/cases/{case.number}/" not in shown(page), "it has no page for this officer"
    assert client.get(f"/authority/cases/{case.number}/").status_code == 404
    assert client.get(done["Location"].split("?")[0]).status_code == 404
    assert signed_in(world.head_officer.user).get(done["Location"]).status_code == 404
    theirs = signed_in(officer_of(world, "far")).get(done["Location"])
    assert (theirs.status_code, theirs.context["token"]) == (200, "")
    Complaint.objects.update(filed_at=timezone.now() - timedelta(minutes=31))
    assert client.get(done["Location"]).status_code == 404


def test_nobody_else_finds_the_page_and_stations_of_other_regions_do_not_push_out_ones_own(world: World) -> None:
    for who in ("chen", "ming", "lead", "otto"):
        assert signed_in(getattr(world, who)).get(INTAKE).status_code == 404
    elsewhere = world.far_officer.authority
    Station.objects.bulk_create(
        Station(code=f"A-{number}", name="别处", kind="mall", authority=elsewhere) for number in range(500)
    )
    own = Station.objects.create(code="Z-1", name="东街口服务站", kind="mall", authority=world.gulou)
    page = signed_in(world.rui).get(INTAKE)
    assert [pk for pk, _name in page.context["came"].fields["station"].choices] == ["", str(own.pk)]


HOW = {"by_how": "phone", "by_proof": "LY-2026-0815"}
READ = {"by_stage": "read", "by_read": "on"}


def place(case: Complaint, name: str = "", who: int = 0) -> str:
    return f"/authority/cases/{case.number}/on-behalf/" + (f"{name}/?for={who}" if name else "")


def last(case: Complaint) -> HandlingStep:
    steps = HandlingStep.objects.filter(complaint=case, audience="parties").select_related("name", "recorded_by")
    return steps.latest("sequence")


def test_from_the_case_page_over_reading_back_to_the_consumers_step(world: World) -> None:
    case, rui = given.a_complaint(world, status=S.AWAITING_CONSUMER), signed_in(world.rui)
    assert place(case) in shown(rui.get(f"/authority/cases/{case.number}/"))
    page = shown(rui.get(place(case)))
    assert not missing_in(page, place(case, "offer").replace("?", "?"), "企业同意1项、不同意1项")
    assert "13800000001" not in page
    text = {"answer": "accept", "rest": "give_up"} | HOW
    assert "退还多扣费用" in shown(rui.get(place(case, "offer")))
    checked(send(rui, place(case, "offer"), text), 200, "请读给消费者听", "接受同意的部分：没做到的，自动交市场监管局")
    assert "accept_offer" not in steps_of(case)
    assert send(rui, place(case, "offer"), text | {"by_stage": "read"}).status_code == 422
    assert "accept_offer" not in steps_of(case)
    before = list(Notice.objects.values_list("pk", flat=True))
    done = send(rui, place(case, "offer"), text | READ)
    assert (done.status_code, done["Location"]) == (302, f"/authority/cases/{case.number}/")
    assert reloaded(case).status == S.PERFORMING
    entry = last(case)
    assert (entry.step, entry.actor_role) == ("accept_offer", "consumer")
    assert entry.name is not None
    assert (entry.name.name, entry.recorded_by.name) == ("陈试", "瑞试")
    assert entry.data["recorded"] == {"how": "phone", "proof": "LY-2026-0815"}
    assert '"channel":"phone"' in entry.body
    assert verify(number=case.number).is_unbroken
    # The consumer is told at once, and can take it back like any step of their own.
    told = Notice.objects.exclude(pk__in=before).get(complaint=case, addressee="consumer")
    assert told.body.startswith("工作人员按您说的记下：您接受方案。不是您的意思，请马上拨打12315。")
    assert "可以撤销" in told.body
    mine = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    assert not missing_in(mine, "您（由瑞试代为记录）", "拨打登记的电话，核对了本人，凭证LY-2026-0815")
    assert Matter.objects.filter(complaint=case, kind="undo", state="open").exists()
    with translation.override("en"):
        typed = HOW | {"answer-1": "done", "idempotency_key": "k" * 20}
        english = signed_in(world.rui).post(place(case, "performed"), typed, headers={"accept-language": "en"})
        assert "Read this to the consumer" in shown(english)


def test_what_only_adds_words_is_written_down_at_once_and_told_all_the_same(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, contact_verified=False)
    Notice.objects.all().delete()
    su, typed = signed_in(world.su), HOW | {"text": "她说又扣了一次。", "by_how": "counter"}
    assert send(su, place(case, "statement"), typed).status_code == 302
    entry = last(case)
    assert (entry.step, entry.data["recorded"]["how"]) == ("add_statement", "counter")
    assert Notice.objects.filter(complaint=case, addressee="consumer", kind="add_statement").count() == 1
    # Whoever rang the number on file, or saw the person, has proven the contact.
    assert reloaded(case).contact_verified


def test_what_is_missing_is_said_at_its_field_and_no_word_is_taken_from_who_may_not_write_it_down(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    proofs = (({"by_how": "phone", "by_proof": proof}, "by_proof") for proof in ("", "录音", "9" * 41))
    for said, field in (({"by_how": "guess", "by_proof": "1"}, "by_how"), *proofs, ({"by_how": "phone"}, "by_proof")):
        answer = send(signed_in(world.rui), place(case, "offer"), {"answer": "accept", "rest": "give_up"} | said | READ)
        checked(answer, 422, f'href="#id_{field}')
        assert case.status == S.AWAITING_CONSUMER
    for by in (world.handler, world.consumer, actors.officer([world.far_officer])):
        typed = {"how": "phone"}
        word = actors.on_behalf_of(world.chen.pk, "陈试", case.consumer_key, by=by, channel="phone", recording=typed)
        given.refused(case, consumer.accept_offer(), word, SOON)


def test_each_of_several_speaks_for_themselves_and_a_principal_settles_what_an_agent_may_not(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=JOINT)
    join(case, LI)
    rui = signed_in(world.rui)
    page = shown(rui.get(place(case)))
    assert not missing_in(page, "谁在说", 'href="?for=1"')
    # 赵试 has not come in: nothing can be said in that name.
    assert "?for=2" not in page
    assert rui.get(place(case, "party", 2)).status_code == 409
    assert send(rui, place(case, "party", 1), HOW | READ | {"agrees": "yes"}).status_code == 302
    assert Participant.objects.get(complaint=case, ordinal=1).agreed_offer == 1
    assert last(case).name.name == "李试"
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent())
    page = shown(rui.get(place(case, "offer", 0)))
    assert ('value="accept"' in page, "委托书没有写明可以和解或放弃" in page) == (False, True)
    assert send(rui, place(case, "offer", 0), HOW | READ | {"answer": "accept"}).status_code == 422
    assert send(rui, place(case, "offer", 1), HOW | READ | {"answer": "accept", "rest": "give_up"}).status_code == 302
    entry = last(case)
    assert (entry.step, entry.name.name) == ("accept_offer", "王试")
    assert "acts_for" not in entry.data
