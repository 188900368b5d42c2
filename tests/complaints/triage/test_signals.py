"""What officers are shown of a case before it is distributed, and that nobody else can tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from authorities.models import Region
from complaints import handling
from complaints.handling.steps import violations
from complaints.models import Complaint
from complaints.parties.actors import Actor
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Role
from complaints.triage import signals
from complaints.triage.signal_facts import signals_of, signals_of_request
from complaints.triage.signals import Around, DayCount, Facts
from complaints.wording import reasons as labels_signals
from tests import given
from tests.cast import WEDNESDAY, World
from tests.languages import in_language

DAY = timedelta(days=1)
SIXTY = timedelta(days=60)
STORY = "上周在东街口的店里办了年卡，店员说随时可以退，昨天去退却说一分钱也不退，态度很差，要求全额退款并道歉。"


def filed(world: World, name: str = "陈试", phone: str = "+8613800000001", **changes: Any) -> Complaint:
    """Filed by somebody without an account, unless it is Chen."""
    own = name == "陈试"
    request = given.a_request(
        world,
        **{
            "consumer_id": world.chen.pk if own else None,
            "consumer_name": name,
            "consumer_phone": phone,
            "order_no": "DD20261101",
            **changes,
        },
    )
    actor = (
        world.consumer
        if own
        else Actor(role=Role.CONSUMER, roles=frozenset({Role.CONSUMER}), name=name, person_key=uuid4())
    )
    return handling.file([request], actor=actor, now=changes.get("received_at", WEDNESDAY))[0]


def everywhere() -> list[Region]:
    return list(Region.objects.filter(level=Region.Level.COUNTRY))


def found(*cases: Complaint) -> dict[str, signals.Signal]:
    """The signals of the last of these cases, by code; proof and elements left out unless they are asked for."""
    got = signals_of([cases[-1]], regions=everywhere(), looked_back=SIXTY)[cases[-1].pk]
    return {one.code: one for one in got}


def test_the_same_order_of_the_same_consumer_is_a_duplicate_within_sixty_days(world: World) -> None:
    early = filed(world, received_at=WEDNESDAY - 61 * DAY)
    near = filed(world, received_at=WEDNESDAY - 50 * DAY)
    got = found(filed(world, statement="又来说一次同一件事，请尽快处理这笔多扣的钱。"))
    assert got["duplicate_order"].cases == (near.number,)
    assert early.number not in got["duplicate_order"].cases
    assert "order_of_another" not in got


def test_the_same_text_is_a_duplicate_whatever_the_order(world: World) -> None:
    first = filed(world, order_no="", statement=STORY)
    statement = STORY.replace("，", ",").replace("昨天", "前天")
    got = found(filed(world, order_no="", statement=statement, respondents=(RespondentRequest(named="东街口健身"),)))
    assert got["duplicate_text"].cases == (first.number,)


def test_the_same_order_of_somebody_else_is_told_apart(world: World) -> None:
    first = filed(world, name="林甲", phone="+8613900000001", order_no="DD-77")
    got = found(
        filed(
            world,
            name="王乙",
            phone="+8613900000002",
            order_no="dd-77",
            statement="另一位家人也来投诉这一单，货没有收到。",
        )
    )
    assert got["order_of_another"].cases == (first.number,)
    assert not {"duplicate_order", "duplicate_text"} & set(got)


def test_a_number_is_no_order_at_another_respondent(world: World) -> None:
    filed(world, order_no="1", respondents=(RespondentRequest(named="甲店"),))
    respondents = (RespondentRequest(named="乙店"),)
    assert "duplicate_order" not in found(
        filed(world, order_no="1", respondents=respondents, statement="这家店的东西也坏了，第二天就不能用，要求换。")
    )


def test_one_phone_of_four_names_is_shown_and_a_family_or_a_station_is_not(world: World) -> None:
    phone, names = "+8613911112222", ["林甲", "王乙", "赵丙"]
    family = [
        filed(
            world,
            name=name,
            phone=phone,
            order_no=f"A{name}",
            statement=f"{name}说：电器用了一个月就坏，要求修理或者换货。{name * 9}",
        )
        for name in names
    ]
    assert "shared_contact" not in found(*family)
    fourth = filed(
        world, name="孙丁", phone=phone, order_no="A4", statement="床垫有味道，商家不给退，要求退货退款。请帮忙。"
    )
    assert (found(fourth)["shared_contact"].values["people"], len(found(fourth)["shared_contact"].cases)) == (4, 3)
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
        filed(
            world,
            order_no=f"B{number}",
            statement=f"第{number}次，{'甲乙丙丁戊'[number] * 20}",
            received_at=WEDNESDAY - number * DAY,
            respondents=(RespondentRequest(named=f"第{'甲乙丙丁戊'[number]}家店"),),
        )
    got = found(filed(world, order_no="B9", statement="这一次是第六家店的问题，牛奶过期了还在卖。"))
    assert got["frequent"].values["total"] == 6
    assert "frequent_here" not in got


def test_what_lacks_is_named_by_its_article(world: World) -> None:
    case = filed(world, consumer_address="", order_no="", respondents=(RespondentRequest(named="东街口小店"),))
    got = signals_of([case], regions=everywhere(), looked_back=SIXTY)[case.pk]
    assert {str(one.values["what"]) for one in got if one.code == "missing"} == {"consumer_address", "respondent_place"}
    assert "no_proof" in {one.code for one in got}
    texts = [in_language("en", labels_signals.signal_sentence, one.code, one.values) for one in got]
    assert any("art. 10(1)" in line for line in texts)


def test_a_report_mixed_in_is_shown_until_it_is_split_off(world: World) -> None:
    case = given.a_complaint(world, status=given.S.TRIAGE, statement="他们无证经营，请查处并罚款，退我的钱。")
    assert found(case)["report"].values["words"] == "无证、查处"
    given.step(case, violations.split_report(text="无证经营。"), world.intake, WEDNESDAY)
    assert "report" not in found(case)


def test_before_filing_an_officer_is_told_the_same(world: World) -> None:
    first = filed(world, name="林甲", phone="+8613900000001", order_no="DD-77")
    got = signals_of_request(
        given.a_request(
            world, consumer_name="林 甲", consumer_phone="139 0000 0001", order_no="DD-77", consumer_id=None
        ),
        regions=everywhere(),
        looked_back=SIXTY,
    )
    assert [one.cases for one in got if one.code == "duplicate_order"] == [(first.number,)]


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


@pytest.mark.parametrize("kind", ["township", "county", "city", "province", "two"])
def test_what_lies_in_the_officers_regions_is_behind_a_signal(world: World, kind: str) -> None:
    first = filed(world)
    regions = _regions(first, kind)
    near = signals_of([filed(world)], regions=regions, looked_back=SIXTY)
    assert first.number in {number for one in near.popitem()[1] for number in one.cases}


@pytest.mark.parametrize("kind", ["township", "county", "city", "province"])
def test_only_what_the_officer_may_see_is_behind_a_signal(world: World, kind: str) -> None:
    regions = _regions(filed(world), f"{kind} elsewhere")
    got = signals_of([filed(world)], regions=regions, looked_back=SIXTY)
    assert not [one for one in got.popitem()[1] if one.cases]


def test_a_page_costs_as_many_queries_as_one_case(world: World) -> None:
    cases = [filed(world, order_no=f"C{n}", statement=STORY + str(n)) for n in range(6)]
    regions = everywhere()
    signals_of(cases, regions=regions, looked_back=SIXTY)
    with CaptureQueriesContext(connection) as asked:
        signals_of(cases[:1], regions=regions, looked_back=SIXTY)
        signals_of(cases, regions=regions, looked_back=SIXTY)
    assert len(asked) == 2 * 2, [query["sql"][:90] for query in asked]


# --- pure -------------------------------------------------------------------------------------
def facts(pk: int, **changes: Any) -> Facts:
    return replace(
        Facts(
            pk=pk,
            number=f"N{pk}",
            person=uuid4(),
            filed_at=WEDNESDAY,
            day=date(2026, 11, 11),
            respondent="e1",
            respondents=frozenset({"e1"}),
            respondent_id=1,
            orders=frozenset({b"x"}),
            texts=frozenset({"consumer_name", "consumer_phone", "consumer_address"}),
            statement="话",
        ),
        **changes,
    )


def test_a_burst_is_many_times_the_usual_and_the_same_thing_of_two_others_one_dispute() -> None:
    for today, before, is_burst in [(9, 0, False), (10, 0, True), (10, 17, True), (10, 18, False), (103, 140, True)]:
        days = [
            DayCount("e1", date(2026, 11, 11), today),
            DayCount("e1", date(2026, 11, 9), before),
            DayCount("e1", date(2026, 11, 3), 500),
            DayCount("e2", date(2026, 11, 11), 99),
        ]
        got = signals.signals_for(facts(1), Around(days=days))
        assert [one.code for one in got if one.code == "burst"] == ["burst"] * is_burst
    here = facts(1, item="年卡", problem="refuse_refund")
    others = [
        facts(2, item="年卡", problem="refuse_refund"),
        facts(3, item="年卡", problem="refuse_refund"),
        facts(4, item="年卡", problem="telecom.fees.unexplained_charge"),
    ]
    assert [one.values["n"] for one in signals.signals_for(here, Around(same_thing=others)) if one.code == "joint"] == [
        2
    ]
    assert not [one for one in signals.signals_for(here, Around(same_thing=others[1:])) if one.code == "joint"]
