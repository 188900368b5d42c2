"""What officers are shown of a case before it is distributed, and that nobody else can tell."""

import heapq
import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from authorities.models import Officer, Region
from complaints import handling
from complaints.desks.authority_workspace import Workspace, workspace_for
from complaints.handling.steps import authority, casework, violations
from complaints.models import Complaint, Deadline
from complaints.pages.authority.triage import forward
from complaints.pages.authority.triage.targets import because_of, first_of
from complaints.parties.actors import Actor
from complaints.parties.conditions import Conditions
from complaints.procedure.filing_request import FilingRequest, RespondentRequest
from complaints.procedure.workflow import Role, Status
from complaints.triage import signals
from complaints.triage.signal_facts import signals_of, signals_of_request
from complaints.triage.signals import Around, DayCount, Facts
from complaints.wording import reasons as labels_signals
from routing.forwarding.forwarding import sweep_filed
from tests import given
from tests.cast import WEDNESDAY, World
from tests.languages import in_language
from tests.walls.conftest import seeing_as

DAY = timedelta(days=1)
SIXTY = timedelta(days=60)
STORY = "上周在东街口的店里办了年卡，店员说随时可以退，昨天去退却说一分钱也不退，态度很差，要求全额退款并道歉。"


def filed(world: World, name: str = "陈试", phone: str = "+8613800000001", **changes: Any) -> Complaint:
    """Filed by somebody without an account, unless it is Chen."""
    own = name == "陈试"
    who = {"consumer_id": world.chen.pk if own else None, "consumer_name": name, "consumer_phone": phone}
    request = given.a_request(world, **{**who, "order_no": "DD20261101", **changes})
    actor = world.consumer if own else caller(name)
    return handling.file([request], actor=actor, now=changes.get("received_at", WEDNESDAY))[0]


def caller(name: str) -> Actor:
    return Actor(role=Role.CONSUMER, roles=frozenset({Role.CONSUMER}), name=name, person_key=uuid4())


def at(name: str) -> dict[str, Any]:
    """Against one that is only named."""
    return {"respondents": (RespondentRequest(named=name),)}


def everywhere() -> list[Region]:
    return list(Region.objects.filter(level=Region.Level.COUNTRY))


def found(*cases: Complaint) -> dict[str, signals.Signal]:
    """The signals of the last of these cases, by code; proof and elements left out unless they are asked for."""
    got = signals_of([cases[-1]], regions=everywhere(), looked_back=SIXTY)[cases[-1].pk]
    return {one.code: one for one in got}


def test_the_same_order_or_text_of_the_same_consumer_is_a_duplicate_within_sixty_days(world: World) -> None:
    _early, near = (filed(world, received_at=WEDNESDAY - days * DAY) for days in (61, 50))
    got = found(filed(world, statement="又来说一次同一件事，请尽快处理这笔多扣的钱。"))
    assert (got["duplicate_order"].cases, "order_of_another" in got) == ((near.number,), False)
    first = filed(world, order_no="", statement=STORY)
    statement = STORY.replace("，", ",").replace("昨天", "前天")
    got = found(filed(world, order_no="", statement=statement, **at("东街口健身")))
    assert got["duplicate_text"].cases == (first.number,)
    # A number is no order at another respondent.
    filed(world, order_no="1", **at("甲店"))
    statement = "这家店的东西也坏了，第二天就不能用，要求换。"
    assert "duplicate_order" not in found(filed(world, order_no="1", statement=statement, **at("乙店")))


def test_the_same_order_of_somebody_else_is_told_apart_also_before_filing(world: World) -> None:
    first = filed(world, name="林甲", phone="+8613900000001", order_no="DD-77")
    text = "另一位家人也来投诉这一单，货没有收到。"
    got = found(filed(world, name="王乙", phone="+8613900000002", order_no="dd-77", statement=text))
    assert got["order_of_another"].cases == (first.number,)
    assert not {"duplicate_order", "duplicate_text"} & set(got)
    who = {"consumer_name": "林 甲", "consumer_phone": "139 0000 0001", "order_no": "DD-77", "consumer_id": None}
    same = signals_of_request(given.a_request(world, **who), regions=everywhere(), looked_back=SIXTY)
    assert [one.cases for one in same if one.code == "duplicate_order"] == [(first.number,)]


