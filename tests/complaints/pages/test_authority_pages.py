"""The authority's pages: every address by every kind of person, every step once, twice, wrong."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from authorities.models import Officer, Policy
from complaints import handling
from complaints.handling import authority, both, enterprise, proposals, supervision
from complaints.models import Complaint, ForwardingDecision, HandlingStep, Matter
from complaints.views.authority_pages import PAGES
from complaints.workflow import Status
from odr_portal.accounts.models import User
from tests import given
from tests.cast import World

S = Status
TEXT = "这里写明事实和理由，供核对。"
DAYS = timedelta(days=1)


def now() -> Any:
    return timezone.now()


def desk(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def key() -> dict[str, str]:
    return {"idempotency_key": uuid.uuid4().hex}


def ahead(days: int) -> str:
    return (timezone.localdate() + days * DAYS).isoformat()


def case_at(world: World, status: Status, **changes: Any) -> Complaint:
    return given.a_complaint(world, status=status, now=now(), **changes)


def one_person_suffices() -> None:
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)


def step_url(case: Complaint, slug: str) -> str:
    return f"/authority/cases/{case.number}/{slug}/"


def officer_of(world: World, who: str) -> User:
    return {"officer": world.rui, "intake": world.su, "head": world.head_officer.user,
            "superior": world.superior_officer.user, "far": world.far_officer.user}[who]


Before = Callable[[World, Complaint], None]


def _asked_return(world: World, case: Complaint) -> None:
    given.step(case, enterprise.request_return(text=TEXT), world.handler, now())


def _asked_extension(world: World, case: Complaint) -> None:
    Policy.objects.filter(name="extension").update(number=1)
    given.step(case, enterprise.request_extension(days=3, text=TEXT), world.handler, now())
    given.step(case, enterprise.agree_to_extension(), world.consumer, now())


def _asked_recusal(world: World, case: Complaint) -> None:
    given.step(case, both.request_recusal(whom="瑞试", text=TEXT), world.consumer, now())


def _refused_and_objected(world: World, case: Complaint) -> None:
    one_person_suffices()
    given.step(case, authority.refuse(ground="other_law", facts=TEXT), world.officer, now())
    given.step(case, both.object_to_decision(text=TEXT), world.consumer, now())


def _delegated(world: World, case: Complaint) -> None:
    given.step(case, handling.MOVES["delegate_mediation"](body="某消费者委员会"), world.officer, now())


def _asked_office(world: World, case: Complaint) -> None:
    given.step(case, enterprise.ask_authority(text=TEXT), world.handler, now())


#: slug → (status, who, what is typed, status afterwards, before, the step recorded)
WALKS: dict[str, tuple[Status, str, dict[str, str], Status, Before | None, str]] = {
    "redirect": (S.TRIAGE, "intake", {"matter": "consultation", "body": "12345", "text": TEXT}, S.CLOSED, None,
                 "redirect"),
    "return": (S.REVIEW, "officer", {"text": TEXT}, S.TRIAGE, None, "return_to_intake"),
    "material": (S.REVIEW, "officer", {"what": TEXT}, S.AWAITING_MATERIAL, None, "request_material"),
    "accept": (S.REVIEW, "officer", {}, S.MEDIATING, None, "accept"),
    "refuse": (S.REVIEW, "officer", {"ground": "outside_duty", "facts": TEXT, "body": "12300"}, S.CLOSED,
               lambda w, c: one_person_suffices(), "refuse"),
    "jurisdiction": (S.REVIEW, "officer", {"text": TEXT}, S.REVIEW, None, "dispute_jurisdiction"),
    "session-record": (S.MEDIATING, "officer", {"minutes": TEXT, "present": "consumer"}, S.MEDIATING, None,
                       "record_session"),
    "recusal": (S.MEDIATING, "head", {"decision": "grant"}, S.MEDIATING, _asked_recusal, "decide_recusal"),
    "appraisal-end": (S.MEDIATION_SUSPENDED, "officer", {"text": TEXT}, S.MEDIATING, None, "end_appraisal"),
    "delegate": (S.MEDIATING, "officer", {"text": "某消费者委员会"}, S.MEDIATING, None, "delegate_mediation"),
    "delegate-end": (S.MEDIATING, "officer", {"text": TEXT}, S.MEDIATING, _delegated, "recall_mediation"),
    "terminate": (S.MEDIATING, "officer", {"ground": "no_agreement_possible", "facts": TEXT}, S.CLOSED,
                  lambda w, c: one_person_suffices(), "terminate"),
    "recall": (S.NEGOTIATING, "officer", {"text": TEXT}, S.REVIEW, None, "recall"),
    "take-up": (S.REVIEW, "superior", {"text": TEXT}, S.REVIEW, None, "take_up"),
    "answer": (S.NEGOTIATING, "officer", {"text": TEXT}, S.NEGOTIATING, _asked_office, "answer_instruction"),
    "return-decision": (S.NEGOTIATING, "intake", {"decision": "grant"}, S.TRIAGE, _asked_return, "grant_return"),
    "extension": (S.NEGOTIATING, "officer", {"decision": "grant"}, S.NEGOTIATING, _asked_extension,
                  "grant_extension"),
    "serve": (S.REVIEW, "officer", {"document": "受理决定书", "channel": "sms", "arrived": "no"}, S.REVIEW, None,
              "serve_notice"),
    "split": (S.REVIEW, "officer", {"text": TEXT}, S.REVIEW, None, "split_report"),
    "police": (S.REVIEW, "officer", {"second_officer": "乙", "head": "丙", "text": TEXT}, S.REVIEW,
               lambda w, c: one_person_suffices(), "refer_to_police"),
    "objection": (S.REVIEW, "head", {"decision": "refuse", "text": TEXT}, S.CLOSED, _refused_and_objected,
                  "answer_objection"),
    "reopen": (S.CLOSED, "officer", {"ground": "clerical_error", "text": TEXT}, S.REVIEW, None, "reopen"),
    # Typed days and people depend on the day: see typed().
    "authority": (S.TRIAGE, "intake", {"authority": "gulou"}, S.REVIEW, None, "assign_authority"),
    "assign-officer": (S.REVIEW, "officer", {"officer": "head"}, S.REVIEW, None, "assign_officer"),
    "session": (S.MEDIATING, "officer", {"at": "tomorrow", "place": "所里", "mode": "site"}, S.MEDIATING, None,
                "schedule_session"),
    "appraisal": (S.MEDIATING, "officer", {"laboratory": "某中心", "until": "ahead", "cost_borne_by": "shared"},
                  S.MEDIATION_SUSPENDED, None, "order_appraisal"),
    "urge": (S.NEGOTIATING, "officer", {"text": TEXT, "last_day": "ahead"}, S.NEGOTIATING, None, "urge"),
}


def typed(world: World, slug: str) -> dict[str, str]:
    said = dict(WALKS[slug][2])
    stands_for = {"gulou": str(world.gulou.pk), "head": str(world.head_officer.pk), "ahead": ahead(10),
                  "tomorrow": f"{ahead(1)}T10:00"}
    return {name: stands_for.get(value, value) if name in ("authority", "officer", "until", "last_day", "at")
            else value for name, value in said.items()}


def prepared(world: World, slug: str) -> tuple[Complaint, Client]:
    status, who, _said, _to, before, _step = WALKS[slug]
    case = case_at(world, status)
    if before is not None:
        before(world, case)
        case.refresh_from_db()
    return case, desk(officer_of(world, who))


def test_every_step_page_is_walked() -> None:
    assert set(WALKS) == set(PAGES)


@pytest.mark.parametrize("slug", sorted(WALKS))
def test_a_step_page_is_shown_taken_once_and_not_doubled(world: World, slug: str) -> None:
    _status, _who, _said, to, _before, step = WALKS[slug]
    case, client = prepared(world, slug)
    page = client.get(step_url(case, slug))
    assert page.status_code == 200
    assert page.content.count(b"<h1") == 1
    body = typed(world, slug) | key()
    first, second = (client.post(step_url(case, slug), body) for _ in range(2))
    assert first.status_code == second.status_code == 302, first.content.decode()[:3000]
    assert first["Location"] == second["Location"]
    case.refresh_from_db()
    assert case.status == to
    assert HandlingStep.objects.filter(complaint=case, step=step).count() == 1


@pytest.mark.parametrize("slug", sorted(WALKS))
def test_a_step_that_is_not_open_is_refused_with_the_reason(world: World, slug: str) -> None:
    _case, client = prepared(world, slug)
    elsewhere = case_at(world, S.CLOSED if slug in ("authority", "urge") else S.FILED)
    assert client.get(step_url(elsewhere, slug)).status_code == 409
    answer = client.post(step_url(elsewhere, slug), typed(world, slug) | key())
    assert answer.status_code == 409
    if "text" in WALKS[slug][2] and len(typed(world, slug)["text"]) > 12:
        assert typed(world, slug)["text"] in answer.content.decode()
    assert not HandlingStep.objects.filter(complaint=elsewhere, step=WALKS[slug][5]).exists()


NEEDED = sorted(set(WALKS) - {"accept"})


@pytest.mark.parametrize("slug", NEEDED)
def test_an_empty_form_names_what_is_missing(world: World, slug: str) -> None:
    case, client = prepared(world, slug)
    steps = HandlingStep.objects.filter(complaint=case).count()
    answer = client.post(step_url(case, slug), key())
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "error-summary" in page
    assert "有误：" in page
    assert HandlingStep.objects.filter(complaint=case).count() == steps


BAD: list[tuple[str, dict[str, str], str]] = [
    ("refuse", {"ground": "other_law", "facts": "太短"}, "facts"),
    ("refuse", {"ground": "outside_duty", "facts": TEXT}, "body"),
    ("refuse", {"ground": "eighth", "facts": TEXT}, "ground"),
    ("refuse", {"ground": "other_law", "facts": "字" * 4001}, "facts"),
    ("refuse", {"ground": "other_law", "facts": "有\x00的文字，够长了吧"}, "facts"),
    ("terminate", {"ground": "party_absent", "facts": "  短  "}, "facts"),
    ("material", {"what": TEXT, "last_day": "明天"}, "last_day"),
    ("material", {"what": TEXT, "last_day": "2020-01-01"}, "last_day"),
    ("material", {"what": TEXT, "last_day": "2099-01-01"}, "last_day"),
    ("session", {"at": "2020-01-01T10:00", "place": "所里", "mode": "site"}, "at"),
    ("session", {"at": "下午", "place": "所里", "mode": "site"}, "at"),
    ("session", {"at": "2099-01-01T10:00", "place": "所" * 201, "mode": "site"}, "place"),
    ("session", {"at": "2099-01-01T10:00", "place": "所里", "mode": "pigeon"}, "mode"),
    ("appraisal", {"laboratory": "某中心", "until": "2020-01-01", "cost_borne_by": "shared"}, "until"),
    ("urge", {"text": TEXT, "last_day": "2020-01-01"}, "last_day"),
    ("return-decision", {"decision": "refuse"}, "text"),
    ("extension", {"decision": "refuse"}, "text"),
    ("recusal", {"decision": "refuse"}, "text"),
    ("authority", {"authority": "999999"}, "authority"),
    ("assign-officer", {"officer": "1x"}, "officer"),
    ("reopen", {"ground": "because", "text": TEXT}, "ground"),
]


@pytest.mark.parametrize(("slug", "said", "field"), BAD)
def test_bad_input_is_named_at_its_field_and_kept(world: World, slug: str, said: dict[str, str], field: str) -> None:
    case, client = prepared(world, slug)
    if slug in ("refuse", "terminate") and not Policy.objects.filter(
            name=f"two_persons.{slug}", number=0).exists():
        one_person_suffices()
    answer = client.post(step_url(case, slug), said | key())
    assert answer.status_code == 422, answer.content.decode()[:2000]
    form = answer.context["form"]
    assert field in form.errors, form.errors
    page = answer.content.decode()
    for name, value in said.items():
        if name != field and len(value) > 8:
            assert value in page
    assert re.search(rf'id="id_{field}(_error|")', page)


# --- strangers ----------------------------------------------------------------------------
def addresses(case: Complaint, proposal: int) -> list[str]:
    base = f"/authority/cases/{case.number}/"
    return [base, f"/authority/triage/{case.number}/", f"{base}forward/", f"{base}ask-consent/",
            f"{base}agreement/", f"/authority/approvals/{proposal}/", *(f"{base}{slug}/" for slug in PAGES)]


def test_strangers_get_the_same_404_everywhere(world: World) -> None:
    case = case_at(world, S.REVIEW)
    payload = {"ground": "other_law", "facts": TEXT}
    given.step(case, proposals.propose(move=authority.refuse(**payload), payload=payload), world.officer, now())
    proposal = Matter.objects.get(complaint=case, kind="proposal").pk
    nowhere = Client()
    nowhere.force_login(world.otto)
    missing = nowhere.get("/authority/cases/20200101-AAAAAA-0/")
    assert missing.status_code == 404
    people = [world.chen, world.ming, world.hua, world.lead, world.otto, officer_of(world, "far")]
    for person in people:
        client = desk(person)
        for path in addresses(case, proposal):
            for answer in (client.get(path), client.post(path, {"text": TEXT, "decision": "grant"} | key())):
                # 405: an address that nobody may post to says so to everybody alike.
                assert answer.status_code in (404, 405), (person.name, path, answer.status_code)
                assert case.item_name not in answer.content.decode()
    for path in addresses(case, proposal):
        assert Client().get(path)["Location"].startswith("/account/sign-in/")
    assert not HandlingStep.objects.filter(complaint=case, step="refuse").exists()


@pytest.mark.parametrize("path", ["/authority/", "/authority/cases/", "/authority/triage/", "/authority/approvals/"])
def test_lists_are_for_officers_and_show_only_their_region(world: World, path: str) -> None:
    case = case_at(world, S.TRIAGE)
    for person in (world.chen, world.ming, world.hua, world.otto):
        assert desk(person).get(path).status_code == 404
    assert Client().get(path).status_code == 302
    far = desk(officer_of(world, "far")).get(path)
    assert far.status_code == 200
    assert case.number not in far.content.decode()
    assert desk(world.su).get(path).status_code == 200


# --- lists --------------------------------------------------------------------------------
def test_every_number_of_my_day_opens_a_list_of_that_length(world: World) -> None:
    for status in (S.TRIAGE, S.TRIAGE, S.REVIEW, S.MEDIATING, S.NEGOTIATING):
        case_at(world, status)
    given.a_complaint(world, status=S.NEGOTIATING, now=now() - 40 * DAYS)
    returned = case_at(world, S.NEGOTIATING)
    _asked_return(world, returned)
    client = desk(world.su)
    day = client.get("/authority/")
    numbers = {str(n["title"]): n for n in day.context["numbers"]}
    assert numbers["待分送"]["value"] == 2
    assert numbers["已逾期"]["value"] == 1
    assert numbers["申请退回"]["value"] == 1
    for number in numbers.values():
        listed = client.get(number["url"])
        shown = listed.context["rows"] if "rows" in listed.context else listed.context["proposals"]
        assert len(shown) == number["value"], number


def test_filters_narrow_and_odd_ones_are_left_out(world: World) -> None:
    review, mediating = case_at(world, S.REVIEW), case_at(world, S.MEDIATING)
    client = desk(world.rui)

    def numbers(query: str) -> set[str]:
        answer = client.get(f"/authority/cases/{query}")
        assert answer.status_code == 200
        return {row.complaint.number for row in answer.context["rows"]}

    assert numbers("") == {review.number, mediating.number}
    assert numbers("?status=review") == {review.number}
    assert numbers(f"?enterprise={world.mobile.pk}") == set()
    assert numbers(f"?q={mediating.number}") == {mediating.number}
    assert numbers("?mine=1") == {mediating.number}
    assert client.get("/authority/cases/%00/").status_code == 404
    assert client.get("/authority/cases/%F0%9F%99%82/accept/").status_code == 404
    for odd in ("?q=%00", "?enterprise=%00", "?status=odd", "?overdue=%00", "?after=x", "?after=9.9.9", "?before=99999999999999999.1",
                "?enterprise=99999999999999999999", "?waiting=%F0%9F%99%82"):
        numbers(odd)


def test_names_are_masked_in_lists(world: World) -> None:
    case_at(world, S.REVIEW)
    page = desk(world.rui).get("/authority/cases/").content.decode()
    assert "陈**" in page
    assert "陈试" not in page
    assert "13800000001" not in page


@pytest.mark.parametrize("path", ["/authority/", "/authority/cases/", "/authority/triage/", "/authority/approvals/"])
def test_a_list_costs_the_same_however_long(world: World, path: str, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = desk(world.su)
    for _ in range(2):
        case_at(world, S.TRIAGE), case_at(world, S.REVIEW)
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    for _ in range(4):
        case_at(world, S.TRIAGE), case_at(world, S.REVIEW)
    with django_assert_num_queries(len(few)):
        client.get(path)
    assert len(few) <= 20


def test_pages_of_a_list_follow_each_other_without_gap_or_double(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("complaints.views.enterprise_queue.PAGE", 3)
    made = {case_at(world, S.REVIEW).number for _ in range(7)}
    client, seen, url = desk(world.rui), [], "/authority/cases/?status=review"
    while url:
        answer = client.get(url)
        seen += [row.complaint.number for row in answer.context["rows"]]
        url = answer.context["next_url"]
    assert len(seen) == 7
    assert set(seen) == made


# --- triage -------------------------------------------------------------------------------
def suggest(case: Complaint, world: World) -> None:
    """As routing stores it: two candidates, the first of which fits."""
    ForwardingDecision.objects.create(
        complaint=case, at=now(), verdict="triage", explanation={
            "rule": "", "version": None, "confidence": "", "authority_id": None, "is_match": False,
            "why": [{"code": "returned_twice"}],
            "candidates": [
                {"enterprise_id": world.mobile.pk, "branch_id": world.fuzhou.pk, "score": 90,
                 "why": [{"code": "serves", "branch": "中国移动福州分公司", "region": "鼓楼区"}]},
                {"enterprise_id": world.telecom.pk, "branch_id": None, "score": 40, "why": []}]})


def test_the_first_suggestion_is_one_button(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    suggest(case, world)
    client = desk(world.su)
    page = client.get(f"/authority/triage/{case.number}/").content.decode()
    assert "中国移动福州分公司" in page
    assert "鼓楼区由中国移动福州分公司答复" in page
    assert "案件已被退回两次" in page
    target = f"{world.mobile.pk}-{world.fuzhou.pk}"
    assert f'name="target" value="{target}"' in page
    body = {"target": target} | key()
    for _ in range(2):
        assert client.post(f"/authority/cases/{case.number}/forward/", body)["Location"] == "/authority/triage/"
    case.refresh_from_db()
    assert case.status == S.WITH_ENTERPRISE
    assert case.engagements.get().is_supervised
    assert client.get(f"/authority/triage/{case.number}/").status_code == 302


def test_another_than_the_first_needs_a_reason(world: World) -> None:
    case = case_at(world, S.TRIAGE, consents={"share_with_enterprise": True})
    Complaint.objects.filter(pk=case.pk).update(
        consents={**case.consents, "entities": [world.mobile.pk, world.telecom.pk]})
    suggest(case, world)
    client, url = desk(world.su), f"/authority/cases/{case.number}/forward/"
    answer = client.post(url, {"target": f"{world.telecom.pk}-"} | key())
    assert answer.status_code == 422
    assert "note" in answer.context["form"].errors
    answer = client.post(url, {"target": f"{world.telecom.pk}-", "note": "号码已携转到电信。"} | key())
    assert answer.status_code == 302
    case.refresh_from_db()
    assert case.enterprise == world.telecom
    assert case.decisions.last().explanation["rank"] == 2


def test_consent_is_asked_for_and_without_it_nothing_goes(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    suggest(case, world)
    client = desk(world.su)
    refused = client.post(f"/authority/cases/{case.number}/forward/",
                          {"target": f"{world.telecom.pk}-", "note": "号码已携转到电信。"} | key())
    assert refused.status_code == 409
    assert client.get(f"/authority/cases/{case.number}/ask-consent/").status_code == 200
    asked = client.post(f"/authority/cases/{case.number}/ask-consent/", {"target": f"{world.telecom.pk}-"} | key())
    assert asked.status_code == 302
    assert Matter.objects.get(complaint=case, kind="consent").data["enterprise"] == world.telecom.pk
    assert "正等消费者答复" in client.get(f"/authority/triage/{case.number}/").content.decode()


def test_an_enterprise_is_looked_up(world: World) -> None:
    case = case_at(world, S.TRIAGE)
    client = desk(world.su)
    url = f"/authority/cases/{case.number}/forward/"
    found = client.post(url, {"q": "移动", "find": "1"} | key())
    assert found.status_code == 200
    values = [value for value, _words in found.context["form"].fields["target"].choices]
    assert any(value.startswith(f"{world.mobile.pk}-") for value in values)
    assert "没有找到" in client.get(f"{url}?q=查无此企业甲乙丙").content.decode()
    assert client.get(f"/authority/triage/{case.number}/?q=移动").status_code == 200
    empty = client.post(url, {"q": "", "target": ""} | key())
    assert empty.status_code == 422


def test_intake_does_not_decide_and_a_county_does_not_triage(world: World) -> None:
    review, triage = case_at(world, S.REVIEW), case_at(world, S.TRIAGE)
    payload = {"ground": "other_law", "facts": TEXT} | key()
    assert desk(world.su).post(step_url(review, "refuse"), payload).status_code == 409
    assert desk(world.rui).post(step_url(triage, "authority"),
                                {"authority": world.gulou.pk} | key()).status_code == 409
    superior = desk(officer_of(world, "superior")).get(f"/authority/cases/{review.number}/").content.decode()
    assert "提级办理" in superior
    assert "受理投诉" not in superior


def test_an_analyst_reads_and_decides_nothing(world: World) -> None:
    case = case_at(world, S.REVIEW)
    ana = User.objects.create_user(email="ana@example.com", password="correct horse battery", name="析试")
    Officer.objects.create(user=ana, authority=world.gulou, role=Officer.Role.ANALYST)
    client = desk(ana)
    page = client.get(f"/authority/cases/{case.number}/")
    assert page.status_code == 200
    assert page.context["groups"] == []
    assert client.get(step_url(case, "accept")).status_code == 409
    assert client.post(step_url(case, "accept"), key()).status_code == 409
    case.refresh_from_db()
    assert case.status == S.REVIEW


# --- the case and its agreement -----------------------------------------------------------
@pytest.mark.parametrize("status", [s for s in S if s != S.DRAFT])
def test_the_case_page_offers_what_the_table_does(world: World, status: Status) -> None:
    case = case_at(world, status)
    for who in ("officer", "intake", "head", "superior"):
        client = desk(officer_of(world, who))
        answer = client.get(f"/authority/cases/{case.number}/")
        assert answer.status_code == 200
        assert 'class="duty"' in answer.content.decode()
        for _title, buttons in answer.context["groups"]:
            for button in buttons:
                assert client.get(button.url).status_code == 200, button


ROW = {"rows": "1", "message": "双方同意退款。", "promise-1-kind": "transfer", "promise-1-what": "退款",
       "promise-1-amount": "100", "promise-1-owed_by": "enterprise"}


def test_an_agreement_becomes_promises(world: World) -> None:
    case = case_at(world, S.MEDIATING)
    client, url = desk(world.rui), step_url(case, "agreement")
    assert client.get(url).status_code == 200
    more = client.post(url, ROW | {"add": "1"} | key())
    assert more.status_code == 200
    assert more.context["form"].count == 2
    assert "双方同意退款。" in more.content.decode()
    fewer = client.post(url, ROW | {"rows": "2", "promise-2-what": "道歉", "remove": "1"} | key())
    assert fewer.context["form"].count == 1
    assert 'value="道歉"' in fewer.content.decode()
    wrong = client.post(url, ROW | {"promise-1-due_on": "2020-01-01"} | key())
    assert wrong.status_code == 422
    assert "promise-1-due_on" in wrong.context["form"].errors
    body = ROW | {"promise-1-due_on": ahead(5)} | key()
    for _ in range(2):
        assert client.post(url, body).status_code == 302
    case.refresh_from_db()
    assert case.status == S.PERFORMING
    assert case.obligations.get().what == "退款"


def test_no_agreement_without_both_consents(world: World) -> None:
    case = case_at(world, S.MEDIATING)
    Complaint.objects.filter(pk=case.pk).update(consents={**case.consents, "mediation_enterprise": False})
    client = desk(world.rui)
    assert "须双方都同意" in client.get(f"/authority/cases/{case.number}/").content.decode()
    assert client.get(step_url(case, "agreement")).status_code == 409
    assert client.post(step_url(case, "agreement"), ROW | {"promise-1-due_on": ahead(5)} | key()).status_code == 409


# --- two persons --------------------------------------------------------------------------
def test_a_refusal_is_proposed_and_approved_by_another(world: World) -> None:
    case = case_at(world, S.REVIEW)
    rui, head = desk(world.rui), desk(officer_of(world, "head"))
    said = {"ground": "outside_duty", "facts": TEXT, "body": "12300"}
    assert "提请批准" in rui.get(step_url(case, "refuse")).content.decode()
    assert rui.post(step_url(case, "refuse"), said | key()).status_code == 302
    case.refresh_from_db()
    assert case.status == S.REVIEW
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    url = f"/authority/approvals/{proposal.pk}/"
    assert TEXT in head.get("/authority/approvals/").content.decode()
    assert TEXT in head.get(url).content.decode()
    assert "您提请的" in rui.get("/authority/approvals/").content.decode()
    own = rui.post(url, {"decision": "grant"} | key())
    assert own.status_code == 409
    assert "另一位" in own.content.decode()
    assert head.post(url, key()).status_code == 422
    assert head.post(url, {"decision": "refuse"} | key()).status_code == 422
    body = {"decision": "grant"} | key()
    for _ in range(2):
        assert head.post(url, body)["Location"] == f"/authority/cases/{case.number}/"
    case.refresh_from_db()
    assert (case.status, case.outcome, case.reason) == (S.CLOSED, "refused", "outside_duty")
    assert list(HandlingStep.objects.filter(complaint=case, step__in=["propose", "approve", "refuse"])
                .order_by("pk").values_list("step", flat=True)) == ["propose", "approve", "refuse"]


def test_a_proposal_goes_back_with_the_reason(world: World) -> None:
    case = case_at(world, S.MEDIATING)
    rui, head = desk(world.rui), desk(officer_of(world, "head"))
    said = {"ground": "no_agreement_possible", "facts": TEXT}
    assert rui.post(step_url(case, "terminate"), said | key()).status_code == 302
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    back = head.post(f"/authority/approvals/{proposal.pk}/", {"decision": "refuse", "text": "理由不够。"} | key())
    assert back.status_code == 302
    proposal.refresh_from_db()
    case.refresh_from_db()
    assert (proposal.state, case.status) == ("refused", S.MEDIATING)
    assert head.get(f"/authority/approvals/{proposal.pk}/").status_code == 302
    assert rui.post(step_url(case, "terminate"), said | key()).status_code == 302


def test_what_cannot_be_done_any_more_is_not_half_approved(world: World) -> None:
    """Approval and step stand or fall together."""
    case = case_at(world, S.MEDIATING)
    payload = {"ground": "sixty_days", "facts": TEXT}
    given.step(case, proposals.propose(move=handling.MOVES["terminate"](**payload), payload=payload),
               world.officer, now())
    proposal = Matter.objects.get(complaint=case, kind="proposal")
    answer = desk(officer_of(world, "head")).post(
        f"/authority/approvals/{proposal.pk}/", {"decision": "grant"} | key())
    assert answer.status_code in (409, 422)
    proposal.refresh_from_db()
    case.refresh_from_db()
    assert (proposal.state, case.status) == ("open", S.MEDIATING)
    assert not HandlingStep.objects.filter(complaint=case, step="approve").exists()


def test_an_instruction_to_the_authority_is_answered_there(world: World) -> None:
    case = case_at(world, S.REVIEW)
    given.step(case, supervision.urge(text=TEXT, last_day=ahead(3)),
               world.actor("officer"), now())
    client = desk(world.rui)
    assert "答复督办" in client.get(f"/authority/cases/{case.number}/").content.decode()
    assert client.post(step_url(case, "answer"), {"text": TEXT} | key()).status_code == 302
    assert not Matter.objects.filter(complaint=case, kind="urge", state="open").exists()
