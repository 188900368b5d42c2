"""Triage, the case page, the agreement and two persons, through the authority's doors."""

from typing import Any

import pytest

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints import handling
from complaints.handling.steps import enterprise, proposals, violations
from complaints.models import Complaint, ForwardingDecision, HandlingStep, Matter, OfficialDocument
from complaints.pages.authority import approvals
from complaints.parties import actors
from complaints.procedure.workflow import Status
from tests import found_in, given, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import TEXT, S, ahead, case_at, key, now, officer_of, step_url, workspace
from tests.server import A_REQUEST

#: Who asks 4 (session, person, roles, offices with those below); the case, all that hangs on it, rules and calendar 3;
#: how its documents were served 1, where there are any. The goal is 15.
QUERIES_OF_A_CASE = 4 + 3 + A_REQUEST


@pytest.mark.parametrize("status", [S.REVIEW, S.MEDIATING, S.CLOSED])
def test_the_page_of_a_case_costs_the_same_whatever_happened(
    world: World, status: Status, django_assert_num_queries: Any
) -> None:
    client, case = workspace(world.rui), case_at(world, status)
    client.get(f"/authority/cases/{case.number}/")
    has_documents = OfficialDocument.objects.filter(complaint=case).exists()
    with django_assert_num_queries(QUERIES_OF_A_CASE + has_documents):
        assert client.get(f"/authority/cases/{case.number}/").status_code == 200


# --- triage -------------------------------------------------------------------------------
def suggest(case: Complaint, world: World) -> None:
    """As routing stores it: two candidates, the first of which fits."""
    serves = {"code": "serves", "branch": "中国移动福州分公司", "region": "鼓楼区"}
    first = {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "score": 90, "why": [serves]}
    second = {"enterprise_id": world.telecom.pk, "branch_id": None, "score": 40, "why": []}
    explanation = {"rule": "", "version": None, "confidence": "", "authority_id": None, "is_match": False}
    explanation |= {"why": [{"code": "returned_twice"}], "candidates": [first, second]}
    ForwardingDecision.objects.create(complaint=case, at=now(), verdict="triage", explanation=explanation)


