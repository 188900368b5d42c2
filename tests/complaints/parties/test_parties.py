"""Several on one side: nobody takes part, is bound or is represented who did not say so."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import OutgoingMessage, User
from accounts.sign_in.contacts import Contact, user_for
from complaints import handling
from complaints.handling import StepNotAllowed, WrongInput
from complaints.handling.steps import consumer, parties
from complaints.links import answer_links, joining
from complaints.models import Complaint, HandlingStep, Notice, Participant
from complaints.notices import recipients
from complaints.parties import actors
from complaints.procedure.filing_request import JointParty, OnBehalf
from complaints.procedure.workflow import Status as S
from database import row_security
from enterprises.models import Station, StationStaff
from tests import found_in, given
from tests.cast import WEDNESDAY, World
from tests.following import follow

SOON = WEDNESDAY + timedelta(hours=1)
LI, ZHAO, WANG = "+8619900000011", "+8619900000012", "+8619900000013"
KEY = {"idempotency_key": "0123456789abcdef"}
CONSENTS = {"share_with_enterprise": "yes", "pass_to_regulator": "yes"}
CONSENTS |= {"delegated_mediation": "no", "publish_masked": "no"}
BOTH = (JointParty(name="李试", phone=LI), JointParty(name="赵试", phone=ZHAO))
JOINT = OnBehalf(kind="joint", is_declared=True, representatives=("李试",), parties=BOTH)


def agent(**changed: Any) -> OnBehalf:
    said = {"kind": "agent", "principal_name": "王试", "principal_phone": WANG, "relation": "朋友"}
    said |= {"powers": "投诉、和解", "may_settle": False, "is_declared": True}
    return OnBehalf(**said | {"valid_until": date(2026, 12, 1)} | changed)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(SOON, tick=False) as traveller:
        yield traveller


def links(case: Complaint) -> dict[str, str]:
    """Phone → token, as the messages carry them."""
    joining.ask(case, place="https://portal.example", now=SOON)
    result = {}
    for message in OutgoingMessage.objects.order_by("pk"):
        if match := re.search(r"/cases/join/([\w-]+)/", message.body):
            result[message.address] = match[1]
    return result


def person(phone: str, name: str = "") -> User:
    return user_for(Contact("sms", phone), name=name)


def row_of(case: Complaint, phone: str) -> Participant:
    return next(row for row in Participant.objects.filter(complaint=case) if row.phone == phone)


def join(case: Complaint, phone: str, **said: Any) -> actors.Actor:
    row = row_of(case, phone)
    if row.expires_at is None:
        row = _sent(case, phone)
    user = person(phone, row.name)
    given.step(case, parties.join_case(consents=said.pop("consents", {}), **said), actors.participant(user, row), SOON)
    row.refresh_from_db()
    return actors.participant(user, row)


def code() -> str:
    return re.findall(r"\d{6}", OutgoingMessage.objects.order_by("-pk")[0].body)[0]


def test_a_joiner_sees_nothing_before_and_the_case_after_link_and_code(world: World, client: Client) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=JOINT)
    token = links(case)[ZHAO]
    assert not Complaint.objects.visible_to(person(ZHAO)).exists()
    assert follow(client, f"/cases/join/{token}/").headers["Location"] == "/cases/join/"
    page = client.get("/cases/join/").content.decode()
    assert "陈**" in page or "陈*" in page
    assert not found_in(page, "陈试", "13800000001")
    answers = KEY | {"answer": "join"} | CONSENTS
    assert client.post("/cases/join/", answers | {"code": "000000"}).status_code == 422
    client.post("/cases/join/", answers | {"send": "1"})
    response = client.post("/cases/join/", answers | {"code": code(), "demand": ["apology"]})
    assert response.headers["Location"] == f"/cases/{case.number}/", response.content.decode()
    own = client.get(f"/cases/{case.number}/").content.decode()
    assert "已确认参加" in own
    # Who filed is known to the others; where to reach that person is not.
    assert not found_in(own, "13800000001", "某路1号")
    assert "还没有确认" in own
    assert case.number in client.get("/cases/").content.decode()
    row = row_of(case, ZHAO)
    assert (row.state, row.consents["publish_masked"]) == ("joined", False)
    assert list(case.demands.filter(party=row.ordinal).values_list("kind", flat=True)) == ["apology"]
    assert HandlingStep.objects.get(complaint=case, step="join_case").name.name == "赵试"
    # The link is used up, for everybody.
    assert follow(client, f"/cases/join/{token}/").status_code == 404
    assert client.get("/cases/join/").status_code == 404


def test_the_link_is_a_digest_at_rest_and_ends(world: World, client: Client, clock: Any) -> None:
    case = given.a_complaint(world, on_behalf=JOINT)
    token = links(case)[ZHAO]
    row = row_of(case, ZHAO)
    assert token not in row.token_digest
    assert len(answer_links.digest_of(token)) == 64
    second = links(case)[ZHAO]
    assert joining.of_token(token, now=SOON) is None
    assert joining.of_token(second, now=SOON) == row
    assert joining.of_token(second, now=SOON + joining.VALID_FOR) is None
    for bad in ("", "x" * 22, "x" * 500, "../../x", "移动"):
        assert joining.of_token(bad, now=SOON) is None


def test_who_proved_no_phone_writes_to_nobody_and_nobody_is_flooded_with_links(world: World) -> None:
    case = given.a_complaint(world, on_behalf=JOINT, contact_verified=False)
    assert joining.ask(case, place="https://portal.example", now=SOON) == 0
    assert not OutgoingMessage.objects.filter(channel="sms").exists()
    case = given.a_complaint(world, on_behalf=JOINT)
    for _time in range(joining.OF_PHONE.most):
        assert joining.ask(case, place="https://portal.example", now=SOON) == 2
    assert joining.ask(case, place="https://portal.example", now=SOON) == 0


BAD: list[tuple[dict[str, Any], str]] = [
    ({"answer": ""}, "请选择参加或不参加"),
    ({"answer": "maybe"}, "请选择参加或不参加"),
    ({"share_with_enterprise": ""}, "请选择同意或不同意"),
    ({"publish_masked": "perhaps"}, "请选择同意或不同意"),
    ({"demand": ["gold"]}, "请从列表中选择要求"),
    ({"demand": ["refund"], "amount_refund": ""}, "请填金额"),
    ({"demand": ["refund"], "amount_refund": "-5"}, "金额不能是负数"),
    ({"demand": ["refund"], "amount_refund": "0"}, "金额要大于 0"),
    ({"demand": ["other"], "note": ""}, "请在补充说明里写清楚要什么"),
    ({"demand": ["other"], "note": "长" * 201}, "最多200字"),
    ({"code": "1" * 30}, "验证码是6位数字"),
    ({"code": ""}, "请获取并填写验证码"),
    ({"code": "123456"}, "验证码不对或已过期"),
]


def test_what_is_wrong_on_the_joining_page_is_said_and_no_needs_no_consents(world: World, client: Client) -> None:
    case = given.a_complaint(world, on_behalf=JOINT)
    follow(client, f"/cases/join/{links(case)[ZHAO]}/")
    for changed, words in BAD:
        response = client.post("/cases/join/", KEY | {"answer": "join", "code": "123456"} | CONSENTS | changed)
        assert (response.status_code, words in response.content.decode()) == (422, True)
        assert row_of(case, ZHAO).state == "asked"
    client.post("/cases/join/", KEY | {"send": "1"})
    assert client.post("/cases/join/", KEY | {"answer": "decline", "code": code()}).status_code == 302
    assert row_of(case, ZHAO).state == "declined"
    assert client.get(f"/cases/{case.number}/").status_code in (302, 404)


def test_only_the_elected_act_for_all_and_an_accepted_offer_binds_only_whoever_agreed(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=JOINT)
    li, zhao = join(case, LI), join(case, ZHAO)
    given.step(case, given.an_offer(), world.handler, SOON)
    given.step(case, parties.answer_as_party(agrees=True), zhao, SOON)
    given.step(case, parties.answer_as_party(agrees=False), li, SOON)
    given.step(case, consumer.accept_offer(), world.consumer, SOON)
    entry = HandlingStep.objects.get(complaint=case, step="accept_offer")
    assert (entry.data["bound"], entry.data["not_bound"]) == ([2], [1])
    given.refused(case, parties.answer_as_party(agrees=False), zhao, SOON)
    # Who was not bound may still agree, or leave.
    given.step(case, parties.answer_as_party(agrees=True), li, SOON)
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=JOINT)
    li, zhao = join(case, LI), join(case, ZHAO)
    given.step(case, given.an_offer(), world.handler, SOON)
    assert "accept_offer" not in handling.allowed_steps(case, zhao)
    given.refused(case, consumer.accept_offer(), zhao, SOON)
    assert given.step(case, consumer.decline_offer(reason="amount_too_low"), li, SOON).status == S.NEGOTIATING


def test_who_leaves_sees_nothing_and_wants_nothing_and_a_representative_records_it(world: World) -> None:
    case = given.a_complaint(world, on_behalf=JOINT)
    given.step(case, parties.withdraw_party(party="李试"), world.consumer, SOON)
    assert row_of(case, LI).state == "left"
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=JOINT)
    zhao = join(case, ZHAO, demands=[{"kind": "apology"}])
    given.step(case, parties.withdraw_party(), zhao, SOON)
    assert not Complaint.objects.visible_to(person(ZHAO)).exists()
    assert case.demands.get(party=2).is_given_up
    assert not case.demands.get(ordinal=1).is_given_up
    given.refused(given.filed(world), parties.withdraw_party(party="李试"), world.consumer, SOON)


def test_nobody_joins_twice_or_as_the_filer_or_after_the_offer_with_more(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=JOINT)
    given.refused(case, parties.join_case(consents={}), actors.participant(world.chen, _sent(case, LI)), SOON)
    zhao = join(case, ZHAO)
    given.refused(case, parties.join_case(consents={}), zhao, SOON)
    given.step(case, given.an_offer(), world.handler, SOON)
    given.raised(join, case, LI, demands=[{"kind": "apology"}])


def _sent(case: Complaint, phone: str) -> Participant:
    joining.ask(case, place="https://portal.example", now=SOON)
    return row_of(case, phone)


def test_an_expired_power_is_refused_and_after_its_term_is_none(world: World, client: Client, clock: Any) -> None:
    with pytest.raises(WrongInput) as refused:
        given.filed(world, on_behalf=agent(valid_until=date(2026, 11, 10)))
    assert refused.value.field == "valid_until"
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=agent())
    client.force_login(world.chen)
    assert client.get(f"/cases/{case.number}/").status_code == 200
    clock.move_to(SOON + timedelta(days=21))
    client.force_login(world.chen)
    assert client.get(f"/cases/{case.number}/").status_code == 404
    assert case.number not in client.get("/cases/").content.decode()
    with pytest.raises(StepNotAllowed):
        handling.take(consumer.stop_negotiating(), [case.pk], actor=world.consumer, now=SOON + timedelta(days=21))


def test_without_the_power_to_settle_the_principal_does_and_the_record_says_who_acted(
    world: World, client: Client
) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent(may_settle=True))
    assert given.step(case, consumer.accept_offer(), world.consumer, SOON).status == S.PERFORMING
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent())
    assert "accept_offer" not in handling.allowed_steps(case, world.consumer)
    assert given.refused(case, consumer.accept_offer(), world.consumer, SOON) == "no_power"
    principal = join(case, WANG)
    assert given.step(case, consumer.accept_offer(), principal, SOON).status == S.PERFORMING
    assert HandlingStep.objects.get(complaint=case, step="accept_offer").name.name == "王试"
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=agent())
    principal = join(case, WANG)
    given.step(case, consumer.add_statement(text="补充一句。"), world.consumer, SOON)
    given.step(case, consumer.add_statement(text="我也补充。"), principal, SOON)
    by_agent, by_principal = HandlingStep.objects.filter(complaint=case, step="add_statement").order_by("sequence")
    assert by_agent.data["acts_for"] == "agent"
    assert "acts_for" not in by_principal.data
    client.force_login(person(WANG))
    assert "陈试（代理人，代委托人办理）" in client.get(f"/cases/{case.number}/").content.decode()


def test_the_principal_takes_over_or_denies_the_power_the_representative_is_out(world: World, client: Client) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=agent())
    follow(client, f"/cases/join/{links(case)[WANG]}/")
    assert "有人代您投诉" in client.get("/cases/join/").content.decode()
    client.post("/cases/join/", KEY | {"send": "1"})
    client.post("/cases/join/", KEY | {"answer": "decline", "code": code()})
    client.force_login(world.chen)
    assert client.get(f"/cases/{case.number}/").status_code == 404
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=agent())
    _sent(case, WANG)
    principal = join(case, WANG)
    client.force_login(person(WANG))
    assert client.get(f"/cases/{case.number}/power/").status_code == 200
    assert client.post(f"/cases/{case.number}/power/", KEY).status_code == 302
    client.force_login(world.chen)
    assert client.get(f"/cases/{case.number}/").status_code == 404
    assert Complaint.objects.visible_to(person(WANG)).filter(pk=case.pk).exists()
    assert given.step(case, consumer.stop_negotiating(), principal, SOON).status == S.REVIEW


def test_the_page_of_people_sends_a_link_and_the_enterprise_learns_a_number(world: World, client: Client) -> None:
    case = given.a_complaint(world, on_behalf=JOINT)
    client.force_login(world.chen)
    assert "赵试" in client.get(f"/cases/{case.number}/people/").content.decode()
    assert client.post(f"/cases/{case.number}/people/", KEY | {"ask": "2"}).status_code == 302
    assert [message.address for message in OutgoingMessage.objects.filter(channel="sms")] == [ZHAO]
    for bad in ("", "x", "9999", "-1"):
        form = {"idempotency_key": f"key-of-{bad or 'none'}-1", "ask": bad}
        assert client.post(f"/cases/{case.number}/people/", form).status_code in (302, 404)
    client.force_login(world.otto)
    assert client.get(f"/cases/{case.number}/people/").status_code == 404
    alone = given.filed(world)
    client.force_login(world.chen)
    assert client.get(f"/cases/{alone.number}/people/").status_code == 404
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=JOINT)
    join(case, ZHAO)
    notices = list(Notice.objects.filter(complaint=case, addressee="consumer").select_related("complaint", "user"))[:1]
    copies = recipients.with_participants(notices, SOON.date())
    assert [copy.user for copy in copies] == [person(ZHAO)]
    client.force_login(world.ming)
    page = client.get(f"/enterprise/cases/{case.number}/").content.decode()
    assert "2人，其中1人本人已确认" in page
    assert "赵试" not in page


def behind_the_wall(user: User, case: Complaint, *, day: date) -> tuple[bool, bool]:
    """Whether PostgreSQL itself shows this person the row of the case, and what hangs on it."""
    with row_security.seeing_as(user, day=day, is_at_job=False):
        complaints = Complaint.objects.filter(pk=case.pk)
        return (complaints.exists(), HandlingStep.objects.filter(complaint_id=case.pk).exists())


def test_the_database_opens_a_case_to_joiners_alone_and_shows_a_station_the_row(world: World) -> None:
    case = given.a_complaint(world, on_behalf=JOINT)
    zhao, today = person(ZHAO, "赵试"), SOON.date()
    _sent(case, ZHAO)
    assert behind_the_wall(zhao, case, day=today) == (False, False)
    actor = join(case, ZHAO)
    assert behind_the_wall(zhao, case, day=today) == (True, True)
    given.step(case, parties.withdraw_party(), actor, SOON)
    assert behind_the_wall(zhao, case, day=today) == (False, False)
    assert behind_the_wall(world.otto, case, day=today) == (False, False)
    case = given.a_complaint(world, on_behalf=agent())
    assert behind_the_wall(world.chen, case, day=date(2026, 12, 1)) == (True, True)
    assert behind_the_wall(world.chen, case, day=date(2026, 12, 2)) == (False, False)
    station = Station.objects.create(code="SD-01", name="服务站", kind="mall", authority=world.gulou)
    clerk = User.objects.create_user("clerk@example.com", name="站试")
    StationStaff.objects.create(user=clerk, station=station)
    seen = given.filed(world, station_id=station.pk, station_sees=True)
    unseen = given.filed(world, station_id=station.pk, station_sees=False)
    assert behind_the_wall(clerk, seen, day=SOON.date()) == (True, False)
    assert behind_the_wall(clerk, unseen, day=SOON.date()) == (False, False)
    StationStaff.objects.update(ends_on=date(2026, 11, 10))
    assert behind_the_wall(clerk, seen, day=SOON.date()) == (False, False)
