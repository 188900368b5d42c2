"""Officers and staff find a case by what its consumer gave, in their own lists and nowhere else."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from complaints.handling.steps import enterprise
from complaints.models import PersonDigest
from complaints.procedure.workflow import Status
from complaints.record import person_digests
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in

TYPED = ["13800000001", "+86 138 0000 0001", "１３８００００００01", "陈试", "陈 试", "jd 20261101"]
NOT_WHOLE = ["1380000000", "8613800000001", "陈", "JD2026110"]


def a_case(world: World, **more: Any) -> Any:
    return given.a_complaint(world, status=Status.NEGOTIATING, order_no="JD20261101", **more)


@pytest.mark.parametrize("words", TYPED)
def test_a_case_is_found_by_the_whole_phone_name_or_order_number(world: World, words: str) -> None:
    case = a_case(world)
    for user, page in ((world.ming, "/enterprise/queue/"), (world.rui, "/authority/cases/")):
        result = shown(signed_in(user).get(page, {"q": words}))
        assert case.number in result, page


@pytest.mark.parametrize("words", NOT_WHOLE)
def test_a_part_finds_nothing(world: World, words: str) -> None:
    case = a_case(world)
    assert case.number not in shown(signed_in(world.ming).get("/enterprise/queue/", {"q": words}))


def test_T01_nobody_finds_a_strangers_case_by_phone(world: World) -> None:
    case = a_case(world)
    for user, page in ((world.hua, "/enterprise/queue/"), (world.far_officer.user, "/authority/cases/")):
        result, other = (shown(signed_in(user).get(page, {"q": words})) for words in ("13800000001", "13899999999"))
        assert case.number not in result
        assert len(result) == len(other.replace("13899999999", "13800000001"))


def test_who_gave_a_case_up_may_not_try_phone_numbers(world: World) -> None:
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="not_customer", text="不是我们的用户。"), world.handler, WEDNESDAY)
    ended = signed_in(world.lead)
    assert case.number in shown(ended.get("/enterprise/queue/", {"q": case.number, "view": "closed"}))
    assert case.number not in shown(ended.get("/enterprise/queue/", {"q": "13800000001", "view": "closed"}))


def test_complaints_of_before_there_were_marks_are_marked_once_and_a_stop_costs_nothing(world: World) -> None:
    old = [given.filed(world), given.filed(world), given.filed(world, statement="没有收到货")]
    texts = PersonDigest.objects.filter(kind=person_digests.MARK)
    marks = sorted((row.complaint_id, bytes(row.digest)) for row in texts)
    assert {case for case, _digest in marks} == {old[0].pk, old[1].pk}
    texts.delete()
    assert person_digests.mark_statements(after=0, limit=1)[0] == 1, "and then somebody pulled the plug"
    new = given.filed(world)
    for result in ("1 statements were marked", "0 statements were marked"):
        out = StringIO()
        call_command("mark_statements", stdout=out)
        assert result in out.getvalue()
        assert sorted((row.complaint_id, bytes(row.digest)) for row in texts.exclude(complaint=new)) == marks