def test_the_first_suggestion_is_one_button_and_another_than_the_first_needs_a_reason(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    suggest(case, world)
    client = workspace(world.su)
    page = client.get(f"/authority/triage/{case.number}/").content.decode()
    for text in ("中国移动福州分公司", "鼓楼区由中国移动福州分公司答复", "案件已被退回两次"):
        assert text in page
    target = f"{world.mobile.pk}-{world.fuzhou.pk}"
    assert f'name="target" value="{target}"' in page
    body = {"target": target} | key()
    for _ in range(2):
        assert client.post(f"/authority/cases/{case.number}/forward/", body)["Location"] == "/authority/triage/"
    assert reloaded(case).status == S.WITH_ENTERPRISE
    assert case.engagements.get().is_supervised
    assert client.get(f"/authority/triage/{case.number}/").status_code == 302
    case = case_at(world, S.TRIAGE, consents={"share_with_enterprise": True})
    typed = {**case.consents, "entities": [world.mobile.pk, world.telecom.pk]}
    Complaint.objects.filter(pk=case.pk).update(consents=typed)
    suggest(case, world)
    client, url = workspace(world.su), f"/authority/cases/{case.number}/forward/"
    answer = client.post(url, {"target": f"{world.telecom.pk}-"} | key())
    assert (answer.status_code, "why" in answer.context["form"].errors) == (422, True)
    values = {"target": f"{world.telecom.pk}-", "why": "consumer_says", "note": "号码已携转到电信。"} | key()
    answer = client.post(url, values)
    assert answer.status_code == 302
    assert reloaded(case).enterprise == world.telecom
    decision = case.decisions.last()
    assert decision.explanation["rank"] == 2
    assert "note" not in decision.explanation, "what somebody wrote is sealed"
    assert "号码已携转到电信。" in client.get(f"/authority/cases/{case.number}/").content.decode()
    assert "号码已携转到电信。" not in workspace(world.hua).get(f"/enterprise/cases/{case.number}/").content.decode()


def test_an_enterprise_is_looked_up_and_without_the_consumers_consent_nothing_goes_there(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    client = workspace(world.su)
    url = f"/authority/cases/{case.number}/forward/"
    result = client.post(url, {"q": "移动", "find": "1"} | key())
    assert result.status_code == 200
    values = [value for value, _words in result.context["form"].fields["target"].choices]
    assert any(value.startswith(f"{world.mobile.pk}-") for value in values)
    assert "没有找到" in client.get(f"{url}?q=查无此企业甲乙丙").content.decode()
    assert client.get(f"/authority/triage/{case.number}/?q=移动").status_code == 200
    assert client.post(url, {"q": "", "target": ""} | key()).status_code == 422
    suggest(case, world)
    chosen = {"target": f"{world.telecom.pk}-", "why": "consumer_says", "note": "号码已携转到电信。"}
    assert client.post(url, chosen | key()).status_code == 409
    assert client.get(f"/authority/cases/{case.number}/ask-consent/").status_code == 200
    asked = client.post(f"/authority/cases/{case.number}/ask-consent/", {"target": f"{world.telecom.pk}-"} | key())
    assert asked.status_code == 302
    assert Matter.objects.get(complaint=case, kind="consent").data["enterprise"] == world.telecom.pk
    assert "正等消费者答复" in client.get(f"/authority/triage/{case.number}/").content.decode()


def test_intake_does_not_decide_and_a_county_does_not_triage(world: World) -> None:
    review, triage = case_at(world, S.REVIEW), case_at(world, S.TRIAGE)
    payload = {"ground": "other_law", "facts": TEXT} | key()
    assert workspace(world.su).post(step_url(review, "refuse"), payload).status_code == 409
    answer = workspace(world.rui).post(step_url(triage, "authority"), {"authority": world.gulou.pk} | key())
    assert answer.status_code == 409
    superior = workspace(officer_of(world, "superior")).get(f"/authority/cases/{review.number}/").content.decode()
    assert "提级办理" in superior
    assert "受理投诉" not in superior


# --- the case and its agreement -----------------------------------------------------------
@pytest.mark.parametrize("status", [s for s in S if s != S.DRAFT])
def test_the_case_page_offers_what_the_table_does(world: World, status: Status) -> None:
    case = case_at(world, status)
    for who in ("officer", "intake", "head", "superior"):
        client = workspace(officer_of(world, who))
        answer = client.get(f"/authority/cases/{case.number}/")
        assert (answer.status_code, 'class="duty"' in answer.content.decode()) == (200, True)
        for _title, buttons in answer.context["groups"]:
            for button in buttons:
                assert client.get(button.url).status_code == 200, button


def test_reports_and_concerns_are_read_by_officers_alone_and_nothing_that_an_enterprise_says_to_itself(
    world: World,
) -> None:
    """What the consumer reported while filing, what an officer split off, what the enterprise thinks suspicious."""
    case = given.a_complaint(world, status=S.NEGOTIATING, report="他们还在偷税。", now=now())
    given.step(case, enterprise.flag_concern(text="像是职业索赔。"), world.handler, now())
    given.step(case, violations.split_report(text="门店无照经营。"), world.officer, now())
    texts = ("他们还在偷税。", "像是职业索赔。", "门店无照经营。")
    for officer in (world.rui, world.su):
        page = workspace(officer).get(f"/authority/cases/{case.number}/").content.decode()
        assert all(word in page for word in texts)
        assert "消费者提交投诉时写明" in page
    for user, path in ((world.chen, "/cases/"), (world.ming, "/enterprise/cases/")):
        page = workspace(user).get(f"{path}{case.number}/").content.decode()
        assert case.number in page
        assert not [word for word in (*texts, "只有监管部门看得到") if word in page]
    # A proposal inside the enterprise is sent back: the reason is between those two.
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now())
    payload = {"reason": "no_agreement", "text": "谈不拢。"}
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, now())
    given.step(case, proposals.propose(move=enterprise.report_failure(**payload)), world.handler, now())
    matter = Matter.objects.get(complaint=case, kind="proposal")
    given.step(case, proposals.send_back(matter_id=matter.pk, text="再打一次电话。"), world.manager, now())
    assert "再打一次电话。" not in workspace(world.rui).get(f"/authority/cases/{case.number}/").content.decode()


