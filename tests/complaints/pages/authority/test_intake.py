"""What an officer writes down for somebody who calls, comes or writes: read back, filed once."""

import re
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Authority, Officer, Region
from complaints.models import Complaint, ConsentRecord, HandlingStep, Notice, PersonalText
from enterprises.models import Station
from tests import given, missing_in
from tests.cast import World
from tests.complaints.pages.at_the_authority import S, key, officer_of, workspace

INTAKE = "/authority/intake/"


def words(world: World, **changes: Any) -> dict[str, Any]:
    today = timezone.localdate()
    typed = {
        "came-channel": "phone",
        "came-proof": "LY-2026-0815",
        "came-is_own_number": "on",
        "you-behalf": "self",
        "you-name": "林来电",
        "you-phone": "13900001111",
        "you-address": "福州市鼓楼区某路2号",
        "enterprise-service_region": str(world.region.pk),
        "enterprise-respondent": f"{world.mobile.pk}-{world.fuzhou.pk}-",
        "purchase-object_category": "service.telecom",
        "purchase-item_name": "宽带",
        "purchase-amount": "128.50",
        "purchase-is_online": "no",
        "problem-problem_category": "telecom.fees.unexplained_charge",
        "problem-disputed_on": (today - timedelta(days=9)).isoformat(),
        "problem-statement": "九月起每个月账单多出一项，我没有开通过，要求退钱。",
        "problem-service_number": "13900001111",
        "demands-demand": ["refund"],
        "demands-amount_refund": "128.50",
        "consents-share_with_enterprise": "yes",
        "consents-pass_to_regulator": "yes",
        "consents-delegated_mediation": "no",
        "consents-publish_masked": "no",
        "go": "1",
    }
    return {name: value for name, value in {**typed, **changes}.items() if value is not None} | key()


def filed(client: Client, typed: dict[str, Any]) -> Complaint:
    read = client.post(INTAKE, typed)
    assert read.status_code == 200, errors(read)
    page = read.content.decode()
    assert "请一句一句读给消费者听" in page
    # The whole number is read out, and nothing says otherwise about it than what the officer knows.
    assert ("工作人员会回电核实" in page) is False
    assert ("电话还没有核实" in page) is not read.context["is_verified"]
    body = typed | key() | {"stage": "read", "read": "on"}
    for _ in range(2):
        done = client.post(INTAKE, body)
        assert done.status_code == 302
    return Complaint.objects.get(number=re.search(r"intake/([^/]+)/receipt", done["Location"])[1])  # type: ignore[index]


def errors(answer: Any) -> Any:
    return (
        [form.errors for form in answer.context["wrong"]]
        if answer.context and "wrong" in answer.context
        else answer.status_code
    )


def test_a_call_is_read_back_and_filed_once_in_the_consumers_name_and_under_the_own_key(world: World) -> None:
    client, typed = workspace(world.su), words(world)
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
    day = timezone.localdate() - timedelta(days=3)
    client = workspace(world.su)
    lacks = client.post(INTAKE, words(world, **{"came-channel": "post"}))
    assert (lacks.status_code, "received_on" in lacks.context["came"].errors) == (422, True)
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    late = client.post(INTAKE, words(world, **{"came-channel": "post", "came-received_on": tomorrow}))
    assert "received_on" in late.context["came"].errors
    typed = {"came-channel": "post", "came-received_on": day.isoformat(), "came-proof": "来信 12"}
    case = filed(client, words(world, **typed))
    assert (timezone.localdate(case.received_at), timezone.localdate(case.filed_at)) == (day, timezone.localdate())
    assert not case.contact_verified


def test_a_number_of_12345_is_taken_once_and_each_city_numbers_by_itself(world: World) -> None:
    client = workspace(world.su)
    case = filed(client, words(world, **{"came-channel": "hotline", "came-handed_over": "fz 2026-0099"}))
    assert case.external_id == "FZ2026-0099"
    again = client.post(INTAKE, words(world, **{"came-channel": "hotline", "came-handed_over": "FZ2026-0099"}))
    assert (again.status_code, case.number in again.content.decode()) == (422, True)
    assert "handed_over" in client.post(INTAKE, words(world, **{"came-channel": "hotline"})).context["came"].errors
    xiamen = Authority.objects.create(
        name="厦门市市场监督管理局", level="city", region=Region.objects.get(code="350200"), parent=world.city.parent
    )
    there = Officer.objects.create(
        user=User.objects.create(email="xm@example.com", name="厦试"), authority=xiamen, role=Role.INTAKE.post
    )
    sheet = {"came-channel": "hotline", "came-handed_over": "2026-0099"}
    ours, theirs = (filed(workspace(user), words(world, **sheet)) for user in (world.su, there.user))
    assert {ours.external_source, theirs.external_source} == {"12345:350100", "12345:350200"}