def test_one_phone_of_four_names_is_shown_and_a_family_or_a_station_is_not(world: World) -> None:
    phone = "+8613911112222"
    for name in ("林甲", "王乙", "赵丙"):
        text = f"{name}说：电器用了一个月就坏，要求修理或者换货。{name * 9}"
        assert "shared_contact" not in found(filed(world, name, phone, order_no=f"A{name}", statement=text))
    text = "床垫有味道，商家不给退，要求退货退款。请帮忙。"
    fourth = found(filed(world, "孙丁", phone, order_no="A4", statement=text))["shared_contact"]
    assert (fourth.values["people"], len(fourth.cases)) == (4, 3)
    on_behalf = replace(given.a_request(world).on_behalf, kind="guardian", principal_name="周小")
    assert "shared_contact" not in found(filed(world, name="周戊", phone=phone, on_behalf=on_behalf, order_no="A5"))


def test_copied_text_takes_two_other_people(world: World) -> None:
    one = filed(world, name="林甲", phone="+8613900000001", order_no="", statement=STORY)
    assert "copied_text" not in found(filed(world, name="王乙", phone="+8613900000002", order_no="", statement=STORY))
    got = found(filed(world, name="赵丙", phone="+8613900000003", order_no="", statement=STORY + "谢谢。"))
    assert one.number in got["copied_text"].cases
    assert int(got["copied_text"].values["least"]) >= 90


def test_often_is_of_one_person_and_of_a_time(world: World) -> None:
    for number in range(5):
        letter = "甲乙丙丁戊"[number]
        more = {"received_at": WEDNESDAY - number * DAY, **at(f"第{letter}家店")}
        filed(world, order_no=f"B{number}", statement=f"第{number}次，{letter * 20}", **more)
    got = found(filed(world, order_no="B9", statement="这一次是第六家店的问题，牛奶过期了还在卖。"))
    assert (got["frequent"].values["total"], "frequent_here" in got) == (6, False)


def test_what_lacks_is_named_by_its_article_and_a_report_until_it_is_split_off(world: World) -> None:
    case = filed(world, consumer_address="", order_no="", **at("东街口小店"))
    got = signals_of([case], regions=everywhere(), looked_back=SIXTY)[case.pk]
    assert {str(one.values["what"]) for one in got if one.code == "missing"} == {"consumer_address", "respondent_place"}
    assert "no_proof" in {one.code for one in got}
    texts = [in_language("en", labels_signals.signal_sentence, one.code, one.values) for one in got]
    assert any("art. 10(1)" in line for line in texts)
    case = given.a_complaint(world, status=given.S.TRIAGE, statement="他们无证经营，请查处并罚款，退我的钱。")
    assert found(case)["report"].values["words"] == "无证、查处"
    given.step(case, violations.split_report(text="无证经营。"), world.intake, WEDNESDAY)
    assert "report" not in found(case)


def _regions(case: Complaint, kind: str) -> list[Region]:
    """A region of this kind that the case lies in, or one of the same kind that it does not lie in."""
    case.refresh_from_db()
    own = case.handling_region
    of = {"county": own.pk, "city": case.handling_city, "province": case.handling_province}
    result = {name: Region.objects.select_related("parent").get(pk=pk) for name, pk in of.items()}
    township, other = Region.objects.filter(parent=own).select_related("parent")[:2]
    Complaint.objects.filter(pk=case.pk).update(handling_region=township)
    away: dict[str, Any] = {
        name: Region.objects.filter(level=name, country="CN").exclude(pk=row.pk).first() for name, row in result.items()
    }
    result["township"], away["township"] = township, other
    if kind == "two":
        return [away["county"], township]
    name, _space, where = kind.partition(" ")
    return [(away if where else result)[name]]