ROW = {"rows": "1", "message": "双方同意退款。", "promise-1-kind": "transfer", "promise-1-what": "退款"}
ROW |= {"promise-1-amount": "100", "promise-1-owed_by": "enterprise"}


def test_an_agreement_of_both_becomes_promises(world: World) -> None:
    case = case_at(world, S.MEDIATING)
    Complaint.objects.filter(pk=case.pk).update(consents={**case.consents, "mediation_enterprise": False})
    client, url = workspace(world.rui), step_url(case, "agreement")
    assert "须双方都同意" in client.get(f"/authority/cases/{case.number}/").content.decode()
    assert client.get(url).status_code == 409
    assert client.post(url, ROW | {"promise-1-due_on": ahead(5)} | key()).status_code == 409
    case.save(update_fields=["consents"])
    assert client.get(url).status_code == 200
    more = client.post(url, ROW | {"add": "1"} | key())
    assert (more.status_code, more.context["form"].count) == (200, 2)
    assert "双方同意退款。" in more.content.decode()
    fewer = client.post(url, ROW | {"rows": "2", "promise-2-what": "道歉", "remove": "1"} | key())
    assert fewer.context["form"].count == 1
    assert 'value="道歉"' in fewer.content.decode()
    wrong = client.post(url, ROW | {"promise-1-due_on": "2020-01-01"} | key())
    assert (wrong.status_code, "promise-1-due_on" in wrong.context["form"].errors) == (422, True)
    body = ROW | {"promise-1-due_on": ahead(5)} | key()
    for _ in range(2):
        assert client.post(url, body).status_code == 302
    assert reloaded(case).status == S.PERFORMING
    assert case.obligations.get().what == "退款"


# --- two persons --------------------------------------------------------------------------
def test_a_refusal_is_approved_by_another_and_what_was_written_names_nobody_until_one_says_why(world: World) -> None:
    case = case_at(world, S.REVIEW)
    rui, head = workspace(world.rui), workspace(officer_of(world, "head"))
    values = {"ground": "outside_duty", "facts": TEXT, "body": "12300"}
    assert "提请批准" in rui.get(step_url(case, "refuse")).content.decode()
    assert rui.post(step_url(case, "refuse"), values | key()).status_code == 302
    assert reloaded(case).status == S.REVIEW
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    url = f"/authority/approvals/{proposal.pk}/"
    assert TEXT in head.get("/authority/approvals/").content.decode()
    assert TEXT in head.get(url).content.decode()
    assert "您提请的" in rui.get("/authority/approvals/").content.decode()
    own = rui.post(url, {"decision": "grant"} | key())
    assert (own.status_code, "另一位" in own.content.decode()) == (409, True)
    assert head.post(url, key()).status_code == 422
    assert head.post(url, {"decision": "refuse"} | key()).status_code == 422
    body = {"decision": "grant"} | key()
    for _ in range(2):
        assert head.post(url, body)["Location"] == f"/authority/cases/{case.number}/"
    assert (reloaded(case).status, case.outcome, case.reason) == (S.CLOSED, "refused", "outside_duty")
    steps = ["propose", "approve", "refuse"]
    taken = HandlingStep.objects.filter(complaint=case, step__in=steps).order_by("pk")
    assert list(taken.values_list("step", flat=True)) == steps
    case = case_at(world, S.REVIEW)
    facts = "经回电13800000001，陈试称已与经营者另行和解，另一号码139 0000 5678无人接听。"
    given.step(
        case, proposals.propose(move=handling.MOVES["refuse"](ground="other_law", facts=facts)), world.officer, now()
    )
    url = f"/authority/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"
    head = workspace(officer_of(world, "head"))
    for path in (url, "/authority/approvals/"):
        page = head.get(path).content.decode()
        assert "经回电138****0001，陈**称已与经营者另行和解，另一号码139****5678无人接听。" in page
        assert not found_in(page, "13800000001", "陈试")
    assert head.post(step_url(case, "reveal"), {"reason": "look_identity"} | key()).status_code == 302
    assert facts in head.get(url).content.decode()


