"""What is overdue: by clocks that parties know of and by those of authorities alone, each with its list."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Region
from complaints.handling.steps import consumer, jurisdiction, supervision, violations
from complaints.models import Complaint, Deadline
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status as S
from oversight.counters import making, reads
from oversight.counters.statements import OPEN_NAMES
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Measure
from oversight.presenting import leagues
from tests import given, missing_in
from tests.cast import World
from tests.oversight import slow_count
from tests.oversight.looking import browser, page_of

DAYS = timedelta(days=1)
TEXT = "这里写明事实和理由，供核对。"
LEAD = violations.split_report(text="另外反映门店虚构优惠价格。")
CASES, OVERDUE = "/authority/cases/", "/authority/urges/overdue/"


@pytest.fixture
def cases(world: World) -> dict[str, Complaint]:
    """By what is late: nothing, the enterprise, a superior's instruction, a dispute and the review, a lead."""
    now = timezone.now()
    then = now - 45 * DAYS
    made = {"nothing": given.a_complaint(world, status=S.NEGOTIATING, now=now)}
    made["enterprise"] = given.a_complaint(world, status=S.NEGOTIATING, now=then)
    made["instruction"] = given.a_complaint(world, status=S.MEDIATING, now=then)
    move = supervision.urge(text=TEXT, last_day=(then + 5 * DAYS).date().isoformat())
    given.step(made["instruction"], move, world.actor("superior"), then)
    made["both"] = given.a_complaint(world, status=S.REVIEW, now=then)
    given.step(made["both"], jurisdiction.dispute_jurisdiction(text=TEXT), world.officer, then)
    # A lead lies with the authority while the enterprise performs what it promised, and after the case is closed.
    made["lead"] = given.a_complaint(world, status=S.PERFORMING, now=now - 25 * DAYS)
    given.step(made["lead"], LEAD, world.officer, now - 25 * DAYS)
    made["closed"] = given.a_complaint(world, status=S.REVIEW, now=then)
    given.step(made["closed"], LEAD, world.officer, then)
    given.step(made["closed"], consumer.withdraw(reason="mistake"), world.consumer, then + DAYS)
    return made


EXPECTED = {
    **{"open": 5, "overdue": 4, "late_outside": 2, "late_inside": 3, "late_twice": 1},
    **{"due_soon": 0, "late_when_closed": 1},
}


def test_the_counts_are_those_of_a_slow_count_whoever_says_them(world: World, cases: dict[str, Complaint]) -> None:
    now, today = timezone.now(), timezone.localdate()
    region = Region.objects.get(code="350000")
    measure = Measure(Scope(regions=(region,)), Period(first=today, last=today), now, current_calendar())
    slow = slow_count.counted(today, today, now, (region.pk, region.last))
    numbers = slow.open_now()
    assert {**numbers, "due_soon": 0} == EXPECTED
    assert leagues.open_now(measure) == numbers
    for _is_folded in (False, True):
        counters = reads.Counters.at(now, measure.calendar)
        for by, key in (("", ""), ("region", str(region.pk)), ("problem", cases["lead"].problem_category)):
            sums = counters.sums(measure.scope, measure.period, by=by, names=OPEN_NAMES)
            assert sums is not None
            assert figures.standing(sums[key]) == numbers, by
        [line] = leagues.counted(measure)
        of_firm = slow_count.counted(today, today, now, (region.pk, region.last), world.mobile.pk).open_now()
        assert (line.open, line.overdue) == (of_firm["open"], of_firm["late_outside"])
        making.rebuild(now=now)
    # Done in time or not, what is done is owed no more.
    matter = Deadline.objects.get(complaint=cases["instruction"], clock="instruction").matter_id
    given.step(cases["instruction"], supervision.answer_instruction(text=TEXT, matter_id=matter), world.officer, now)
    sums = reads.Counters.at(now, measure.calendar).sums(measure.scope, measure.period, names=OPEN_NAMES)
    assert sums is not None
    assert figures.standing(sums[""])["late_inside"] == slow.open_now()["late_inside"] - 1 == 2


def test_each_number_opens_its_list_and_says_which_clock_is_late(world: World, cases: dict[str, Complaint]) -> None:
    client = browser(world.su)
    page = client.get("/oversight/")
    card = next(one["card"] for one in page.context["strip"] if one["card"].code == "overdue")
    shown = page.content.decode()
    assert not missing_in(shown, "逾期4件（对外2，内部3，两者都有1）", "另有已办结的1件还有事逾期")
    expected = {"已逾期": {"enterprise", "instruction", "both", "lead"}}
    links = {"已逾期": (card.value, card.url)} | {part.label: (part.value, part.url) for part in card.parts}
    expected |= {"对外期限": {"enterprise", "both"}, "内部期限": {"instruction", "both", "lead"}}
    expected |= {"其中两者都有": {"both"}, "已办结，还有事逾期（另计）": {"closed"}}
    assert links.keys() == expected.keys()
    for label, (value, url) in links.items():
        listed = client.get(url)
        assert not listed.context["filter"].left_out, label
        numbers = {row.complaint.number for row in listed.context["rows"]}
        assert numbers == {cases[name].number for name in expected[label]}, label
        assert int(value) == len(numbers)
    inside = page_of(world.su, links["内部期限"][1])
    assert not missing_in(inside, "督办答复期限", "线索核查期限")
    assert "线索核查期限" in page_of(world.su, links["已办结，还有事逾期（另计）"][1])


def test_what_authorities_owe_is_theirs_whoever_has_the_case(world: World, cases: dict[str, Complaint]) -> None:
    """The case with a late lead lies with the enterprise, which owes nothing that is late there."""
    client = browser(world.su)
    holders = client.get("/oversight/").context["holders"]
    by_kind: dict[bool, int] = {}
    for holder in holders:
        listed = client.get(holder["overdue_url"]) if holder["overdue"] else None
        numbers = {row.complaint.number for row in listed.context["rows"]} if listed is not None else set()
        assert len(numbers) == holder["overdue"], holder["name"]
        by_kind[holder["is_authority"]] = by_kind.get(holder["is_authority"], 0) + holder["overdue"]
        if holder["is_authority"] and holder["overdue"]:
            assert cases["lead"].number in numbers
    assert by_kind == {False: 1, True: 3}
    [row] = client.get("/oversight/enterprises/").context["rows"]
    listed = client.get(row["overdue_url"]).context["rows"]
    assert (row["line"].overdue, [one.complaint.number for one in listed]) == (1, [cases["enterprise"].number])
    # In a county officers are named as well: what lies with the authority, by any clock.
    hands = client.get("/oversight/?region=350102").context["hands"]
    assert sum(hand["overdue"] for hand in hands) == 2
    for hand in hands:
        assert len(client.get(hand["overdue_url"]).context["rows"]) == hand["overdue"]
    late = client.get(OVERDUE)
    assert {row.complaint.number for row, _unit, _why in late.context["rows"]} == {
        cases[name].number for name in ("instruction", "both", "lead")
    }


def test_no_party_hears_of_it(world: World, cases: dict[str, Complaint]) -> None:
    for who, addresses in (
        (world.ming, ("/enterprise/", "/enterprise/performance/", f"/enterprise/cases/{cases['lead'].number}/")),
        (world.chen, ("/cases/", f"/cases/{cases['lead'].number}/")),
    ):
        for address in addresses:
            answer: Any = browser(who).get(address, follow=True)
            text = answer.content.decode()
            assert not any(word in text for word in ("线索", "内部期限", "督办答复")), address
