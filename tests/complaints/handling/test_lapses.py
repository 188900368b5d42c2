"""Every clock that nobody answered: the lapse stands in the record, and what follows is told."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from authorities.models import Policy
from complaints import handling
from complaints.handling.steps import authority, both, enterprise, jurisdiction, mediation, supervision, violations
from complaints.models import HandlingStep
from complaints.procedure.workflow import Status
from complaints.record.verification import verify
from tests import given
from tests.cast import World

S = Status
HERE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 9, 7, 10, tzinfo=HERE)
TEXT = "这里写明事实和理由，供核对。"
TERMINATE = mediation.terminate(ground="other_law", facts=TEXT)

#: lapse → (status it starts from, who takes which steps first, days later, status after it)
LAPSES = {
    "lapse_material": (S.AWAITING_MATERIAL, [], 8, S.REVIEW),
    "lapse_mediation": (S.MEDIATING, [], 75, S.MEDIATING),
    "lapse_suspension": (S.MEDIATION_SUSPENDED, [], 30, S.MEDIATION_SUSPENDED),
    "lapse_notice": (S.MEDIATING, [("officer", TERMINATE)], 20, S.CLOSED),
    "lapse_jurisdiction": (S.REVIEW, [("officer", jurisdiction.dispute_jurisdiction(text=TEXT))], 14, S.REVIEW),
    "lapse_lead": (S.MEDIATING, [("officer", violations.open_lead(text=TEXT))], 40, S.MEDIATING),
    "lapse_instruction": (
        S.NEGOTIATING,
        [("officer", supervision.urge(text=TEXT, last_day="2026-09-10"))],
        5,
        S.NEGOTIATING,
    ),
    "lapse_consent": (S.TRIAGE, [("intake", None)], 5, S.REVIEW),
    "lapse_settled_elsewhere": (S.NEGOTIATING, [("consumer", both.claim_settled_elsewhere(text=TEXT))], 8, S.CLOSED),
    "lapse_return": (S.NEGOTIATING, [("handler", enterprise.request_return(text=TEXT))], 3, S.NEGOTIATING),
    "lapse_objection": (
        S.REVIEW,
        [
            ("officer", authority.refuse(ground="not_consumption", facts=TEXT)),
            ("consumer", both.object_to_decision(text=TEXT)),
        ],
        14,
        S.CLOSED,
    ),
}


@pytest.mark.parametrize("lapse", sorted(LAPSES))
def test_lapse(world: World, lapse: str) -> None:
    Policy.objects.filter(name__startswith="two_persons").update(number=0)
    status, steps, days, after = LAPSES[lapse]
    case = given.a_complaint(world, status=status, now=START)
    for number, (who, move) in enumerate(steps, start=1):
        taken = move or authority.ask_consent(enterprise_id=world.telecom.pk)
        given.step(case, taken, world.actor(who), START + timedelta(minutes=number))
    handling.sweep_clocks(now=START + timedelta(days=days))
    case.refresh_from_db()
    entry = HandlingStep.objects.get(complaint=case, step=lapse)
    assert entry.happened_at < entry.written_at
    assert case.status == after
    handling.sweep_clocks(now=START + timedelta(days=days, minutes=1))
    assert HandlingStep.objects.filter(complaint=case, step=lapse).count() == 1
    assert verify(number=case.number).is_unbroken


def test_a_claim_of_the_enterprise_falls_by_the_consumers_silence(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING, now=START)
    given.step(case, both.claim_settled_elsewhere(text=TEXT), world.handler, START)
    handling.sweep_clocks(now=START + timedelta(days=8))
    case.refresh_from_db()
    assert case.status == S.NEGOTIATING
    assert case.matters.get(kind="settled_elsewhere").state == "fallen"
