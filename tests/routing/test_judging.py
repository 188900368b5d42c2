"""What a trial decides piece by piece and once for all that is alike is what routing decides for each case by
itself."""

from datetime import timedelta

import pytest

from complaints.models import Complaint
from complaints.procedure.filing_request import RespondentRequest
from enterprises.directory.spelling import fold_name
from enterprises.models import Enterprise, SearchName
from routing.directory_changes.previewing import place_of
from routing.forwarding.forwarding import facts_of
from routing.rule_desk import judging, trying
from routing.rules.directory import rules as all_rules
from routing.rules.directory import snapshot
from routing.rules.matching import choose
from tests import given
from tests.cast import WEDNESDAY, World
from tests.routing.rules_at_work import WRITTEN, drafted
from tests.routing.test_trying import CHANGES, meant, mixed

DAY = timedelta(days=1)


def twins(world: World) -> list[Complaint]:
    """Two enterprises of one name, one of which sits where the consumer says; and cases that say it, another place, or
    nothing.
    """
    for place in (world.region, world.far_officer.authority.region):
        enterprise = Enterprise.objects.create(
            name=f"苍鹭{place.name}店", name_en="", enrolment="enrolled", enrolled_by=world.city, domicile=place
        )
        SearchName.objects.create(kind="alias", text="苍鹭", folded=fold_name("苍鹭"), grams=[], enterprise=enterprise)
    return [
        given.filed(world, now=WEDNESDAY - DAY, respondents=(RespondentRequest(named="苍鹭", address=text),))
        for text in (
            world.region.name,
            world.region.name,
            f"某路1号，{world.far_officer.authority.region.name}",
            "别处",
            "",
        )
    ]


def by_itself(case: Complaint, known: judging.TrialRules) -> judging.Decided:
    facts = facts_of(case, on=case.received_at.astimezone(judging.SHANGHAI).date())
    directory = snapshot([facts], (*known.before, *known.after), suggests=False)
    before, after = (choose(facts, rules, directory) for rules in (known.before, known.after))
    return judging.Decided(place_of(before), place_of(after), after.rule == known.code)


@pytest.mark.parametrize("name", [*CHANGES, "the twins'"])
def test_each_case_is_decided_as_if_it_were_alone(world: World, name: str) -> None:
    respondents = (RespondentRequest(named=WRITTEN),)
    cases = [*mixed(world), *mixed(world), *twins(world), given.filed(world, now=WEDNESDAY, respondents=respondents)]
    change = drafted(world, WEDNESDAY, **(meant(world, CHANGES[name]) if name in CHANGES else {"named": "苍鹭"}))
    rules = all_rules()
    known = judging.TrialRules(change.final_code, rules, trying.rules_with(change, rules))
    rows = [
        judging.Recorded(*row)
        for row in Complaint.objects.order_by("-received_at").values_list(*judging.Recorded._fields)
    ]
    result = {}
    for start in range(0, len(rows), 5):
        result |= {one.pk: one.made for one in judging.judged(rows[start : start + 5], known, now=WEDNESDAY)}
    wanted = {
        case.pk: made for case in Complaint.objects.all() if (made := by_itself(case, known)).is_by_rule or made.moves
    }
    assert result == wanted
    assert result
    assert len(rows) == len(cases)
    assert len(known.decided) < len(rows), "what is alike is decided once"
