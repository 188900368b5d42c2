"""Triage of one and of many, the case page, the agreement and two persons, on the pages of the authority."""

from typing import Any

from accounts.sign_in import seats
from complaints import handling
from complaints.handling.steps import authority, both, enterprise, jurisdiction, proposals, violations
from complaints.models import Complaint, ForwardingDecision, HandlingStep, Matter, OfficialDocument
from complaints.pages.authority import approvals
from complaints.parties import actors
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_home import steps_of
from tests.complaints.pages.at_the_authority import TEXT, S, ahead, case_at, now, step_url
from tests.complaints.pages.at_the_desk import an_officer, approval, checked, key, officer_of, shown, signed_in
from tests.server import A_REQUEST

#: Who asks 3 (session with person, roles, offices with those below); the case, all that hangs on it, rules and calendar
#: 3; how its documents were served 1, where there are any. The goal is 15.
QUERIES_OF_A_CASE = 3 + 3 + A_REQUEST


def test_the_page_of_a_case_costs_the_same_whatever_happened(world: World, django_assert_num_queries: Any) -> None:
    client = signed_in(world.rui)
    for status in (S.REVIEW, S.MEDIATING, S.CLOSED):
        case = case_at(world, status)
        client.get(home(case))
        has_documents = OfficialDocument.objects.filter(complaint=case).exists()
        with django_assert_num_queries(QUERIES_OF_A_CASE + has_documents):
            assert client.get(home(case)).status_code == 200


def home(case: Complaint) -> str:
    return f"/authority/cases/{case.number}/"


def suggest(world: World, case: Complaint) -> None:
    """As routing stores it: two candidates, the first of which fits."""
    serves = {"code": "serves", "branch": "中国移动福州分公司", "region": "鼓楼区"}
    first = {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "score": 90, "why": [serves]}
    second = {"enterprise_id": world.telecom.pk, "branch_id": None, "score": 40, "why": []}
    explanation = given.BECAUSE | {"confidence": "", "authority_id": None, "is_match": False}
    explanation |= {"why": [{"code": "returned_twice"}], "candidates": [first, second]}
    ForwardingDecision.objects.create(complaint=case, at=now(), verdict="triage", explanation=explanation)


