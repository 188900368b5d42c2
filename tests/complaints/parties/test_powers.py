"""A power of attorney is looked at: what it covers holds from then on, and one that proves nothing opens nothing."""

from typing import Any

import pytest

from complaints.handling import WrongInput
from complaints.handling.steps import both, consumer, parties
from complaints.models import Complaint, HandlingStep, Matter, Notice
from complaints.procedure.workflow import Status as S
from tests import given, missing_in
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from tests.complaints.parties.test_parties import SOON, WANG, agent, clock, join

__all__ = ["clock"]

CONFIRM = {"seen": "power_original", "may_settle": True, "valid_until": "2026-11-30"}


def waiting(case: Complaint) -> list[str]:
    return list(Matter.objects.filter(complaint=case, kind="power").values_list("state", flat=True))


def place(case: Complaint, step: str = "") -> str:
    return f"/authority/cases/{case.number}/" + (f"{step}/" if step else "")


def test_a_power_waits_to_be_looked_at_among_the_numbers_of_the_day(world: World) -> None:
    case, other = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=agent()), given.filed(world)
    assert (waiting(case), waiting(other)) == (["open"], [])
    rui = signed_in(world.rui)
    assert "/authority/cases/?waiting=power" in shown(rui.get("/authority/"))
    listed = shown(rui.get("/authority/cases/?waiting=power"))
    assert case.number in listed
    assert other.number not in listed
    assert not missing_in(shown(rui.get(place(case))), "核验委托书", "委托书还没有核验")
    assert "核验委托书" not in shown(rui.get(place(other)))
    assert send(rui, place(other, "power"), {"decision": "refuse", "text": "无"}).status_code == 409


def test_what_was_found_in_it_holds_from_then_on(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent(may_settle=True))
    rui = signed_in(world.rui)
    values = {"decision": "grant", "seen": "power_original", "may_settle": "no", "valid_until": "2026-11-30"}
    values |= {"text": "投诉、代收退款"}
    assert send(rui, place(case, "power"), values).status_code == 302
    case.refresh_from_db()
    assert (str(case.represented_until), case.facts["may_settle"], waiting(case)) == ("2026-11-30", False, ["done"])
    assert given.refused(case, consumer.accept_offer(), world.consumer, SOON) == "no_power"
    given.step(case, consumer.ask_about_offer(text="哪天到账？"), world.consumer, SOON)
    chen = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    assert not missing_in(chen, "核验了委托书", "不能代为和解、放弃或撤回 · 到11月30日（周一）为止")
    told = Notice.objects.get(complaint=case, kind="confirm_power")
    assert (told.addressee, told.subject) == ("consumer", f"【12315】{case.number}：委托书已核验")
    # Whoever answers knows with whom it may settle.
    assert "委托书已核验，不能代为和解" in shown(signed_in(world.ming).get(f"/enterprise/cases/{case.number}/"))


def test_a_refused_power_covers_nothing_but_bringing_a_better_one(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent(may_settle=True))
    rui = signed_in(world.rui)
    assert send(rui, place(case, "power"), {"decision": "refuse", "text": "没有委托人签名。"}).status_code == 302
    case.refresh_from_db()
    answers = (consumer.accept_offer(), consumer.decline_offer(reason="other"), consumer.stop_negotiating())
    for move in (*answers, both.give_publication_consent()):
        assert given.refused(case, move, world.consumer, SOON) == "no_power"
    given.step(case, consumer.add_statement(text="补交签了名的委托书。"), world.consumer, SOON)
    page = shown(signed_in(world.chen).get(f"/cases/{case.number}/"))
    assert not missing_in(page, "没有委托人签名。", "监管部门没有认可这份委托书。")
    assert f"/cases/{case.number}/stop/" not in page
    # The better one is looked at like the first.
    given.step(case, parties.confirm_power(**CONFIRM), world.officer, SOON)
    assert given.step(case, consumer.accept_offer(), world.consumer, SOON).status == S.PERFORMING


def test_the_principals_own_word_makes_looking_needless_and_bad_words_to_the_verb_are_refused(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent())
    join(case, WANG)
    case.refresh_from_db()
    assert waiting(case) == ["done"]
    assert given.refused(case, parties.confirm_power(**CONFIRM), world.officer, SOON) == "power_confirmed"
    assert "核验委托书" not in shown(signed_in(world.rui).get(place(case)))
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=agent())
    for wrong in ({"seen": "x"}, {"valid_until": ""}, {"valid_until": "x"}):
        with pytest.raises(WrongInput):
            given.step(case, parties.confirm_power(**CONFIRM | wrong), world.officer, SOON)


def test_a_representative_without_the_power_reads_why_and_who_can(world: World, clock: Any) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=agent())
    chen = signed_in(world.chen)
    assert "须由委托人本人接受" in shown(chen.get(f"/cases/{case.number}/"))
    page = shown(chen.get(f"/cases/{case.number}/offer/1/"))
    assert 'value="accept"' not in page
    assert not missing_in(page, "您不能代为接受", "委托书没有写明可以和解或放弃。", f"/cases/{case.number}/people/")
    assert not missing_in(page, 'value="decline"', 'value="ask"')
    assert send(chen, f"/cases/{case.number}/offer/1/", {"answer": "accept"}).status_code == 422
    assert not HandlingStep.objects.filter(complaint=case, step="accept_offer").exists()
    given.step(case, both.claim_settled_elsewhere(text="已经退款。"), world.handler, SOON)
    assert f"/cases/{case.number}/settled-elsewhere/" in shown(chen.get(f"/cases/{case.number}/"))
    page = shown(chen.get(f"/cases/{case.number}/settled-elsewhere/"))
    assert 'value="yes"' not in page
    form = {"answer": "no", "text": "没有收到。"}
    assert send(chen, f"/cases/{case.number}/settled-elsewhere/", form).status_code == 302
    assert HandlingStep.objects.filter(complaint=case, step="deny_settled_elsewhere").exists()