def test_what_lies_in_the_officers_regions_and_nothing_else_is_behind_a_signal(world: World) -> None:
    for kind in ("township", "county", "city", "province", "two"):
        first = filed(world)
        near = signals_of([filed(world)], regions=_regions(first, kind), looked_back=SIXTY)
        assert first.number in {number for one in near.popitem()[1] for number in one.cases}, kind
    for kind in ("township", "county", "city", "province"):
        regions = _regions(filed(world), f"{kind} elsewhere")
        got = signals_of([filed(world)], regions=regions, looked_back=SIXTY)
        assert not [one for one in got.popitem()[1] if one.cases], kind


def test_a_page_costs_as_many_queries_as_one_case(world: World) -> None:
    cases = [filed(world, order_no=f"C{n}", statement=STORY + str(n)) for n in range(6)]
    regions = everywhere()
    with seeing_as(world.rui):
        signals_of(cases, regions=regions, looked_back=SIXTY)
        with CaptureQueriesContext(connection) as asked:
            of_one = signals_of(cases[:1], regions=regions, looked_back=SIXTY)
            of_all = signals_of(cases, regions=regions, looked_back=SIXTY)
    assert len(asked) == 2 * 2, [query["sql"][:90] for query in asked]
    # Whoever is served compares by digests that he does not read, with the same result.
    assert (of_one, of_all) == (
        signals_of(cases[:1], regions=regions, looked_back=SIXTY),
        signals_of(cases, regions=regions, looked_back=SIXTY),
    )
    assert [one for one in of_one[cases[0].pk] if one.cases]


def facts(pk: int, **changes: Any) -> Facts:
    values: dict[str, Any] = {"pk": pk, "number": f"N{pk}", "person": uuid4(), "filed_at": WEDNESDAY, "statement": "话"}
    values |= {"day": date(2026, 11, 11), "respondent": "e1", "respondents": frozenset({"e1"}), "respondent_id": 1}
    texts = frozenset({"consumer_name", "consumer_phone", "consumer_address"})
    return Facts(**values | {"orders": frozenset({b"x"}), "texts": texts} | changes)


def test_a_burst_is_many_times_the_usual_and_the_same_thing_of_two_others_one_dispute() -> None:
    for today, before, is_burst in [(9, 0, False), (10, 0, True), (10, 17, True), (10, 18, False), (103, 140, True)]:
        counts = (("e1", 11, today), ("e1", 9, before), ("e1", 3, 500), ("e2", 11, 99))
        days = [DayCount(respondent, date(2026, 11, day), number) for respondent, day, number in counts]
        got = signals.signals_for(facts(1), Around(days=days))
        assert [one.code for one in got if one.code == "burst"] == ["burst"] * is_burst
    problems = ("refuse_refund", "refuse_refund", "refuse_refund", "telecom.fees.unexplained_charge")
    here, *others = (facts(pk, item="年卡", problem=problem) for pk, problem in enumerate(problems, start=1))
    for same, people in ((others, [2]), (others[1:], [])):
        got = signals.signals_for(here, Around(same_thing=same))
        assert [one.values["n"] for one in got if one.code == "joint"] == people


ZONE = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 11, 8, 30, tzinfo=ZONE)
FILINGS, OFFICERS = 1500, 3
#: What a decision takes: the first suggestion is one press; a call, or a case without one, takes longer.
ROUTINE, CALL = timedelta(seconds=15), timedelta(seconds=90)
SHIFT = ((8, 30), (17, 30))


