"""What looks like an earlier complaint of the same person, and what does not; the person decides."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from complaints import handling
from complaints.filing import composing
from complaints.filing.outlook import duplicates
from complaints.handling.steps import consumer as consumer_steps
from complaints.models import Complaint
from complaints.parties.actors import consumer
from complaints.procedure.filing_request import FilingRequest
from tests.complaints.filing import answers
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_submit import ready, signed_in, submitted

OTHER_TEXT = "宽带装好以后一直掉线，报修三次都没有人上门，要求尽快修好并且减免这个月的费用。"
OTHER_NUMBER = {"order_no": "", "answers": {"service_number": "059188880000"}}
SAME_TEXT = {**OTHER_NUMBER, "statement": answers.STATEMENT}
SPACED = {"order_no": "", "answers": {"service_number": " " + " ".join(answers.PROBLEM["service_number"])}}
MARKED = answers.STATEMENT.replace("，", " ,\n").replace("。", "！！")
WIDE = answers.STATEMENT.translate({ord(str(n)): chr(0xFF10 + n) for n in range(10)})
HALF = answers.STATEMENT[: len(answers.STATEMENT) // 2]
#: What is changed in the second complaint → (same order told, same text told); the same firm is always told.
CHANGES: dict[str, tuple[dict[str, Any], tuple[bool, bool]]] = {
    "nothing": ({}, (True, True)),
    "another text": ({"statement": OTHER_TEXT}, (True, False)),
    "another number": (SAME_TEXT, (False, True)),
    "another text and number": ({**OTHER_NUMBER, "statement": OTHER_TEXT}, (False, False)),
    "the number written otherwise": ({"statement": OTHER_TEXT, **SPACED}, (True, False)),
    "the text with other marks and spaces": ({**OTHER_NUMBER, "statement": MARKED}, (False, True)),
    "the text in wide figures": ({**OTHER_NUMBER, "statement": WIDE}, (False, True)),
    "a word more": ({**OTHER_NUMBER, "statement": answers.STATEMENT + "谢谢"}, (False, True)),
    "half of the text": ({**OTHER_NUMBER, "statement": HALF}, (False, False)),
    "a text like any other": ({**OTHER_NUMBER, "statement": "没有收到货"}, (False, False)),
    "only marks": ({**OTHER_NUMBER, "statement": "……！！？？。。，，、、；；：：（（））“”‘’"}, (False, False)),
}


def _told(filing: FilingRequest, *, days: int = 0) -> tuple[bool, bool] | None:
    result = duplicates(filing, now=timezone.now() + timedelta(days=days))
    return (result[0].same_order, result[0].same_text) if result else None


def test_what_is_the_same_again_is_told_and_what_is_not_is_not(client: Client, town: Town) -> None:
    submitted(client, town)
    # The same again, ready to be filed by the same person.
    draft = ready(signed_in(), town)
    draft.refresh_from_db()
    draft.data["consents"] = {name: [value] for name, value in answers.CONSENTS.items()}
    request, own = composing.to_request(draft, now=timezone.now()), Complaint.objects.get().consumer_id
    filing = replace(request, consumer_id=own, contact_verified=True)
    assert {what: _told(replace(filing, **change)) for what, (change, _) in CHANGES.items()} == {
        what: wanted for what, (_, wanted) in CHANGES.items()
    }
    # Another respondent: the number is no sign any more, the text is.
    others = tuple(replace(one, enterprise_id=town.carrier.pk + 1000) for one in filing.respondents)
    assert _told(replace(filing, respondents=others)) == (False, True)
    # Whoever did not prove the phone, and whoever else, is shown nothing of it.
    for who in ({"contact_verified": False}, {"consumer_id": None}, {"consumer_id": (filing.consumer_id or 0) + 1000}):
        assert _told(replace(filing, **who)) is None
    assert (_told(filing, days=59), _told(filing, days=61)) == ((True, True), None)
    assert _told(replace(filing, respondents=others, statement=OTHER_TEXT)) is None
    # What was withdrawn is no duplicate.
    case = Complaint.objects.get()
    move = consumer_steps.withdraw(reason="mistake")
    handling.take(move, [case.pk], actor=consumer(case.consumer), now=timezone.now())
    assert _told(filing) is None
