"""Distributing many cases at once: each for itself, with what came of it, once."""

from typing import Any

from complaints.handling.steps import authority, both, enterprise, jurisdiction
from complaints.models import Complaint, HandlingStep
from tests import found_in, given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import S, ahead, case_at, key, now, officer_of, workspace
from tests.complaints.pages.at_the_desk import shown
from tests.complaints.pages.authority.test_authority_cases import suggest


def waiting(world: World, n: int = 1, **changes: Any) -> list[Complaint]:
    cases = [case_at(world, S.TRIAGE, **changes) for _ in range(n)]
    for case in cases:
        suggest(case, world)
    return cases


def send(client: Any, cases: list[Complaint], **more: str) -> Any:
    return client.post("/authority/triage/", {"case": [case.number for case in cases], "target": "own"} | key() | more)


def statuses(cases: list[Complaint]) -> list[str]:
    return [Complaint.objects.get(pk=case.pk).status for case in cases]


def test_each_goes_to_its_own_first_suggestion_once(world: World) -> None:
    cases, client = waiting(world, 3), workspace(world.su)
    assert "各自的第一个建议" in client.get("/authority/triage/").content.decode()
    body = {"case": [case.number for case in cases] + [cases[0].number], "target": "own"} | key()
    for _ in range(2):
        answer = client.post("/authority/triage/", body)
        assert (answer.status_code, "已分送3件" in answer.content.decode()) == (200, True)
    assert statuses(cases) == [S.WITH_ENTERPRISE] * 3
    assert HandlingStep.objects.filter(complaint__in=cases, step="forward").count() == 3
    assert all(case.engagements.get().is_supervised for case in cases)


def test_what_is_refused_says_why_and_hinders_nobody(world: World) -> None:
    good, moved, twice, no = waiting(world, 4)
    given.step(moved, authority.assign_authority(authority_id=world.gulou.pk), world.intake, now())
    Complaint.objects.filter(pk=twice.pk).update(returns=2)
    typed = {"share_with_enterprise": True, "named_entity": world.telecom.pk}
    Complaint.objects.filter(pk=no.pk).update(consents=typed)
    foreign = case_at(world, S.TRIAGE)
    Complaint.objects.filter(pk=foreign.pk).update(handling_region=110101000)
    answer = send(workspace(world.su), [good, moved, twice, no, foreign])
    page = answer.content.decode()
    assert answer.context["run"].done == [good.number]
    for text in ("已是“待受理审查”", "须人工决定", "没有同意转给这家企业", "不在您的辖区"):
        assert text in page
    assert statuses([moved, twice, no, foreign]) == [S.REVIEW, S.TRIAGE, S.TRIAGE, S.TRIAGE]


def test_another_target_takes_a_reason_in_the_entry_and_who_said_no_goes_to_the_authority(world: World) -> None:
    cases, client = waiting(world, 2), workspace(world.su)
    target = f"a{world.gulou.pk}"
    asked = send(client, cases, target=target)
    assert (asked.status_code, "why" in asked.context["form"].errors) == (422, True)
    assert send(client, cases, target=target, why="not_for_enterprise").status_code == 200
    assert statuses(cases) == [S.REVIEW] * 2
    for entry in HandlingStep.objects.filter(complaint__in=cases, step="assign_authority"):
        assert entry.data["suggested"].startswith(f"{world.mobile.pk}-")
        assert (entry.data["chosen"], entry.data["reason"]) == (target, "not_for_enterprise")
    (case,) = waiting(world, consents={"share_with_enterprise": False})
    send(workspace(world.su), [case])
    assert (reloaded(case).status, case.handling_authority) == (S.REVIEW, world.gulou)


def test_the_page_says_who_distributes_who_gave_it_back_and_to_whom_the_consumer_agreed(world: World) -> None:
    case, client = waiting(world)[0], workspace(world.rui)
    text = "由福州市市场监督管理局的分送人员分送，您可以看案情和建议。"
    page = shown(client.get(f"/authority/triage/{case.number}/"))
    assert text in page
    assert "查找其他企业" not in page
    assert "由分送人员分送，您可以看。" in shown(client.get("/authority/triage/"))
    sender = workspace(world.su)
    assert text not in shown(sender.get(f"/authority/triage/{case.number}/"))
    assert "由分送人员分送，您可以看。" not in shown(sender.get("/authority/triage/"))
    case = case_at(world, S.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="not_customer", text="不是本企业的用户。"), world.handler, now())
    page = shown(workspace(world.su).get(f"/authority/triage/{case.number}/"))
    assert "已被退回1次：中国移动福州分公司（不是本企业的消费者）" in page
    assert f"同意转给{world.mobile.name}" in page
    given.step(case, authority.ask_consent(enterprise_id=world.telecom.pk), world.intake, now())
    given.step(case, both.give_consent(), world.consumer, now())
    page = shown(workspace(world.su).get(f"/authority/triage/{case.number}/"))
    assert f"同意转给{world.mobile.name}、{world.telecom.name}" in page