def test_the_first_suggestion_is_one_button_and_another_than_the_first_needs_a_reason(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    suggest(world, case)
    client = signed_in(world.su)
    page = shown(client.get(f"/authority/triage/{case.number}/"))
    assert not missing_in(page, "中国移动福州分公司", "鼓楼区由中国移动福州分公司答复", "案件已被退回两次")
    target = f"{world.mobile.pk}-{world.fuzhou.pk}"
    assert f'name="target" value="{target}"' in page
    body, back = {"target": target} | key(), f"/authority/triage/?sent={case.number}"
    for _ in range(2):
        assert client.post(f"/authority/cases/{case.number}/forward/", body)["Location"] == back
    assert reloaded(case).status == S.WITH_ENTERPRISE
    assert case.engagements.get().is_supervised
    assert client.get(f"/authority/triage/{case.number}/").status_code == 302
    case = case_at(world, S.TRIAGE, consents={"share_with_enterprise": True})
    typed = {**case.consents, "entities": [world.mobile.pk, world.telecom.pk]}
    Complaint.objects.filter(pk=case.pk).update(consents=typed)
    suggest(world, case)
    url = f"/authority/cases/{case.number}/forward/"
    answer = client.post(url, {"target": f"{world.telecom.pk}-"} | key())
    assert (answer.status_code, "why" in answer.context["form"].errors) == (422, True)
    values = {"target": f"{world.telecom.pk}-", "why": "consumer_says", "note": "号码已携转到电信。"} | key()
    assert client.post(url, values).status_code == 302
    assert reloaded(case).enterprise == world.telecom
    explanation = case.decisions.last().explanation
    assert (explanation["rank"], "note" in explanation) == (2, False), "what somebody wrote is sealed"
    assert "号码已携转到电信。" in shown(client.get(home(case)))
    assert "号码已携转到电信。" not in shown(signed_in(world.hua).get(f"/enterprise/cases/{case.number}/"))


def test_an_enterprise_is_looked_up_and_without_the_consumers_consent_nothing_goes_there(world: World) -> None:
    case, client = case_at(world, S.TRIAGE), signed_in(world.su)
    url = f"/authority/cases/{case.number}/forward/"
    result = client.post(url, {"q": "移动", "find": "1"} | key())
    assert result.status_code == 200
    values = [value for value, _words in result.context["form"].fields["target"].choices]
    assert any(value.startswith(f"{world.mobile.pk}-") for value in values)
    assert "没有找到" in shown(client.get(f"{url}?q=查无此企业甲乙丙"))
    assert client.get(f"/authority/triage/{case.number}/?q=移动").status_code == 200
    assert client.post(url, {"q": "", "target": ""} | key()).status_code == 422
    suggest(world, case)
    chosen = {"target": f"{world.telecom.pk}-", "why": "consumer_says", "note": "号码已携转到电信。"}
    assert client.post(url, chosen | key()).status_code == 409
    assert client.get(step_url(case, "ask-consent")).status_code == 200
    target = {"target": f"{world.telecom.pk}-"}
    assert client.post(step_url(case, "ask-consent"), target | key()).status_code == 302
    assert Matter.objects.get(complaint=case, kind="consent").data["enterprise"] == world.telecom.pk
    assert "正等消费者答复" in shown(client.get(f"/authority/triage/{case.number}/"))


def test_intake_does_not_decide_and_a_county_does_not_triage(world: World) -> None:
    review, triage = case_at(world, S.REVIEW), case_at(world, S.TRIAGE)
    payload = {"ground": "other_law", "facts": TEXT} | key()
    assert signed_in(world.su).post(step_url(review, "refuse"), payload).status_code == 409
    typed = {"authority": world.gulou.pk} | key()
    assert signed_in(world.rui).post(step_url(triage, "authority"), typed).status_code == 409
    superior = checked(signed_in(officer_of(world, "superior")).get(home(review)), 200, "提级办理")
    assert "受理投诉" not in superior


def test_the_case_page_offers_what_the_table_does(world: World) -> None:
    for status in (status for status in S if status != S.DRAFT):
        case = case_at(world, status)
        for who in ("officer", "intake", "head", "superior"):
            client = signed_in(officer_of(world, who))
            answer = client.get(home(case))
            assert (answer.status_code, 'class="duty"' in shown(answer)) == (200, True)
            for _title, buttons in answer.context["groups"]:
                for button in buttons:
                    assert client.get(button.url).status_code == 200, button


def test_reports_and_concerns_are_read_by_officers_alone_and_no_word_within_an_enterprise(world: World) -> None:
    """What the consumer reported while filing, what an officer split off, what the enterprise thinks suspicious."""
    case = given.a_complaint(world, status=S.NEGOTIATING, report="他们还在偷税。", now=now())
    given.step(case, enterprise.flag_concern(text="像是职业索赔。"), world.handler, now())
    given.step(case, violations.split_report(text="门店无照经营。"), world.officer, now())
    texts = ("他们还在偷税。", "像是职业索赔。", "门店无照经营。")
    for officer in (world.rui, world.su):
        checked(signed_in(officer).get(home(case)), 200, *texts, "消费者提交投诉时写明")
    for user, path in ((world.chen, "/cases/"), (world.ming, "/enterprise/cases/")):
        page = checked(signed_in(user).get(f"{path}{case.number}/"), 200, case.number)
        assert not found_in(page, *texts, "只有监管部门看得到")
    # A proposal inside the enterprise is sent back: the reason is between those two.
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now())
    payload = {"reason": "no_agreement", "text": "谈不拢。"}
    given.step(case, enterprise.log_contact(channel="phone", reached=True, note="谈过。"), world.handler, now())
    given.step(case, proposals.propose(move=enterprise.report_failure(**payload)), world.handler, now())
    matter = Matter.objects.get(complaint=case, kind="proposal")
    given.step(case, proposals.send_back(matter_id=matter.pk, text="再打一次电话。"), world.manager, now())
    assert "再打一次电话。" not in shown(signed_in(world.rui).get(home(case)))


