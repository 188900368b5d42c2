"""Every step page of the consumer: offered, taken once, refused with the reason, typed wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from complaints.models import Complaint
from complaints.procedure.workflow import Outcome, Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import (
    AFTER_DUE,
    SOON,
    accepted,
    asked_consent,
    at,
    claimed,
    clock,
    files,
    overdue_promise,
    own_part,
    place,
    redirected,
    reported,
    steps_of,
    suggested,
    unconfirmed,
    withdrawn,
)
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from web.errors import INCIDENT_HEADER

__all__ = ["clock", "files"]

S = Status


@dataclass(frozen=True)
class Page:
    """One way through one step page."""

    name: str
    given: Callable[[World], Complaint]
    said: dict[str, Any] = field(default_factory=dict)
    step: str = ""
    status: Status | None = None
    outcome: str = ""
    now: datetime = SOON

    def __str__(self) -> str:
        return f"{self.name}:{self.step}"


PAGES = [
    Page("offer/1", at(S.AWAITING_CONSUMER), {"answer": "accept"}, "accept_offer", S.PERFORMING),
    Page(
        "offer/1",
        at(S.AWAITING_CONSUMER),
        {"answer": "accept", "part": ["1"], "rest": "go_on"},
        "accept_offer",
        S.NEGOTIATING,
    ),
    Page(
        "offer/1",
        at(S.AWAITING_CONSUMER),
        {
            "answer": "decline",
            "reason": "amount_too_low",
            "text": "9月和10月也多扣了。",
            "counter_demand": "三个月都退",
        },
        "decline_offer",
        S.NEGOTIATING,
    ),
    Page(
        "offer/1",
        at(S.AWAITING_CONSUMER),
        {"answer": "ask", "text": "退到哪个账户？"},
        "ask_about_offer",
        S.NEGOTIATING,
    ),
    Page("stop", at(S.WITH_ENTERPRISE), {}, "stop_negotiating", S.REVIEW),
    Page("stop", at(S.NEGOTIATING), {"text": "谈不下去了。"}, "stop_negotiating", S.REVIEW),
    Page("stop", at(S.AWAITING_CONSUMER), {}, "stop_negotiating", S.REVIEW),
    Page("withdraw", at(S.NEGOTIATING), {"reason": "mistake"}, "withdraw", S.CLOSED, Outcome.WITHDRAWN),
    Page("withdraw", at(S.MEDIATING), {"reason": "settled"}, "withdraw", S.CLOSED, Outcome.MEDIATION_TERMINATED),
    Page("refer", withdrawn, {}, "refer_to_regulator", S.REVIEW),
    Page("refer", unconfirmed, {}, "refer_to_regulator", S.REVIEW, now=WEDNESDAY + timedelta(days=11)),
    Page("late", unconfirmed, {"answer": "yes"}, "answer_late", S.PERFORMING, now=WEDNESDAY + timedelta(days=11)),
    Page("late", unconfirmed, {"answer": "no"}, "answer_late", S.REVIEW, now=WEDNESDAY + timedelta(days=11)),
    Page("undo", accepted, {}, "undo", S.AWAITING_CONSUMER),
    Page("performed", at(S.PERFORMING), {"answer-1": "done"}, "confirm_performed", S.CLOSED, Outcome.SETTLED),
    Page("performed", reported, {"answer-1": "done"}, "confirm_performed", S.CLOSED, Outcome.SETTLED),
    Page(
        "performed",
        reported,
        {"answer-1": "missing", "text-1": "账户里没有这笔钱。"},
        "dispute_performance",
        S.PERFORMING,
    ),
    Page("performed", reported, {"answer-1": "waive"}, "waive_obligation", S.CLOSED, Outcome.SETTLED),
    Page("breach", reported, {"obligation": "1", "text": "一直没有到账。"}, "report_breach", S.REVIEW),
    Page(
        "breach",
        overdue_promise,
        {"obligation": "1", "text": "到期了没有退。"},
        "report_breach",
        S.REVIEW,
        now=AFTER_DUE,
    ),
    Page("did", own_part, {"obligations": ["1"], "proof": "快递单号 SF0001"}, "report_performed", S.PERFORMING),
    Page("statement", at(S.NEGOTIATING), {"text": "账单第二页有这一项。"}, "add_statement", S.NEGOTIATING),
    Page("correct", at(S.NEGOTIATING), {"text": "是10月，不是9月。"}, "correct_facts", S.NEGOTIATING),
    Page("material", at(S.AWAITING_MATERIAL), {"text": "账单号 778。"}, "supply_material", S.REVIEW),
    Page("material", at(S.AWAITING_MATERIAL), {"has_none": "on"}, "supply_material", S.REVIEW),
    Page("settled-elsewhere", at(S.NEGOTIATING), {"text": "门店已经退钱。"}, "claim_settled_elsewhere", S.NEGOTIATING),
    Page(
        "settled-elsewhere",
        claimed,
        {"answer": "yes"},
        "confirm_settled_elsewhere",
        S.CLOSED,
        Outcome.SETTLED_ELSEWHERE,
    ),
    Page("settled-elsewhere", claimed, {"answer": "no", "text": "没有谈妥。"}, "deny_settled_elsewhere", S.NEGOTIATING),
    Page("consent", asked_consent, {"answer": "yes"}, "give_consent", S.TRIAGE),
    Page("consent", asked_consent, {"answer": "no"}, "decline_consent", S.REVIEW),
    Page("mediation", at(S.REVIEW), {"answer": "yes"}, "agree_to_mediation", S.REVIEW),
    Page("mediation", at(S.MEDIATING), {"answer": "no"}, "decline_mediation", S.MEDIATING),
    Page("suggestion", suggested, {"answer": "no", "text": "还差一半。"}, "answer_suggestion", S.MEDIATING),
    Page("recusal", at(S.MEDIATING), {"whom": "瑞试", "text": "与企业有亲属关系。"}, "request_recusal", S.MEDIATING),
    Page("objection", redirected, {"text": "这是消费纠纷，不是咨询。"}, "object", S.CLOSED, Outcome.REDIRECTED),
    Page(
        "rate",
        at(S.CLOSED),
        {"overall": "5", "speed": "4", "attitude": "5", "performed": "yes", "text": "很快。"},
        "rate",
        S.CLOSED,
        Outcome.SETTLED,
    ),
    Page("publication", at(S.CLOSED), {"answer": "yes"}, "give_publication_consent", S.CLOSED, Outcome.SETTLED),
]
NAMES = sorted({page.name for page in PAGES} | {"extension"})


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_step_is_shown_and_taken_once(world: World, clock: Any, page: Page) -> None:
    case = page.given(world)
    clock.move_to(page.now, tick=False)
    client = signed_in(world.chen)
    opened = client.get(place(case, page.name))
    assert opened.status_code == 200
    assert 'name="idempotency_key"' in shown(opened)
    before = steps_of(case)
    said = page.said | ({"matter_id": case.matters.get(kind="suggestion").pk} if page.name == "suggestion" else {})
    first = send(client, place(case, page.name), said, key="k" * 20)
    assert first.status_code == 302, shown(first)
    again = send(client, place(case, page.name), said, key="k" * 20)
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    case.refresh_from_db()
    assert (case.status, case.outcome) == (page.status, page.outcome)
    taken = steps_of(case)[len(before) :]
    assert taken.count(page.step) == 1
    # What is shown next is in order, in both languages.
    for language in ("zh-hans", "en"):
        after = client.get(first["Location"], follow=True, headers={"accept-language": language})
        assert after.status_code == 200


WRONG_TIME = {
    "offer/1": S.NEGOTIATING,
    "stop": S.REVIEW,
    "withdraw": S.PERFORMING,
    "refer": S.NEGOTIATING,
    "late": S.CLOSED,
    "undo": S.NEGOTIATING,
    "performed": S.NEGOTIATING,
    "breach": S.PERFORMING,
    "did": S.PERFORMING,
    "statement": S.CLOSED,
    "correct": S.CLOSED,
    "material": S.REVIEW,
    "settled-elsewhere": S.CLOSED,
    "consent": S.TRIAGE,
    "mediation": S.NEGOTIATING,
    "suggestion": S.MEDIATING,
    "recusal": S.NEGOTIATING,
    "objection": S.CLOSED,
    "rate": S.NEGOTIATING,
    "extension": S.NEGOTIATING,
}


@pytest.mark.parametrize("name", sorted(WRONG_TIME))
def test_what_may_not_be_done_now_is_not_shown_and_is_refused(world: World, clock: Any, name: str) -> None:
    case = given.a_complaint(world, status=WRONG_TIME[name])
    client = signed_in(world.chen)
    if name == "offer/1":
        assert client.get(place(case, name)).status_code == 404
        assert send(client, place(case, name), {"answer": "accept"}).status_code == 404
        return
    assert f'href="{place(case, name)}"' not in shown(client.get(place(case)))
    opened = client.get(place(case, name))
    assert (opened.status_code, opened["Location"]) == (302, place(case))
    typed = "这是我写了很久的一段话，不能丢。"
    before = steps_of(case)
    refused = send(client, place(case, name), {"text": typed, "answer": "yes"})
    assert refused.status_code == 409
    assert typed in shown(refused)
    assert "案件刚有变化" in shown(refused)
    assert steps_of(case) == before


def test_an_answered_offer_is_shown_and_refuses_another_answer(world: World, clock: Any) -> None:
    case = accepted(world)
    client = signed_in(world.chen)
    opened = client.get(place(case, "offer/1"))
    assert opened.status_code == 200
    assert "不能再答复" in shown(opened)
    refused = send(
        client, place(case, "offer/1"), {"answer": "decline", "reason": "other", "text": "我改主意了，还是不能接受。"}
    )
    assert refused.status_code == 409
    assert "我改主意了" in shown(refused)


WRONG = [
    ("offer/1", at(S.AWAITING_CONSUMER), {}, "answer"),
    ("offer/1", at(S.AWAITING_CONSUMER), {"answer": "perhaps"}, "answer"),
    ("offer/1", at(S.AWAITING_CONSUMER), {"answer": "decline", "text": "还差两个月的费用。"}, "reason"),
    ("offer/1", at(S.AWAITING_CONSUMER), {"answer": "ask", "text": "  "}, "text"),
    ("offer/1", at(S.AWAITING_CONSUMER), {"answer": "ask", "text": "问" * 4001}, "text"),
    ("offer/1", at(S.AWAITING_CONSUMER), {"answer": "accept", "part": ["1"]}, "rest"),
    ("offer/1", at(S.AWAITING_CONSUMER), {"answer": "accept", "part": ["9"], "rest": "go_on"}, "part"),
    ("withdraw", at(S.NEGOTIATING), {"text": "不想说为什么。"}, "reason"),
    ("withdraw", at(S.NEGOTIATING), {"reason": "because"}, "reason"),
    ("statement", at(S.NEGOTIATING), {"text": ""}, "text"),
    ("correct", at(S.NEGOTIATING), {"text": ""}, "text"),
    ("material", at(S.AWAITING_MATERIAL), {}, "text"),
    ("performed", reported, {}, None),
    ("performed", reported, {"answer-1": "missing"}, "text-1"),
    ("performed", reported, {"answer-1": "sold"}, "answer-1"),
    ("breach", reported, {"text": "没有到账，已经等了很久。"}, "obligation"),
    ("breach", reported, {"obligation": "7", "text": "没有到账，已经等了很久。"}, "obligation"),
    ("breach", reported, {"obligation": "1", "text": "缺" * 4001}, "text"),
    ("did", own_part, {"proof": "快递单号 SF0001"}, "obligations"),
    ("settled-elsewhere", at(S.NEGOTIATING), {}, "text"),
    ("settled-elsewhere", claimed, {"text": "说不清楚，还在谈。"}, "answer"),
    ("consent", asked_consent, {}, "answer"),
    ("mediation", at(S.REVIEW), {"answer": "maybe"}, "answer"),
    ("suggestion", suggested, {"text": "没有选，字还在。"}, "answer"),
    ("recusal", at(S.MEDIATING), {"text": "与企业有亲属关系。"}, "whom"),
    ("objection", redirected, {"text": " "}, "text"),
    ("rate", at(S.CLOSED), {"overall": "9", "speed": "1", "attitude": "1"}, "overall"),
    ("rate", at(S.CLOSED), {"overall": "5", "text": "其他两项忘了选，字还在。"}, "speed"),
    ("publication", at(S.CLOSED), {}, "answer"),
]


@pytest.mark.parametrize(("name", "prepare", "said", "wrong"), WRONG)
def test_bad_input_is_named_and_what_was_typed_is_kept(
    world: World, clock: Any, name: str, prepare: Callable[[World], Complaint], said: dict[str, Any], wrong: str | None
) -> None:
    case = prepare(world)
    before = (case.status, steps_of(case))
    client = signed_in(world.chen)
    answer = send(client, place(case, name), said)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert (wrong in form.errors) if wrong else form.non_field_errors()
    page = shown(answer)
    assert "error-summary" in page
    assert "<title>有误：" in page
    for value in said.values():
        if isinstance(value, str) and not value.isascii():
            assert value in page
    case.refresh_from_db()
    assert (case.status, steps_of(case)) == before


@pytest.mark.parametrize("who", ["otto", "hua", "ming", "rui", "su"])
def test_a_stranger_meets_the_same_404_as_for_no_case(world: World, clock: Any, who: str) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    client = signed_in(getattr(world, who))
    pages = [*NAMES, "done"]
    if who in ("otto", "hua"):
        pages += ["", "why/confirmation", "files/1"]
    for name in pages:
        for method in ("get", "post"):
            real = getattr(client, method)(place(case, name), {"idempotency_key": "k" * 20, "answer": "accept"})
            none = getattr(client, method)(
                place(case, name).replace(case.number, "20260101-AAAAAAAAAA-A"),
                {"idempotency_key": "k" * 20, "answer": "accept"},
            )
            if method == "post" and real.status_code == 405:
                continue
            assert real.status_code == none.status_code == 404, (name, method)
            # Nothing but the number of the mishap differs.
            assert real.content.replace(case.number.encode(), b"").replace(
                real[INCIDENT_HEADER].encode(), b""
            ) == none.content.replace(b"20260101-AAAAAAAAAA-A", b"").replace(none[INCIDENT_HEADER].encode(), b""), name
    case.refresh_from_db()
    assert case.status == S.AWAITING_CONSUMER


def test_without_a_session_one_signs_in_first(world: World, clock: Any) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    client = signed_in(None)
    for name in ["", "done", "why/confirmation", *NAMES]:
        answer = client.get(place(case, name))
        assert answer.status_code == 302
        assert answer["Location"].startswith("/account/sign-in/")
    assert client.get("/cases/")["Location"].startswith("/account/sign-in/")


def test_an_unknown_word_below_a_case_is_no_page(world: World, clock: Any) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    client = signed_in(world.chen)
    for name in ("offer", "offer/9", "nonsense", "why/nonsense", "why/negotiation-4", "files/99999"):
        assert client.get(place(case, name)).status_code == 404
