"""The agreement for a court says what both agreed, and no more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from complaints.dossier import asking, gathering, papers
from complaints.handling import Answer
from complaints.handling.steps import consumer, offers
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World

pytestmark = pytest.mark.django_db


def test_an_agreement_in_part_has_no_word_of_what_was_not_accepted(world: World) -> None:
    now = timezone.now()
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=now)
    answers = [Answer(demand=n, verdict="grant", is_separable=True) for n in (1, 2)]
    due = timezone.localdate(now) + timedelta(days=20)
    given.step(case, offers.make_offer(answers=answers, promises=given.promises(due_on=due)), world.handler, now)
    given.step(case, consumer.accept_offer(separable=[1]), world.consumer, now)
    row = asking.ask(user=world.chen, complaint=case, side="consumer", language="zh-hans", site="https://x", now=now)
    paper = papers.agreement_paper(gathering.gather(row, now=now), site="https://x")
    agreed = next(section for section in paper["sections"] if section["heading"] == "双方同意的方案")
    assert [line[0] for line in agreed["table"]["rows"]] == ["退还货款或服务费 ¥128.50"]