ROW = {"rows": "1", "message": "双方同意退款。", "promise-1-kind": "transfer", "promise-1-what": "退款"}


ROW |= {"promise-1-amount": "100", "promise-1-owed_by": "enterprise"}


def test_an_agreement_of_both_becomes_promises(world: World) -> None:
    case = case_at(world, S.MEDIATING)
    Complaint.objects.filter(pk=case.pk).update(consents={**case.consents, "mediation_enterprise": False})
    client, url = signed_in(world.rui), step_url(case, "agreement")
    assert "须双方都同意" in shown(client.get(home(case)))
    assert client.get(url).status_code == 409
    assert client.post(url, ROW | {"promise-1-due_on": ahead(5)} | key()).status_code == 409
    case.save(update_fields=["consents"])
    assert client.get(url).status_code == 200
    fewer = {"rows": "2", "promise-2-what": "道歉", "remove": "1"}
    for typed, count, text in (({"add": "1"}, 2, "双方同意退款。"), (fewer, 1, 'value="道歉"')):
        answer = client.post(url, ROW | typed | key())
        checked(answer, 200, text)
        assert answer.context["form"].count == count
    wrong = client.post(url, ROW | {"promise-1-due_on": "2020-01-01"} | key())
    assert (wrong.status_code, "promise-1-due_on" in wrong.context["form"].errors) == (422, True)
    body = ROW | {"promise-1-due_on": ahead(5)} | key()
    for _ in range(2):
        assert client.post(url, body).status_code == 302
    assert reloaded(case).status == S.PERFORMING
    assert case.obligations.get().what == "退款"


def test_a_refusal_is_approved_by_another_and_what_was_written_names_nobody_until_one_says_why(world: World) -> None:
    case = case_at(world, S.REVIEW)
    rui, head = signed_in(world.rui), signed_in(officer_of(world, "head"))
    values = {"ground": "outside_duty", "facts": TEXT, "body": "12300"}
    assert "提请批准" in shown(rui.get(step_url(case, "refuse")))
    assert rui.post(step_url(case, "refuse"), values | key()).status_code == 302
    assert reloaded(case).status == S.REVIEW
    url = approval(case)
    for path in (url, "/authority/approvals/"):
        assert TEXT in shown(head.get(path))
    assert "您提请的" in shown(rui.get("/authority/approvals/"))
    checked(rui.post(url, {"decision": "grant"} | key()), 409, "另一位")
    for typed in ({}, {"decision": "refuse"}):
        assert head.post(url, typed | key()).status_code == 422
    body = {"decision": "grant"} | key()
    for _ in range(2):
        assert head.post(url, body)["Location"] == f"/authority/cases/{case.number}/"
    assert (reloaded(case).status, case.outcome, case.reason) == (S.CLOSED, "refused", "outside_duty")
    steps = ["propose", "approve", "refuse"]
    assert [step for step in steps_of(case) if step in steps] == steps
    case = case_at(world, S.REVIEW)
    facts = "经回电13800000001，陈试称已与经营者另行和解，另一号码139 0000 5678无人接听。"
    refusal = handling.MOVES["refuse"](ground="other_law", facts=facts)
    given.step(case, proposals.propose(move=refusal), world.officer, now())
    url = f"/authority/approvals/{Matter.objects.get(complaint=case, kind='proposal').pk}/"
    for path in (url, "/authority/approvals/"):
        page = shown(head.get(path))
        assert "经回电138****0001，陈**称已与经营者另行和解，另一号码139****5678无人接听。" in page
        assert not found_in(page, "13800000001", "陈试")
    assert head.post(step_url(case, "reveal"), {"reason": "look_identity"} | key()).status_code == 302
    assert facts in shown(head.get(url))