def test_only_who_distributes_does_it_and_odd_targets_are_asked_again(world: World) -> None:
    (case,) = waiting(world)
    for who in ("officer", "head", "superior"):
        assert send(workspace(officer_of(world, who)), [case]).context["run"].done == []
        assert statuses([case]) == [S.TRIAGE]
    client = workspace(world.su)
    assert send(client, []).status_code == 422
    for odd in ("", "x", "a0x", "-", "a99999999999999999999"):
        assert send(client, [case], target=odd).status_code == 422
    assert send(client, [case], target="999999999-", why="other_entity").context["run"].done == []
    assert statuses([case]) == [S.TRIAGE]
    # A second officer is told that it moved.
    forward = authority.forward(enterprise_id=world.mobile.pk, branch_id=None, because=given.BECAUSE)
    given.step(case, forward, world.intake, now())
    assert "已是“待企业受理”" in send(client, [case]).content.decode()


def test_more_than_go_at_once_are_said_on_the_page_and_what_was_typed_stays(world: World) -> None:
    (case,) = waiting(world)
    client = workspace(world.su)
    chosen = [case.number, *(f"2026{nth:05d}" for nth in range(500))]
    answer = client.post("/authority/triage/", {"case": chosen, "target": "own", "note": "请尽快。"} | key())
    page = answer.content.decode()
    assert answer.status_code == 422
    assert not missing_in(page, "一次最多分送500件", "请尽快。", f'value="{case.number}" checked')
    urged = client.post("/authority/urges/new/", {"case": chosen, "text": "请尽快答复。", "last_day": ahead(3)} | key())
    assert (urged.status_code, "一次最多督办200件" in urged.content.decode()) == (422, True)
    assert "请尽快答复。" in urged.content.decode()
    endless = client.post("/authority/triage/", {"case": [str(nth) for nth in range(2001)], "target": "own"} | key())
    assert (endless.status_code, "请分几次办理" in endless.content.decode()) == (413, True)
    assert statuses([case]) == [S.TRIAGE]


def test_the_list_shows_suggestion_and_signals_and_no_party_sees_one(world: World) -> None:
    first, second = waiting(world, 2)
    page = workspace(world.su).get("/authority/triage/").content.decode()
    assert not missing_in(page, "中国移动福州分公司", "疑似重复")
    forward = authority.forward(enterprise_id=world.mobile.pk, branch_id=world.fuzhou.pk, because=given.BECAUSE)
    given.step(second, forward, world.intake, now())
    for person, path in ((world.chen, f"/cases/{second.number}/"), (world.ming, f"/enterprise/cases/{second.number}/")):
        page = workspace(person).get(path).content.decode()
        assert not found_in(page, "疑似重复", "第十七条")
    assert first.number


def test_linked_from_the_page_all_or_none(world: World) -> None:
    first, second = waiting(world, 2)
    client, url = workspace(world.su), f"/authority/cases/{second.number}/together/"
    assert first.number in client.get(f"{url}?with={first.number}").content.decode()
    for odd in ("", "NONE-000000", f"{first.number} NONE-000000"):
        assert client.post(url, {"numbers": odd, "how": "link_cases"} | key()).status_code == 422
    assert client.post(url, {"numbers": first.number, "how": "join_cases"} | key()).status_code == 422
    body = {"numbers": first.number, "how": "link_cases"} | key()
    for _ in range(2):
        assert client.post(url, body).status_code == 302
    assert HandlingStep.objects.filter(complaint__in=[first, second], step="link_cases").count() == 2


def test_disputes_are_listed_for_both_and_decided_from_above(world: World) -> None:
    case = case_at(world, S.REVIEW)
    county, city = workspace(world.rui), workspace(officer_of(world, "superior"))
    assert case.number not in county.get("/authority/jurisdiction/").content.decode()
    given.step(case, jurisdiction.dispute_jurisdiction(text="登记地在仓山区。"), world.officer, now())
    page = county.get("/authority/jurisdiction/").content.decode()
    assert not missing_in(page, case.number, "等上级指定")
    page = city.get("/authority/jurisdiction/").content.decode()
    assert f"/authority/cases/{case.number}/designate/" in page
    assert county.get(f"/authority/cases/{case.number}/designate/").status_code == 409
    assert workspace(officer_of(world, "far")).get("/authority/jurisdiction/").context["lines"] == []
