"""The authority's step pages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

from authorities.models import Policy
from complaints import handling
from complaints.handling.steps import (
    authority,
    both,
    consumer,
    documents,
    enterprise,
    jurisdiction,
    mediation,
    violations,
)
from complaints.models import Complaint, Deadline, Matter, OfficialDocument
from complaints.pages.authority.documents import document_steps
from complaints.pages.authority.pages import PAGES
from complaints.parties.actors import officer
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import TEXT, ahead, asked_return, now, one_person_suffices, step_url
from tests.complaints.pages.at_the_desk import officer_of, signed_in
from tests.complaints.pages.authority.test_authority_cases import suggest
from tests.complaints.pages.step_walks import Audience, Given, Typed, Walk, Wrong, an_analyst, at

Happens = Callable[[World, Complaint], Any]


def after(status: S, *before: Happens) -> Given:
    """A case at ``status`` to which something more happened."""

    def made(world: World) -> Complaint:
        case = given.a_complaint(world, status=status)
        for happens in before:
            happens(world, case)
            case.refresh_from_db()
        return case

    return made


def one_suffices(world: World, case: Complaint) -> None:
    one_person_suffices()


def does(who: str, move: Callable[[World], handling.Move]) -> Happens:
    return lambda world, case: given.step(case, move(world), getattr(world, who), now())


def has(**columns: Any) -> Happens:
    return lambda world, case: Complaint.objects.filter(pk=case.pk).update(**columns)


def late(world: World, case: Complaint) -> None:
    has(is_overdue=True)(world, case)
    day = now() - timedelta(days=1)
    lapsed = {"due_at": day, "lapsed_at": day, "lapse_written_at": now(), "state": "lapsed"}
    Deadline.objects.filter(complaint=case, clock="review").update(started_at=day - timedelta(days=11), **lapsed)


def extensions(world: World, case: Complaint) -> None:
    Policy.objects.filter(name="extension").update(number=1)


def represented(world: World, case: Complaint) -> None:
    has(on_behalf_kind="agent", represented_until=ahead(30))(world, case)


def ours(world: World, case: Complaint) -> None:
    has(handling_authority=world.gulou)(world, case)


def a_lead(world: World, case: Complaint) -> Typed:
    return SAID | {"matter": str(Matter.objects.filter(kind="lead").latest("pk").pk)}


def its_end(world: World, case: Complaint) -> Typed:
    return a_lead(world, case) | {"result": "case_opened", "second_officer": str(world.head_officer.pk)}


def to_gulou(world: World, case: Complaint) -> Typed:
    return {"authority": str(world.gulou.pk)}


def to_mobile(world: World, case: Complaint) -> Typed:
    return {"target": f"{world.mobile.pk}-{world.fuzhou.pk}"}


def to_head(world: World, case: Complaint) -> Typed:
    return {"officer": str(world.head_officer.pk)}


def a_body(world: World, case: Complaint) -> Typed:
    return {"body_id": str(given.a_body(world).pk)}


def promised(world: World, case: Complaint) -> Typed:
    return ROW | {"promise-1-due_on": ahead(5)}


SAID, GRANTED = {"text": TEXT}, {"decision": "grant"}
OVER, SORTING, REVIEWED, MEDIATED = at(S.CLOSED), at(S.TRIAGE), at(S.REVIEW), at(S.MEDIATING)
OBJECTED = does("consumer", lambda w: both.object_to_decision(text=TEXT))
SIGNS = does("consumer", lambda w: consumer.object_to_signs(text=TEXT))
REFUSING = does("officer", lambda w: authority.refuse(ground="other_law", facts=TEXT))
RECUSAL = does("consumer", lambda w: both.request_recusal(whom="瑞试", text=TEXT))
DISPUTED = does("officer", lambda w: jurisdiction.dispute_jurisdiction(text=TEXT))
LEAD = does("officer", lambda w: violations.open_lead(text=TEXT))
HELD = does("officer", lambda w: mediation.record_session(minutes=TEXT))
HANDED_ON = does("officer", lambda w: mediation.delegate_mediation(body_id=given.a_body(w).pk))
QUESTION = does("handler", lambda w: enterprise.ask_authority(text=TEXT))
MORE_TIME = does("handler", lambda w: enterprise.request_extension(days=3, text=TEXT))
AGREED = does("consumer", lambda w: enterprise.agree_to_extension())
SHOWN = does("consumer", lambda w: both.give_publication_consent())
MEETING = {"at": "2099-01-01T10:00", "place": "所里", "mode": "site"}
TESTED = {"laboratory": "某中心", "cost_borne_by": "shared"}
ROW = {"rows": "1", "message": "双方同意退款。", "promise-1-kind": "transfer", "promise-1-what": "退款"}
ROW |= {"promise-1-amount": "100", "promise-1-owed_by": "enterprise"}
REFUSAL, ENDED = {"ground": "outside_duty", "facts": TEXT}, {"ground": "no_agreement_possible", "facts": TEXT}
REFUSED = REFUSAL | {"body": "12300"}
BAD_REFUSALS: list[Wrong] = [
    ({"ground": "other_law", "facts": "太短"}, "facts"),
    (REFUSAL, "body"),
    ({"ground": "eighth", "facts": TEXT}, "ground"),
    ({"ground": "other_law", "facts": "字" * 4001}, "facts"),
]
BAD_MEETINGS: list[Wrong] = [
    (MEETING | {"at": "2020-01-01T10:00"}, "at"),
    (MEETING | {"at": "2099-01-01T10:00"}, "at"),
    (MEETING | {"at": "下午"}, "at"),
    (MEETING | {"place": "所" * 201}, "place"),
    (MEETING | {"mode": "pigeon"}, "mode"),
]
BAD_DAYS: list[Wrong] = [({"what": TEXT, "last_day": day}, "last_day") for day in ("明天", "2020-01-01", "2099-01-01")]
PAST_DAY: list[Wrong] = [(SAID | {"last_day": "2020-01-01"}, "last_day")]
PAST_TEST: list[Wrong] = [(TESTED | {"until": "2020-01-01"}, "until")]
PAST_PROMISE: list[Wrong] = [(ROW | {"promise-1-due_on": "2020-01-01"}, "promise-1-due_on")]
NO_TARGET: list[Wrong] = [({"q": "移动"}, "target"), ({"target": "1-2"}, "target")]
TOO_SHORT: list[Wrong] = [({"ground": "other_law", "facts": "  短  "}, "facts")]
COVERS = GRANTED | {"seen": "power_original", "may_settle": "no", "valid_until": "2026-11-30"}
BAD_POWERS: list[Wrong] = [
    (GRANTED, "seen"),
    ({"decision": "refuse"}, "text"),
    ({"decision": "maybe"}, "decision"),
    (COVERS | {"valid_until": "2026-11-10"}, "valid_until"),
    (COVERS | {"valid_until": "soon"}, "valid_until"),
    (COVERS | {"seen": "guessed"}, "seen"),
    ({"decision": "refuse", "text": "字" * 5000}, "text"),
]
NO_WHY: list[Wrong] = [({}, "decision"), ({"decision": "refuse"}, "text")]
HIDDEN: list[Wrong] = [({}, "decision"), ({"decision": "withhold"}, "text")]


def walk(name: str, made: Given, typed: Any = SAID, to: S | None = None, wrong: Any = (), **more: Any) -> Walk:
    usual: dict[str, Any] = {"who": "officer", "closed": at(S.FILED)}
    return Walk(name, made, typed, to, wrong=wrong, **usual | more)


def sorting(name: str, step: str, made: Given, typed: Any, to: S | None, wrong: Any) -> Walk:
    return walk(name, made, typed, to, wrong, step=step, who="intake", closed=OVER)


SUGGESTED = after(S.TRIAGE, suggest)
FAILED, NOT_SEEN = "mediation_terminated", SAID | {"decision": "refuse"}
NO_CONSUMER = SAID | {"matter": "consultation", "body": "12345"}
AN_ERROR, NO_GROUND = SAID | {"ground": "clerical_error"}, [(SAID | {"ground": "because"}, "ground")]
WALKS = [
    sorting("authority", "assign_authority", SORTING, to_gulou, S.REVIEW, [({"authority": "999999"}, "authority")]),
    sorting("forward", "forward", SUGGESTED, to_mobile, S.WITH_ENTERPRISE, NO_TARGET),
    sorting(
        "ask-consent", "ask_consent", SUGGESTED, lambda w, _: {"target": f"{w.telecom.pk}-"}, None, [({}, "target")]
    ),
    walk("redirect", SORTING, NO_CONSUMER, S.CLOSED, outcome="redirected", who="intake"),
    walk("assign-officer", REVIEWED, to_head, wrong=[({"officer": "1x"}, "officer")]),
    walk("return", REVIEWED, SAID, S.TRIAGE),
    walk("material", REVIEWED, {"what": TEXT}, S.AWAITING_MATERIAL, BAD_DAYS),
    walk("accept", REVIEWED, {}, S.MEDIATING, is_easy=True),
    walk("refuse", after(S.REVIEW, one_suffices), REFUSED, S.CLOSED, BAD_REFUSALS, outcome="refused"),
    walk("jurisdiction", REVIEWED),
    walk("designate", after(S.REVIEW, DISPUTED), lambda w, case: SAID | to_gulou(w, case), who="superior"),
    walk("session", MEDIATED, lambda w, case: MEETING | {"at": f"{ahead(1)}T10:00"}, wrong=BAD_MEETINGS),
    walk("session-record", MEDIATED, {"minutes": TEXT, "present": "consumer"}),
    walk("suggestion", MEDIATED, promised, wrong=PAST_PROMISE),
    walk("agreement", MEDIATED, promised, S.PERFORMING, PAST_PROMISE),
    walk("recusal", after(S.MEDIATING, RECUSAL), GRANTED, wrong=NO_WHY, who="head"),
    walk("appraisal", MEDIATED, lambda w, case: TESTED | {"until": ahead(10)}, S.MEDIATION_SUSPENDED, PAST_TEST),
    walk("appraisal-end", at(S.MEDIATION_SUSPENDED), SAID, S.MEDIATING),
    walk("delegate", after(S.MEDIATING, a_body), a_body),
    walk("delegate-end", after(S.MEDIATING, HANDED_ON)),
    walk("terminate", after(S.MEDIATING, one_suffices, HELD), ENDED, S.CLOSED, TOO_SHORT, outcome=FAILED),
    walk("recall", at(S.NEGOTIATING), SAID, S.REVIEW),
    walk("urge", at(S.NEGOTIATING), lambda w, case: SAID | {"last_day": ahead(10)}, wrong=PAST_DAY, closed=OVER),
    walk("take-up", REVIEWED, who="superior"),
    walk("overdue", after(S.REVIEW, late), SAID | {"reason": "workload"}),
    walk("answer", after(S.NEGOTIATING, QUESTION)),
    walk("return-decision", after(S.NEGOTIATING, asked_return), GRANTED, S.TRIAGE, NO_WHY, who="intake"),
    walk("extension", after(S.NEGOTIATING, extensions, MORE_TIME, AGREED), GRANTED, wrong=NO_WHY),
    walk("reveal", REVIEWED, {"reason": "look_call"}, wrong=[({"reason": "curious"}, "reason")]),
    walk("serve", REVIEWED, {"document": "受理决定书", "channel": "sms", "arrived": "no"}),
    walk("draw-up", at(S.NEGOTIATING), {"form": "1", "text": ""}),
    walk("verify", after(S.REVIEW, has(contact_verified=False)), {"result": "call_confirmed"}),
    walk("contact", REVIEWED, {"how": "phone", "proof": "LY-1", "address": "新地址2号"}),
    walk("write-down", after(S.REVIEW, has(facts={"voice": "ab" * 32}))),
    walk("power", after(S.REVIEW, represented), NOT_SEEN, wrong=BAD_POWERS, step="refuse_power"),
    walk("platform", REVIEWED, {"platform_number": "PT-20261126-0001", "state": "accepted"}),
    walk("split", REVIEWED),
    walk("separate", after(S.REVIEW, has(linked_group=uuid4()))),
    walk("lead", MEDIATED),
    walk("lead-extend", after(S.MEDIATING, LEAD), a_lead, who="head"),
    walk("lead-close", after(S.MEDIATING, LEAD), its_end),
    walk("police", after(S.REVIEW, one_suffices)),
    walk("party-gone", MEDIATED, SAID | {"party": "enterprise"}, closed=OVER),
    walk("objection", after(S.REVIEW, one_suffices, REFUSING, OBJECTED), SAID | {"decision": "refuse"}, who="head"),
    walk("signs", after(S.TRIAGE, SIGNS), wrong=[({"text": ""}, "text")], who="intake"),
    walk("publication", after(S.CLOSED, SHOWN, ours), {"decision": "publish"}, wrong=HIDDEN),
    walk("reopen", OVER, AN_ERROR, S.REVIEW, NO_GROUND, outcome=""),
]


AUTHORITY = Audience(
    name="authority",
    pages=PAGES,
    walks=WALKS,
    url=step_url,
    home=lambda case: f"/authority/cases/{case.number}/",
    browser=lambda world, case, walk: signed_in(officer_of(world, walk.who)),
    strangers=lambda world: [world.far_officer.user, world.ming],
    reader=lambda world: signed_in(an_analyst(world)),
    refuses=True,
    why="",
)


def newest(case: Complaint) -> OfficialDocument:
    return OfficialDocument.objects.filter(complaint=case).latest("pk")


def document_url(case: Complaint, name: str = "") -> str:
    return f"/authority/documents/{newest(case).pk}/" + (f"{name}/" if name else "")


def corrected(world: World, case: Complaint) -> Typed:
    form = signed_in(world.rui).get(document_url(case, "correct")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    return values | SAID | {[name for name in values if name.startswith("words-")][-1]: "一项写错的内容。"}


def voided(world: World, case: Complaint) -> None:
    move = documents.void_document(document_id=newest(case).pk, text=TEXT)
    given.step(case, move, officer([world.head_officer]), now())


SERVED = {"to": "consumer", "channel": "letter", "arrived": "yes"}
ISSUED, VOID = after(S.REVIEW, one_suffices, REFUSING), after(S.REVIEW, one_suffices, REFUSING, voided)
DOCUMENTS = replace(
    AUTHORITY,
    name="documents",
    pages=document_steps.PAGES,
    walks=[
        walk("serve", ISSUED, SERVED, closed=REVIEWED),
        walk("correct", REVIEWED, corrected, closed=VOID, is_easy=True),
        walk("void", ISSUED, who="head", closed=VOID),
    ],
    url=document_url,
    home=document_url,
)