def filings(world: World) -> list[tuple[datetime, FilingRequest, Actor]]:
    """Over 24 hours, most of them by day; three in five name an enrolled enterprise and are proven."""
    dice, made = random.Random(1500), []
    for n in range(FILINGS):
        at = MORNING.replace(hour=0, minute=0) + timedelta(minutes=min(dice.triangular(0, 1440, 900), 1439))
        kind = dice.choices(("picked", "unproven", "named", "left", "no"), (60, 12, 14, 8, 6))[0]
        to = {"named": RespondentRequest(named=f"东街口小店{n % 40}"), "left": RespondentRequest()}.get(
            kind, RespondentRequest(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk)
        )
        consents = {"share_with_enterprise": kind != "no", "pass_to_regulator": True}
        text = f"第{n}件：账单多扣了{dice.randint(1, 900)}元，打过客服没有解决，要求退还。"
        who = {"consumer_id": None, "consumer_name": f"消费者{n}", "consumer_phone": f"+86139{n:08d}"}
        who |= {"contact_verified": kind != "unproven", "consents": consents}
        request = given.a_request(world, now=at, respondents=(to,), statement=text, **who)
        made.append((at, request, caller(f"消费者{n}")))
    return sorted(made, key=lambda row: row[0])


def decide(case: Complaint, workspace: Workspace, now: datetime) -> timedelta:
    """What an officer does with one case, by the real verbs; how long it takes."""
    conditions, actor, took = Conditions.at(now), workspace.actors[0], ROUTINE
    if not case.contact_verified:
        handling.take(casework.verify_contact(result="call_confirmed"), [case.pk], actor=actor, now=now)
        took = CALL
    targets = forward.ranked_each([case], workspace, conditions=conditions)[case.pk]
    first = first_of(targets)
    chosen = next((t for t in targets if t.authority_id is not None or t.is_ready), None)
    assert chosen is not None, case.number
    because = because_of(chosen.value, first, why="" if chosen.value == first else "not_for_enterprise")
    if chosen.authority_id is not None:
        move = authority.assign_authority(authority_id=chosen.authority_id, because=because)
    else:
        enterprise_id, _dash, branch = chosen.value.partition("-")
        branch_id = int(branch) if branch else None
        move = authority.forward(enterprise_id=int(enterprise_id), branch_id=branch_id, because=because)
    handling.take(move, [case.pk], actor=actor, now=now)
    return took if chosen.value == first else CALL


#: Longer than a transaction may last.
@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_no_case_waits_longer_than_a_working_day(world: World) -> None:
    names = [f"intake{n}@example.com" for n in range(OFFICERS - 1)]
    people = [world.su, *(User.objects.create_user(email=name, password="x" * 20, name="分试") for name in names)]
    for user in people[1:]:
        Officer.objects.create(user=user, authority=world.city, role=Role.INTAKE.post)
    coming, free = filings(world), [(MORNING, n) for n in range(OFFICERS)]
    heapq.heapify(free)
    now, end = coming[0][0], MORNING + timedelta(days=2)
    oldest, decided = timedelta(), 0
    while now < end and (coming or Complaint.objects.filter(status__in=[Status.FILED, Status.TRIAGE]).exists()):
        due = [row for row in coming if row[0] <= now]
        coming = coming[len(due) :]
        if due:
            handling.file([row[1] for row in due], actor=[row[2] for row in due], now=now)
        while sweep_filed(now=now):
            pass
        is_at_work = SHIFT[0] <= (now.hour, now.minute) < SHIFT[1]
        waiting = Complaint.objects.filter(status=Status.TRIAGE).order_by("next_due_at", "pk")
        queue = list(waiting.values_list("pk", flat=True)) if is_at_work else []
        until = now + timedelta(minutes=15)
        for pk in queue:
            if free[0][0] >= until:
                break
            begins, who = heapq.heappop(free)
            begins, case = max(begins, now), Complaint.objects.get(pk=pk)
            done = begins + decide(case, workspace_for(people[who], now=begins), begins)
            oldest, decided = max(oldest, done - case.filed_at), decided + 1
            heapq.heappush(free, (done, who))
        now = until
        handling.sweep_clocks(now=now)
    assert Complaint.objects.count() == FILINGS
    assert not Complaint.objects.filter(status__in=[Status.FILED, Status.TRIAGE]).exists()
    late = Deadline.objects.filter(clock="forwarding", lapsed_at__isnull=False).count()
    assert late == 0, f"{late} of {decided} decided cases waited longer than a working day"
    # What came in the night is the oldest: it is gone before the next noon.
    assert oldest < timedelta(hours=24), oldest
