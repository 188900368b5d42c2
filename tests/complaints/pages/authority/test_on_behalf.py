"""An officer writes down what a consumer said: read back, with who wrote it and what proves it."""

import pytest
from django.utils import translation

from complaints.handling import StepNotAllowed
from complaints.handling.steps import consumer
from complaints.models import Complaint, HandlingStep, Matter, Notice, Participant
from complaints.parties import actors
from complaints.procedure.workflow import Status
from complaints.record.verification import verify
from tests import given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_home import SOON, clock, files, steps_of
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.complaints.parties.test_parties import JOINT, LI, agent, join

__all__ = ["clock", "files"]
pytestmark = pytest.mark.usefixtures("clock")

S = Status
HOW = {"by_how": "phone", "by_proof": "LY-2026-0815"}
READ = {"by_stage": "read", "by_read": "on"}


def place(case: Complaint, name: str = "", who: int = 0) -> str:
    return f"/authority/cases/{case.number}/on-behalf/" + (f"{name}/?for={who}" if name else "")


def last(case: Complaint) -> HandlingStep:
    return (
        HandlingStep.objects.filter(complaint=case, audience="parties")
        .order_by("sequence")
        .select_related("name", "recorded_by")
        .last()
    )  # type: ignore[return-value]


def test_from_the_case_page_over_reading_back_to_the_consumers_step(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    rui = signed_in(world.rui)
    assert place(case) in shown(rui.get(f"/authority/cases/{case.number}/"))
    page = shown(rui.get(place(case)))
    assert not missing_in(page, place(case, "offer").replace("?", "?"), "企业的方案，您接受吗？")
    assert "13800000001" not in page
    text = {"answer": "accept"} | HOW
    assert "退还多扣费用" in shown(rui.get(place(case, "offer")))
    back = send(rui, place(case, "offer"), text)
    assert (back.status_code, "请读给消费者听" in shown(back)) == (200, True)
    assert "接受：方案生效" in shown(back)
    assert "accept_offer" not in steps_of(case)
    assert send(rui, place(case, "offer"), text | {"by_stage": "read"}).status_code == 422
    assert "accept_offer" not in steps_of(case)
    Notice.objects.all().delete()
    done = send(rui, place(case, "offer"), text | READ)
    assert (done.status_code, done["Location"]) == (302, f"/authority/cases/{case.number}/")
    assert reloaded(case).status == S.PERFORMING
    entry = last(case)
    assert (entry.step, entry.actor_role) == ("accept_offer", "consumer")
    assert entry.name is not None
    assert (entry.name.name, entry.recorded_by.name) == ("陈试", "瑞试")
    assert entry.data["recorded"] == {"how": "phone", "proof": "LY-2026-0815"}
    assert '"channel":"phone"' in entry.body
    assert verify(number=case.number).is_unbroken
    # The consumer is told at once, and can take it back like any step of their own.
    told = Notice.objects.get(complaint=case, addressee="consumer")
    assert told.body.startswith("工作人员按您说的记下：您接受方案。不是您的意思，请马上拨打12315。")
    assert "可以撤销" in told.body
    mine = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    assert not missing_in(mine, "您（由瑞试代为记录）", "拨打登记的电话，核对了本人，凭证LY-2026-0815")
    assert Matter.objects.filter(complaint=case, kind="undo", state="open").exists()
    with translation.override("en"):
        typed = HOW | {"answer-1": "done", "idempotency_key": "k" * 20}
        english = signed_in(world.rui).post(place(case, "performed"), typed, headers={"accept-language": "en"})
        assert "Read this to the consumer" in shown(english)


def test_what_only_adds_words_is_written_down_at_once_and_told_all_the_same(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, contact_verified=False)
    Notice.objects.all().delete()
    su = signed_in(world.su)
    typed = HOW | {"text": "她说又扣了一次。", "by_how": "counter"}
    assert send(su, place(case, "statement"), typed).status_code == 302
    entry = last(case)
    assert (entry.step, entry.data["recorded"]["how"]) == ("add_statement", "counter")
    assert Notice.objects.filter(complaint=case, addressee="consumer", kind="add_statement").count() == 1
    # Whoever rang the number on file, or saw the person, has proven the contact.
    assert reloaded(case).contact_verified


def test_what_is_missing_is_said_at_its_field_and_no_word_is_taken_from_who_may_not_write_it_down(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    for said, field in (
        ({"by_how": "guess", "by_proof": "1"}, "by_how"),
        ({"by_how": "phone"}, "by_proof"),
        ({"by_how": "phone", "by_proof": "录音"}, "by_proof"),
        ({"by_how": "phone", "by_proof": "9" * 41}, "by_proof"),
    ):
        answer = send(signed_in(world.rui), place(case, "offer"), {"answer": "accept"} | said | READ)
        assert (answer.status_code, f'href="#id_{field}' in shown(answer)) == (422, True)
        assert case.status == S.AWAITING_CONSUMER
    for by in (world.handler, world.consumer, actors.officer([world.far_officer])):
        typed = {"how": "phone"}
        word = actors.on_behalf_of(world.chen.pk, "陈试", case.consumer_key, by=by, channel="phone", recording=typed)
        with pytest.raises(StepNotAllowed):
            given.step(case, consumer.accept_offer(), word, SOON)


def test_each_of_several_speaks_for_themselves_and_a_principal_settles_what_an_agent_may_not(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=JOINT)
    join(case, LI)
    rui = signed_in(world.rui)
    page = shown(rui.get(place(case)))
    assert not missing_in(page, "谁在说", 'href="?for=1"')
    # 赵试 has not come in: nothing can be said in that name.
    assert "?for=2" not in page
    assert rui.get(place(case, "party", 2)).status_code == 409
    assert send(rui, place(case, "party", 1), HOW | READ | {"agrees": "yes"}).status_code == 302
    assert Participant.objects.get(complaint=case, ordinal=1).agreed_offer == 1
    assert last(case).name.name == "李试"
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent())
    rui = signed_in(world.rui)
    page = shown(rui.get(place(case, "offer", 0)))
    assert 'value="accept"' not in page
    assert "委托书没有写明可以和解或放弃" in page
    assert send(rui, place(case, "offer", 0), HOW | READ | {"answer": "accept"}).status_code == 422
    assert send(rui, place(case, "offer", 1), HOW | READ | {"answer": "accept"}).status_code == 302
    entry = last(case)
    assert (entry.step, entry.name.name) == ("accept_offer", "王试")
    assert "acts_for" not in entry.data
