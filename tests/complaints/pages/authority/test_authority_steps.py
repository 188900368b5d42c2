"""Every step page of the authority: shown, taken once, not doubled, refused, wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils.translation import gettext, override

from authorities.models import Policy
from complaints import handling
from complaints import wording as labels
from complaints.handling.steps import authority, both, enterprise, jurisdiction, violations
from complaints.models import Complaint, Deadline, HandlingStep, Matter
from complaints.pages.authority.pages import PAGES
from complaints.procedure.workflow import Status
from enterprises.models import MediationBody
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import (
    TEXT,
    S,
    ahead,
    asked_return,
    case_at,
    desk,
    key,
    now,
    officer_of,
    one_person_suffices,
    step_url,
)

Before = Callable[[World, Complaint], None]


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
    given.step(case, handling.MOVES["delegate_mediation"](body_id=given.a_body(world).pk), world.officer, now())


def _mediated(world: World, case: Complaint) -> None:
    one_person_suffices()
    given.step(case, handling.MOVES["record_session"](minutes=TEXT), world.officer, now())


def _asked_office(world: World, case: Complaint) -> None:
    given.step(case, enterprise.ask_authority(text=TEXT), world.handler, now())


def _lead(world: World, case: Complaint) -> None:
    given.step(case, violations.open_lead(text=TEXT), world.officer, now())


def _unproven(world: World, case: Complaint) -> None:
    Complaint.objects.filter(pk=case.pk).update(contact_verified=False)


def _disputed(world: World, case: Complaint) -> None:
    given.step(case, jurisdiction.dispute_jurisdiction(text=TEXT), world.officer, now())


def _linked(world: World, case: Complaint) -> None:
    Complaint.objects.filter(pk=case.pk).update(linked_group=uuid4())


def _represented(world: World, case: Complaint) -> None:
    Complaint.objects.filter(pk=case.pk).update(on_behalf_kind="agent", represented_until=ahead(30))


def _spoken(world: World, case: Complaint) -> None:
    Complaint.objects.filter(pk=case.pk).update(facts={"voice": "ab" * 32})


def _late(world: World, case: Complaint) -> None:
    Complaint.objects.filter(pk=case.pk).update(is_overdue=True)
    Deadline.objects.filter(complaint=case, clock="review").update(
        started_at=now() - timedelta(days=12),
        due_at=now() - timedelta(days=1),
        lapsed_at=now() - timedelta(days=1),
        lapse_written_at=now(),
        state="lapsed",
    )


def _agreed_to_be_published(world: World, case: Complaint) -> None:
    given.step(case, both.give_publication_consent(), world.consumer, now())
    Complaint.objects.filter(pk=case.pk).update(handling_authority=world.gulou)


#: slug → (status, who, what is typed, status afterwards, before, the step recorded)
WALKS: dict[str, tuple[Status, str, dict[str, str], Status, Before | None, str]] = {
    "redirect": (
        S.TRIAGE,
        "intake",
        {"matter": "consultation", "body": "12345", "text": TEXT},
        S.CLOSED,
        None,
        "redirect",
    ),
    "return": (S.REVIEW, "officer", {"text": TEXT}, S.TRIAGE, None, "return_to_intake"),
    "material": (S.REVIEW, "officer", {"what": TEXT}, S.AWAITING_MATERIAL, None, "request_material"),
    "accept": (S.REVIEW, "officer", {}, S.MEDIATING, None, "accept"),
    "refuse": (
        S.REVIEW,
        "officer",
        {"ground": "outside_duty", "facts": TEXT, "body": "12300"},
        S.CLOSED,
        lambda w, c: one_person_suffices(),
        "refuse",
    ),
    "jurisdiction": (S.REVIEW, "officer", {"text": TEXT}, S.REVIEW, None, "dispute_jurisdiction"),
    "session-record": (
        S.MEDIATING,
        "officer",
        {"minutes": TEXT, "present": "consumer"},
        S.MEDIATING,
        None,
        "record_session",
    ),
    "recusal": (S.MEDIATING, "head", {"decision": "grant"}, S.MEDIATING, _asked_recusal, "decide_recusal"),
    "appraisal-end": (S.MEDIATION_SUSPENDED, "officer", {"text": TEXT}, S.MEDIATING, None, "end_appraisal"),
    "delegate": (
        S.MEDIATING,
        "officer",
        {"body_id": "body"},
        S.MEDIATING,
        lambda w, c: given.a_body(w),
        "delegate_mediation",
    ),
    "delegate-end": (S.MEDIATING, "officer", {"text": TEXT}, S.MEDIATING, _delegated, "recall_mediation"),
    "terminate": (
        S.MEDIATING,
        "officer",
        {"ground": "no_agreement_possible", "facts": TEXT},
        S.CLOSED,
        _mediated,
        "terminate",
    ),
    "party-gone": (
        S.MEDIATING,
        "officer",
        {"party": "enterprise", "text": TEXT},
        S.MEDIATING,
        None,
        "record_party_gone",
    ),
    "recall": (S.NEGOTIATING, "officer", {"text": TEXT}, S.REVIEW, None, "recall"),
    "take-up": (S.REVIEW, "superior", {"text": TEXT}, S.REVIEW, None, "take_up"),
    "answer": (S.NEGOTIATING, "officer", {"text": TEXT}, S.NEGOTIATING, _asked_office, "answer_instruction"),
    "return-decision": (S.NEGOTIATING, "intake", {"decision": "grant"}, S.TRIAGE, asked_return, "grant_return"),
    "extension": (S.NEGOTIATING, "officer", {"decision": "grant"}, S.NEGOTIATING, _asked_extension, "grant_extension"),
    "serve": (
        S.REVIEW,
        "officer",
        {"document": "受理决定书", "channel": "sms", "arrived": "no"},
        S.REVIEW,
        None,
        "serve_notice",
    ),
    "draw-up": (S.NEGOTIATING, "officer", {"form": "1", "text": ""}, S.NEGOTIATING, None, "draw_up_document"),
    "verify": (S.REVIEW, "officer", {"result": "call_confirmed"}, S.REVIEW, _unproven, "verify_contact"),
    "contact": (
        S.REVIEW,
        "officer",
        {"how": "phone", "proof": "LY-1", "address": "新地址2号"},
        S.REVIEW,
        None,
        "change_contact",
    ),
    "designate": (
        S.REVIEW,
        "superior",
        {"authority": "gulou", "text": TEXT},
        S.REVIEW,
        _disputed,
        "designate_authority",
    ),
    "separate": (S.REVIEW, "officer", {"text": TEXT}, S.REVIEW, _linked, "separate_case"),
    "write-down": (S.REVIEW, "officer", {"text": TEXT}, S.REVIEW, _spoken, "write_down_statement"),
    "power": (S.REVIEW, "officer", {"decision": "refuse", "text": TEXT}, S.REVIEW, _represented, "refuse_power"),
    "split": (S.REVIEW, "officer", {"text": TEXT}, S.REVIEW, None, "split_report"),
    "police": (S.REVIEW, "officer", {"text": TEXT}, S.REVIEW, lambda w, c: one_person_suffices(), "refer_to_police"),
    "lead": (S.MEDIATING, "officer", {"text": TEXT}, S.MEDIATING, None, "open_lead"),
    "lead-extend": (S.MEDIATING, "head", {"matter": "lead", "text": TEXT}, S.MEDIATING, _lead, "extend_lead"),
    "lead-close": (
        S.MEDIATING,
        "officer",
        {"matter": "lead", "result": "case_opened", "second_officer": "head", "text": TEXT},
        S.MEDIATING,
        _lead,
        "close_lead",
    ),
    "objection": (
        S.REVIEW,
        "head",
        {"decision": "refuse", "text": TEXT},
        S.CLOSED,
        _refused_and_objected,
        "answer_objection",
    ),
    "reveal": (S.REVIEW, "officer", {"reason": "look_call"}, S.REVIEW, None, "reveal_contact"),
    "reopen": (S.CLOSED, "officer", {"ground": "clerical_error", "text": TEXT}, S.REVIEW, None, "reopen"),
    "platform": (
        S.REVIEW,
        "officer",
        {"platform_number": "PT-20261126-0001", "state": "accepted"},
        S.REVIEW,
        None,
        "record_platform_number",
    ),
    "overdue": (S.REVIEW, "officer", {"reason": "workload", "text": TEXT}, S.REVIEW, _late, "explain_overdue"),
    "publication": (S.CLOSED, "officer", {"decision": "publish"}, S.CLOSED, _agreed_to_be_published, "publish"),
    # Typed days and people depend on the day: see typed().
    "authority": (S.TRIAGE, "intake", {"authority": "gulou"}, S.REVIEW, None, "assign_authority"),
    "assign-officer": (S.REVIEW, "officer", {"officer": "head"}, S.REVIEW, None, "assign_officer"),
    "session": (
        S.MEDIATING,
        "officer",
        {"at": "tomorrow", "place": "所里", "mode": "site"},
        S.MEDIATING,
        None,
        "schedule_session",
    ),
    "appraisal": (
        S.MEDIATING,
        "officer",
        {"laboratory": "某中心", "until": "ahead", "cost_borne_by": "shared"},
        S.MEDIATION_SUSPENDED,
        None,
        "order_appraisal",
    ),
    "urge": (S.NEGOTIATING, "officer", {"text": TEXT, "last_day": "ahead"}, S.NEGOTIATING, None, "urge"),
}


def typed(world: World, slug: str) -> dict[str, str]:
    lead = Matter.objects.filter(kind="lead").order_by("pk").last()
    said = dict(WALKS[slug][2])
    stands_for = {
        "gulou": str(world.gulou.pk),
        "head": str(world.head_officer.pk),
        "ahead": ahead(10),
        "tomorrow": f"{ahead(1)}T10:00",
        "lead": str(lead.pk if lead else 0),
    }
    if slug == "delegate":
        return {"body_id": str(MediationBody.objects.latest("pk").pk)}
    return {
        name: stands_for.get(value, value)
        if name in ("authority", "officer", "second_officer", "matter", "until", "last_day", "at")
        else value
        for name, value in said.items()
    }


def prepared(world: World, slug: str) -> tuple[Complaint, Client]:
    status, who, _said, _to, before, _step = WALKS[slug]
    case = case_at(world, status)
    if before is not None:
        before(world, case)
        case.refresh_from_db()
    return case, desk(officer_of(world, who))


def test_every_step_page_is_walked() -> None:
    assert set(WALKS) | {"forward", "ask-consent", "suggestion", "agreement"} == set(PAGES)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_page_that_decides_either_way_bears_the_name_of_neither(world: World, language: str) -> None:
    case, client = prepared(world, "return-decision")
    client.cookies["django_language"] = language
    shown = client.get(step_url(case, "return-decision")).context
    with override(language):
        for page in (page for page in PAGES.values() if len(page.steps) > 1):
            assert page.title not in {labels.action(step) for step in page.steps}, page.slug
        assert (shown["title"], shown["button"]) == (PAGES["return-decision"].title, gettext("提交决定"))


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
    elsewhere = case_at(world, S.CLOSED if slug in ("authority", "urge", "party-gone") else S.FILED)
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
    ("terminate", {"ground": "other_law", "facts": "  短  "}, "facts"),
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
    if slug in ("refuse", "terminate") and not Policy.objects.filter(name=f"two_persons.{slug}", number=0).exists():
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