def test_a_number_of_12345_that_a_neighbour_took_is_an_error_of_the_field(world: World) -> None:
    sheet = {"came-channel": "hotline", "came-handed_over": "FZ2026-0099"}
    values = sheet | {"enterprise-service_region": str(world.far_officer.authority.region_id)}
    filed(workspace(officer_of(world, "far")), words(world, **values))
    client, typed = workspace(world.rui), words(world, **sheet)
    assert client.post(INTAKE, typed).status_code == 200, "the neighbour's case is out of sight"
    for _ in range(2):
        answer = client.post(INTAKE, typed | {"stage": "read", "read": "on"})
        assert (answer.status_code, "handed_over" in answer.context["came"].errors) == (422, True)
        assert "九月起每个月账单多出一项" in answer.content.decode()
    assert Complaint.objects.count() == 1
    assert filed(client, typed | key() | {"came-handed_over": "FZ2026-0100"}).external_id == "FZ2026-0100"


def test_what_is_wrong_is_said_at_once_and_looking_for_the_enterprise_judges_nothing(world: World) -> None:
    lacking = dict.fromkeys(("demands-demand", "consents-pass_to_regulator", "enterprise-service_region"))
    answer = workspace(world.su).post(INTAKE, words(world, **lacking, **{"you-name": "", "came-proof": "没有数字"}))
    assert answer.status_code == 422
    wrong = {name for form in answer.context["wrong"] for name in form.errors}
    assert wrong == {"name", "demand", "proof", "pass_to_regulator", "service_region"}
    assert "九月起每个月账单多出一项" in answer.content.decode()
    assert not Complaint.objects.exists()
    answer = workspace(world.su).post(INTAKE, {"enterprise-query": "移动", "find": "1", "you-name": "林来电"} | key())
    assert answer.status_code == 200
    assert not missing_in(answer.content.decode(), f'value="{world.mobile.pk}-', "林来电")
    assert not answer.context["wrong"]


def test_who_has_an_account_and_comes_gets_it_there_and_a_number_only_said_is_nobodys(world: World) -> None:
    client = workspace(world.su)
    chen: dict[str, Any] = {"you-phone": "13800000001", "you-name": "陈试"}
    assert filed(client, words(world, **chen, **{"came-channel": "counter"})).consumer == world.chen
    chen["came-is_own_number"] = None
    assert filed(client, words(world, **chen)).consumer_id is None
    case = filed(client, words(world, **chen, **{"came-channel": "counter"}))
    assert (case.consumer_id, case.contact_verified) == (None, False)


def test_an_earlier_case_is_shown_to_the_officer_before_filing(world: World) -> None:
    first = given.a_complaint(
        world,
        status=S.TRIAGE,
        now=timezone.now(),
        answers={"service_number": "13900001111"},
        consumer_phone="13900001111",
        consumer_name="林来电",
    )
    page = workspace(world.su).post(INTAKE, words(world)).content.decode()
    assert not missing_in(page, "60天内同一消费者就同一订单", first.number)


def test_the_receipt_shows_the_token_to_who_filed_it_and_to_nobody_else(world: World) -> None:
    client = workspace(world.su)
    client.post(INTAKE, words(world))
    done = client.post(INTAKE, words(world) | {"stage": "read", "read": "on"})
    page = client.get(done["Location"])
    assert page.context["token"]
    assert page.context["case"].number in page.content.decode()
    other = workspace(officer_of(world, "superior")).get(done["Location"])
    assert other.status_code == 200
    assert not other.context["token"]
    Complaint.objects.update(filed_at=timezone.now() - timedelta(minutes=31))
    assert not client.get(done["Location"]).context["token"]
    assert client.get(done["Location"].split("?")[0] + "?of=x").status_code == 200


def test_the_receipt_of_a_case_elsewhere_is_there_for_who_wrote_it_down(world: World) -> None:
    client, region = workspace(world.rui), str(world.far_officer.authority.region_id)
    typed = words(world, **{"enterprise-service_region": region})
    done = client.post(INTAKE, typed | {"stage": "read", "read": "on"})
    assert done.status_code == 302, errors(done)
    page, case = client.get(done["Location"]), Complaint.objects.get()
    assert (page.status_code, page.context["token"] in page.content.decode()) == (200, True)
    assert f"/authority/cases/{case.number}/" not in page.content.decode(), "it has no page for this officer"
    assert client.get(f"/authority/cases/{case.number}/").status_code == 404
    assert client.get(done["Location"].split("?")[0]).status_code == 404
    assert workspace(world.head_officer.user).get(done["Location"]).status_code == 404
    theirs = workspace(officer_of(world, "far")).get(done["Location"])
    assert (theirs.status_code, theirs.context["token"]) == (200, "")
    Complaint.objects.update(filed_at=timezone.now() - timedelta(minutes=31))
    assert client.get(done["Location"]).status_code == 404


def test_nobody_else_finds_the_page_and_stations_of_other_regions_do_not_push_out_ones_own(world: World) -> None:
    for who in ("chen", "ming", "lead", "otto"):
        assert workspace(getattr(world, who)).get(INTAKE).status_code == 404
    elsewhere = world.far_officer.authority
    Station.objects.bulk_create(
        Station(code=f"A-{number}", name="别处", kind="mall", authority=elsewhere) for number in range(500)
    )
    own = Station.objects.create(code="Z-1", name="东街口服务站", kind="mall", authority=world.gulou)
    page = workspace(world.rui).get(INTAKE)
    assert [pk for pk, _name in page.context["came"].fields["station"].choices] == ["", str(own.pk)]