def test_a_proposal_goes_back_with_the_reason_and_what_cannot_be_done_is_not_half_approved(world: World) -> None:
    case = case_at(world, S.MEDIATING)
    rui, head = signed_in(world.rui), signed_in(officer_of(world, "head"))
    values = {"ground": "other_law", "facts": TEXT}
    assert rui.post(step_url(case, "terminate"), values | key()).status_code == 302
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    url = approval(case)
    assert head.post(url, {"decision": "refuse", "text": "理由不够。"} | key()).status_code == 302
    assert (reloaded(proposal).state, reloaded(case).status) == ("refused", S.MEDIATING)
    assert head.get(url).status_code == 302
    assert rui.post(step_url(case, "terminate"), values | key()).status_code == 302
    # Approval and step stand or fall together: as if the second had been proposed on the sixtieth day, and the count
    # had been put right since.
    proposal = Matter.objects.get(complaint=case, kind="proposal", state="open")
    proposal.data = {**proposal.data, "payload": values | {"ground": "sixty_days"}}
    proposal.save()
    assert head.post(f"/authority/approvals/{proposal.pk}/", {"decision": "grant"} | key()).status_code in (409, 422)
    assert (reloaded(proposal).state, reloaded(case).status) == ("open", S.MEDIATING)
    assert not HandlingStep.objects.filter(complaint=case, step="approve").exists()


def test_two_who_sign_at_the_same_moment_leave_no_referral_that_never_goes_out(world: World, monkeypatch: Any) -> None:
    """Both opened it while two signatures were missing."""
    case = case_at(world, S.REVIEW)
    given.step(case, proposals.propose(move=handling.MOVES["refer_to_police"](text=TEXT)), world.officer, now())
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    other = actors.officer([an_officer(world)])
    counted = approvals.proposals_of

    def and_then_the_other_signs(*args: Any) -> Any:
        result = counted(*args)
        monkeypatch.setattr(approvals, "proposals_of", counted)
        with seats.at_work_in(None):
            given.step(case, proposals.approve(matter_id=proposal.pk), other, now())
        return result

    monkeypatch.setattr(approvals, "proposals_of", and_then_the_other_signs)
    url, head = f"/authority/approvals/{proposal.pk}/", signed_in(officer_of(world, "head"))
    checked(head.post(url, {"decision": "grant"} | key()), 409, "重新打开再签")
    assert reloaded(proposal).state == "open"
    assert head.post(url, {"decision": "grant"} | key()).status_code == 302
    assert HandlingStep.objects.filter(complaint=case, step="refer_to_police").exists()


def test_an_authority_above_urges_recalls_and_takes_up_and_the_one_that_has_it_answers(world: World) -> None:
    case = case_at(world, S.REVIEW)
    above, client = signed_in(officer_of(world, "superior")), signed_in(world.rui)
    assert "答复督办" not in shown(client.get(home(case)))
    values = {"text": TEXT, "last_day": ahead(3)}
    assert above.post(step_url(case, "urge"), values | key()).status_code == 302
    assert "答复督办" in shown(client.get(home(case)))
    assert client.post(step_url(case, "answer"), {"text": TEXT} | key()).status_code == 302
    assert not Matter.objects.filter(complaint=case, kind="urge", state="open").exists()
    case = case_at(world, S.NEGOTIATING)
    assert above.post(step_url(case, "recall"), {"text": TEXT} | key()).status_code == 302
    assert (reloaded(case).status, case.handling_authority) == (S.REVIEW, world.gulou)
    assert above.post(step_url(case, "accept"), key()).status_code == 409
    assert above.post(step_url(case, "take-up"), {"text": TEXT} | key()).status_code == 302
    assert signed_in(world.rui).post(step_url(case, "accept"), key()).status_code == 409
    assert above.post(step_url(case, "accept"), key()).status_code == 302
    assert (reloaded(case).status, case.handling_authority) == (S.MEDIATING, world.city)


def waiting(world: World, n: int = 1, **changes: Any) -> list[Complaint]:
    cases = [case_at(world, S.TRIAGE, **changes) for _ in range(n)]
    for case in cases:
        suggest(world, case)
    return cases


def send(client: Any, cases: list[Complaint], **more: str) -> Any:
    return client.post("/authority/triage/", {"case": [case.number for case in cases], "target": "own"} | key() | more)