def test_a_proposal_goes_back_with_the_reason_and_what_cannot_be_done_is_not_half_approved(world: World) -> None:
    case = case_at(world, S.MEDIATING)
    rui, head = workspace(world.rui), workspace(officer_of(world, "head"))
    values = {"ground": "other_law", "facts": TEXT}
    assert rui.post(step_url(case, "terminate"), values | key()).status_code == 302
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    back = head.post(f"/authority/approvals/{proposal.pk}/", {"decision": "refuse", "text": "理由不够。"} | key())
    assert back.status_code == 302
    proposal.refresh_from_db()
    assert (proposal.state, reloaded(case).status) == ("refused", S.MEDIATING)
    assert head.get(f"/authority/approvals/{proposal.pk}/").status_code == 302
    assert rui.post(step_url(case, "terminate"), values | key()).status_code == 302
    # Approval and step stand or fall together: as if the second had been proposed on the sixtieth day, and the count
    # had been put right since.
    proposal = Matter.objects.get(complaint=case, kind="proposal", state="open")
    proposal.data = {**proposal.data, "payload": values | {"ground": "sixty_days"}}
    proposal.save()
    answer = head.post(f"/authority/approvals/{proposal.pk}/", {"decision": "grant"} | key())
    assert answer.status_code in (409, 422)
    proposal.refresh_from_db()
    assert (proposal.state, reloaded(case).status) == ("open", S.MEDIATING)
    assert not HandlingStep.objects.filter(complaint=case, step="approve").exists()


def test_two_who_sign_at_the_same_moment_leave_no_signed_referral_that_never_goes_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both opened it while two signatures were missing."""
    case = case_at(world, S.REVIEW)
    given.step(case, proposals.propose(move=handling.MOVES["refer_to_police"](text=TEXT)), world.officer, now())
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    colleague = User.objects.create(email="other@example.com", name="林试")
    other = actors.officer([Officer.objects.create(user=colleague, authority=world.gulou, role=Role.OFFICER.post)])
    counted = approvals.proposals_of

    def and_then_the_other_signs(*args: Any) -> Any:
        result = counted(*args)
        monkeypatch.setattr(approvals, "proposals_of", counted)
        given.step(case, proposals.approve(matter_id=proposal.pk), other, now())
        return result

    monkeypatch.setattr(approvals, "proposals_of", and_then_the_other_signs)
    url, head = f"/authority/approvals/{proposal.pk}/", workspace(officer_of(world, "head"))
    answer = head.post(url, {"decision": "grant"} | key())
    assert (answer.status_code, "重新打开再签" in answer.content.decode()) == (409, True)
    assert reloaded(proposal).state == "open"
    assert head.post(url, {"decision": "grant"} | key()).status_code == 302
    assert HandlingStep.objects.filter(complaint=case, step="refer_to_police").exists()


def test_an_authority_above_urges_recalls_and_takes_up_and_the_one_that_has_it_answers(world: World) -> None:
    case = case_at(world, S.REVIEW)
    above, client = workspace(officer_of(world, "superior")), workspace(world.rui)
    assert "答复督办" not in client.get(f"/authority/cases/{case.number}/").content.decode()
    values = {"text": TEXT, "last_day": ahead(3)}
    assert above.post(step_url(case, "urge"), values | key()).status_code == 302
    assert "答复督办" in client.get(f"/authority/cases/{case.number}/").content.decode()
    assert client.post(step_url(case, "answer"), {"text": TEXT} | key()).status_code == 302
    assert not Matter.objects.filter(complaint=case, kind="urge", state="open").exists()
    case, above = case_at(world, S.NEGOTIATING), workspace(officer_of(world, "superior"))
    assert above.post(step_url(case, "recall"), {"text": TEXT} | key()).status_code == 302
    assert (reloaded(case).status, case.handling_authority) == (S.REVIEW, world.gulou)
    assert above.post(step_url(case, "accept"), key()).status_code == 409
    assert above.post(step_url(case, "take-up"), {"text": TEXT} | key()).status_code == 302
    assert workspace(world.rui).post(step_url(case, "accept"), key()).status_code == 409
    assert above.post(step_url(case, "accept"), key()).status_code == 302
    assert (reloaded(case).status, case.handling_authority) == (S.MEDIATING, world.city)