def statuses(cases: list[Complaint]) -> list[str]:
    return [Complaint.objects.get(pk=case.pk).status for case in cases]


def test_each_goes_to_its_own_first_suggestion_once_and_what_is_refused_hinders_nobody(world: World) -> None:
    cases, client = waiting(world, 3), signed_in(world.su)
    assert "各自的第一个建议" in shown(client.get("/authority/triage/"))
    body = {"case": [case.number for case in cases] + [cases[0].number], "target": "own"} | key()
    for _ in range(2):
        checked(client.post("/authority/triage/", body), 200, "已分送3件")
    assert statuses(cases) == [S.WITH_ENTERPRISE] * 3
    assert HandlingStep.objects.filter(complaint__in=cases, step="forward").count() == 3
    assert all(case.engagements.get().is_supervised for case in cases)
    good, moved, twice, no = waiting(world, 4)
    given.step(moved, authority.assign_authority(authority_id=world.gulou.pk), world.intake, now())
    Complaint.objects.filter(pk=twice.pk).update(returns=2)
    typed = {"share_with_enterprise": True, "named_entity": world.telecom.pk}
    Complaint.objects.filter(pk=no.pk).update(consents=typed)
    foreign = case_at(world, S.TRIAGE)
    Complaint.objects.filter(pk=foreign.pk).update(handling_region=110101000)
    answer = send(signed_in(world.su), [good, moved, twice, no, foreign])
    page = shown(answer)
    assert answer.context["run"].done == [good.number]
    assert not missing_in(page, "已是“待受理审查”", "须人工决定", "没有同意转给这家企业", "不在您的辖区")
    assert statuses([moved, twice, no, foreign]) == [S.REVIEW, S.TRIAGE, S.TRIAGE, S.TRIAGE]


def test_another_target_takes_a_reason_in_the_entry_and_who_said_no_goes_to_the_authority(world: World) -> None:
    cases, client = waiting(world, 2), signed_in(world.su)
    target = f"a{world.gulou.pk}"
    asked = send(client, cases, target=target)
    assert (asked.status_code, "why" in asked.context["form"].errors) == (422, True)
    assert send(client, cases, target=target, why="not_for_enterprise").status_code == 200
    assert statuses(cases) == [S.REVIEW] * 2
    for entry in HandlingStep.objects.filter(complaint__in=cases, step="assign_authority"):
        assert entry.data["suggested"].startswith(f"{world.mobile.pk}-")
        assert (entry.data["chosen"], entry.data["reason"]) == (target, "not_for_enterprise")
    (case,) = waiting(world, consents={"share_with_enterprise": False})
    send(signed_in(world.su), [case])
    assert (reloaded(case).status, case.handling_authority) == (S.REVIEW, world.gulou)


def test_the_page_says_who_distributes_who_gave_it_back_and_to_whom_the_consumer_agreed(world: World) -> None:
    case, client = waiting(world)[0], signed_in(world.rui)
    text = "由福州市市场监督管理局的分送人员分送，您可以看案情和建议。"
    page = shown(client.get(f"/authority/triage/{case.number}/"))
    assert text in page
    assert "查找其他企业" not in page
    assert "由分送人员分送，您可以看。" in shown(client.get("/authority/triage/"))
    sender = signed_in(world.su)
    assert text not in shown(sender.get(f"/authority/triage/{case.number}/"))
    assert "由分送人员分送，您可以看。" not in shown(sender.get("/authority/triage/"))
    case = case_at(world, S.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="not_customer", text="不是本企业的用户。"), world.handler, now())
    page = shown(signed_in(world.su).get(f"/authority/triage/{case.number}/"))
    assert not missing_in(page, "已被退回1次：中国移动福州分公司（不是本企业的消费者）", f"同意转给{world.mobile.name}")
    given.step(case, authority.ask_consent(enterprise_id=world.telecom.pk), world.intake, now())
    given.step(case, both.give_consent(), world.consumer, now())
    page = shown(signed_in(world.su).get(f"/authority/triage/{case.number}/"))
    assert f"同意转给{world.mobile.name}、{world.telecom.name}" in page


def test_only_who_distributes_does_it_and_odd_targets_are_asked_again(world: World) -> None:
    (case,) = waiting(world)
    for who in ("officer", "head", "superior"):
        assert send(signed_in(officer_of(world, who)), [case]).context["run"].done == []
        assert statuses([case]) == [S.TRIAGE]
    client = signed_in(world.su)
    assert send(client, []).status_code == 422
    for odd in ("", "x", "a0x", "-", "a99999999999999999999"):
        assert send(client, [case], target=odd).status_code == 422
    assert send(client, [case], target="999999999-", why="other_entity").context["run"].done == []
    assert statuses([case]) == [S.TRIAGE]
    # A second officer is told that it moved.
    forward = authority.forward(enterprise_id=world.mobile.pk, branch_id=None, because=given.BECAUSE)
    given.step(case, forward, world.intake, now())
    assert "已是“待企业受理”" in shown(send(client, [case]))


def test_more_than_go_at_once_are_said_on_the_page_and_what_was_typed_stays(world: World) -> None:
    (case,) = waiting(world)
    client, chosen = signed_in(world.su), [case.number, *(f"2026{nth:05d}" for nth in range(500))]
    answer = client.post("/authority/triage/", {"case": chosen, "target": "own", "note": "请尽快。"} | key())
    page = shown(answer)
    assert answer.status_code == 422
    assert not missing_in(page, "一次最多分送500件", "请尽快。", f'value="{case.number}" checked')
    urged = client.post("/authority/urges/new/", {"case": chosen, "text": "请尽快答复。", "last_day": ahead(3)} | key())
    assert (urged.status_code, "一次最多督办50件" in shown(urged)) == (422, True)
    assert "请尽快答复。" in shown(urged)
    endless = client.post("/authority/triage/", {"case": [str(nth) for nth in range(2001)], "target": "own"} | key())
    assert (endless.status_code, "请分几次办理" in shown(endless)) == (413, True)
    assert statuses([case]) == [S.TRIAGE]


def test_the_list_shows_suggestion_and_signals_and_cases_are_linked_all_or_none(world: World) -> None:
    first, second = waiting(world, 2)
    assert not missing_in(shown(signed_in(world.su).get("/authority/triage/")), "中国移动福州分公司", "疑似重复")
    forward = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)
    given.step(second, forward, world.intake, now())
    for person, path in ((world.chen, f"/cases/{second.number}/"), (world.ming, f"/enterprise/cases/{second.number}/")):
        assert not found_in(shown(signed_in(person).get(path)), "疑似重复", "第十七条")
    assert first.number
    first, second = waiting(world, 2)
    client, url = signed_in(world.su), f"/authority/cases/{second.number}/together/"
    assert first.number in shown(client.get(f"{url}?with={first.number}"))
    for odd in ("", "NONE-000000", f"{first.number} NONE-000000"):
        assert client.post(url, {"numbers": odd, "how": "link_cases"} | key()).status_code == 422
    assert client.post(url, {"numbers": first.number, "how": "join_cases"} | key()).status_code == 422
    body = {"numbers": first.number, "how": "link_cases"} | key()
    for _ in range(2):
        assert client.post(url, body).status_code == 302
    assert HandlingStep.objects.filter(complaint__in=[first, second], step="link_cases").count() == 2


def test_disputes_are_listed_for_both_and_decided_from_above(world: World) -> None:
    case = case_at(world, S.REVIEW)
    county, city = signed_in(world.rui), signed_in(officer_of(world, "superior"))
    assert case.number not in shown(county.get("/authority/jurisdiction/"))
    given.step(case, jurisdiction.dispute_jurisdiction(text="登记地在仓山区。"), world.officer, now())
    assert not missing_in(shown(county.get("/authority/jurisdiction/")), case.number, "等上级指定")
    assert f"/authority/cases/{case.number}/designate/" in shown(city.get("/authority/jurisdiction/"))
    assert county.get(f"/authority/cases/{case.number}/designate/").status_code == 409
    assert signed_in(officer_of(world, "far")).get("/authority/jurisdiction/").context["lines"] == []
