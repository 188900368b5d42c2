"""The consumer's step pages: by account, by the token of the receipt, and through an officer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from authorities.models import Policy
from complaints.handling.steps import consumer, enterprise
from complaints.models import Complaint
from complaints.pages.authority.intake import on_behalf
from complaints.pages.consumer.pages import PAGES
from complaints.pages.links import track
from complaints.procedure.workflow import Outcome, Status
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages import at_home
from tests.complaints.pages.at_the_desk import signed_in
from tests.complaints.pages.links.test_track import opened, prove_phone, with_token
from tests.complaints.pages.step_walks import Audience, Typed, Walk, Wrong, an_analyst, at
from tests.complaints.parties.test_parties import JOINT, LI, WANG, agent, join, person

S = Status
LATER = WEDNESDAY + timedelta(days=11)
LONG = "没有到账，已经等了很久。"
GONE, TALKING, OFFERED = at(S.CLOSED), at(S.NEGOTIATING), at(S.AWAITING_CONSUMER)
ASKED, PROMISED, REVIEWED, MEDIATED = at(S.AWAITING_MATERIAL), at(S.PERFORMING), at(S.REVIEW), at(S.MEDIATING)


def broken(world: World) -> Complaint:
    text = consumer.report_breach(obligation=1, text="没有收到。")
    return given.step(at_home.reported(world), text, world.consumer, WEDNESDAY)


def asked_extension(world: World) -> Complaint:
    Policy.objects.filter(name="extension").update(number=1)
    return at(S.NEGOTIATING, ("handler", enterprise.request_extension(days=3, text="核对账单。")))(world)


def with_li(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER, on_behalf=JOINT)
    join(case, LI)
    return case


def with_principal(world: World) -> Complaint:
    case = given.a_complaint(world, status=S.NEGOTIATING, on_behalf=agent())
    join(case, WANG)
    return case


def answered_suggestion(**typed: Any) -> Any:
    return lambda world, case: typed | {"matter_id": str(case.matters.get(kind="suggestion").pk)}


OFFER, ELSEWHERE = "offer/1", "settled-elsewhere"
BAD_OFFERS: list[Wrong] = [
    ({"answer": "perhaps"}, "answer"),
    ({"answer": "decline", "text": "还差两个月的费用。"}, "reason"),
    ({"answer": "ask", "text": "  "}, "text"),
    ({"answer": "ask", "text": "问" * 4001}, "text"),
    ({"answer": "accept", "part": ["1"]}, "rest"),
    ({"answer": "accept", "part": ["9"], "rest": "go_on"}, "part"),
]
BAD_BREACHES: list[Wrong] = [
    ({"text": LONG}, "obligation"),
    ({"obligation": "7", "text": LONG}, "obligation"),
    ({"obligation": "1", "text": "缺" * 4001}, "text"),
]
BAD_PROMISES: list[Wrong] = [({}, ""), ({"answer-1": "missing"}, "text-1"), ({"answer-1": "sold"}, "answer-1")]
PARTLY = {"answer": "accept", "part": ["1"], "rest": "go_on"}
DECLINED = {"answer": "decline", "reason": "amount_too_low", "text": "9月也多扣了。", "counter_demand": "三个月都退"}
MISSED = {"answer-1": "missing", "text-1": "账户里没有这笔钱。"}
RATED = {"overall": "5", "speed": "4", "attitude": "5", "performed": "yes", "text": "很快。"}
UNRATED: list[Wrong] = [
    ({"overall": "9", "speed": "1", "attitude": "1"}, "overall"),
    ({"overall": "5", "text": "其他两项忘了选，字还在。"}, "speed"),
]
RELATED = {"whom": "瑞试", "text": "与企业有亲属关系。"}
DAYS: list[Wrong] = [({"day-1": "2026-11-01"}, "day-1"), ({"day-1": "下个月"}, "day-1")]
UNDECIDED: list[Wrong] = [({"text": "没有选，字还在。"}, "answer")]
NO_REASON: list[Wrong] = [({"text": "不想说为什么。"}, "reason"), ({"reason": "because"}, "reason")]
NO_PURPOSE: list[Wrong] = [({"purpose": "everything"}, "purpose")]
BROKEN = {"obligation": "1", "text": "一直没有到账。"}
SETTLED, DONE, YES = Outcome.SETTLED, {"answer-1": "done"}, {"answer": "yes"}
WALKS = [
    Walk(OFFER, OFFERED, {"answer": "accept"}, S.PERFORMING, wrong=BAD_OFFERS, closed=at_home.accepted),
    Walk(OFFER, OFFERED, PARTLY, S.NEGOTIATING),
    Walk(OFFER, OFFERED, DECLINED, S.NEGOTIATING, step="decline_offer"),
    Walk(OFFER, OFFERED, {"answer": "ask", "text": "退到哪个账户？"}, S.NEGOTIATING, step="ask_about_offer"),
    Walk("stop", at(S.WITH_ENTERPRISE), {}, S.REVIEW, closed=REVIEWED, is_easy=True),
    Walk("stop", TALKING, {"text": "谈不下去了。"}, S.REVIEW, is_easy=True),
    Walk("stop", OFFERED, {}, S.REVIEW, is_easy=True),
    Walk("withdraw", TALKING, {"reason": "mistake"}, S.CLOSED, Outcome.WITHDRAWN, wrong=NO_REASON, closed=PROMISED),
    Walk("withdraw", MEDIATED, {"reason": "settled"}, S.CLOSED, Outcome.MEDIATION_TERMINATED),
    Walk("refer", at_home.withdrawn, {}, S.REVIEW, "", closed=TALKING, is_easy=True),
    Walk("refer", at_home.unconfirmed, {}, S.REVIEW, "", now=LATER, is_easy=True),
    Walk("late", at_home.unconfirmed, YES, S.PERFORMING, "", wrong=UNDECIDED, closed=GONE, now=LATER),
    Walk("late", at_home.unconfirmed, {"answer": "no"}, S.REVIEW, "", now=LATER),
    Walk("undo", at_home.accepted, {}, S.AWAITING_CONSUMER, closed=TALKING, is_easy=True),
    Walk("performed", PROMISED, DONE, S.CLOSED, SETTLED, closed=TALKING),
    Walk("performed", at_home.reported, DONE, S.CLOSED, SETTLED, wrong=BAD_PROMISES),
    Walk("performed", at_home.reported, MISSED, step="dispute_performance"),
    Walk("performed", at_home.reported, {"answer-1": "waive"}, S.CLOSED, SETTLED, "waive_obligation"),
    Walk("breach", at_home.reported, BROKEN, S.REVIEW, wrong=BAD_BREACHES, closed=PROMISED),
    Walk("breach", at_home.overdue_promise, BROKEN, S.REVIEW, now=at_home.AFTER_DUE),
    Walk("did", at_home.own_part, {"obligations": ["1"], "proof": "快递单号 SF0001"}, closed=PROMISED),
    Walk("statement", TALKING, {"text": "账单第二页有这一项。"}, wrong=[({"text": ""}, "text")], closed=GONE),
    Walk("correct", TALKING, {"text": "是10月，不是9月。"}, wrong=[({"text": ""}, "text")], closed=GONE),
    Walk("material", ASKED, {"text": "账单号 778。"}, S.REVIEW, wrong=[({}, "text")], closed=REVIEWED),
    Walk("material", ASKED, {"has_none": "on"}, S.REVIEW),
    Walk(ELSEWHERE, TALKING, {"text": "门店已经退钱。"}, wrong=[({}, "text")], closed=GONE),
    Walk(ELSEWHERE, at_home.claimed, YES, S.CLOSED, Outcome.SETTLED_ELSEWHERE, "confirm_settled_elsewhere", UNDECIDED),
    Walk(ELSEWHERE, at_home.claimed, {"answer": "no", "text": "没有谈妥。"}, step="deny_settled_elsewhere"),
    Walk("consent", at_home.asked_consent, YES, wrong=[({}, "answer")], closed=at(S.TRIAGE)),
    Walk("consent", at_home.asked_consent, {"answer": "no"}, S.REVIEW, step="decline_consent"),
    Walk("mediation", REVIEWED, YES, wrong=[({"answer": "maybe"}, "answer")], closed=TALKING),
    Walk("mediation", MEDIATED, {"answer": "no"}, step="decline_mediation"),
    Walk(
        "suggestion",
        at_home.suggested,
        answered_suggestion(answer="no", text="还差。"),
        wrong=UNDECIDED,
        closed=MEDIATED,
    ),
    Walk("recusal", MEDIATED, RELATED, wrong=[({"text": "与企业有亲属关系。"}, "whom")], closed=TALKING),
    Walk(
        "objection",
        at_home.redirected,
        {"text": "这是消费纠纷，不是咨询。"},
        wrong=[({"text": " "}, "text")],
        closed=GONE,
    ),
    Walk("rate", GONE, RATED, wrong=UNRATED, closed=TALKING),
    Walk("publication", GONE, YES, wrong=[({}, "answer")]),
    Walk("consents", TALKING, {"purpose": "share_with_enterprise"}, wrong=NO_PURPOSE, closed=GONE),
    Walk("extension", asked_extension, closed=TALKING, is_easy=True),
    Walk("new-dates", broken, {"day-1": "2026-12-18"}, wrong=DAYS, closed=REVIEWED),
    Walk("party", with_li, {"agrees": "yes"}, wrong=[({}, "agrees")], closed=OFFERED, who=LI),
    Walk("leave", with_li, closed=OFFERED, who=LI, is_easy=True, is_out=True),
    Walk("power", with_principal, closed=TALKING, who=WANG, is_easy=True),
]


def _is_for_others(case: Complaint) -> bool:
    return case.on_behalf_kind in ("joint", "agent")


def _at_home(world: World, case: Complaint, walk: Walk) -> Client:
    return signed_in(person(walk.who) if walk.who and _is_for_others(case) else world.chen)


CONSUMER = Audience(
    name="consumer",
    role="consumer",
    pages=PAGES,
    walks=WALKS,
    url=lambda case, name: f"/cases/{case.number}/{name}/",
    home=lambda case: f"/cases/{case.number}/",
    browser=_at_home,
    strangers=lambda world: [world.otto, world.hua, world.ming, world.rui, world.su],
    no_pages=("offer", "offer/9"),
)


def _by_token(world: World, case: Complaint, walk: Walk) -> Client:
    browser = Client()
    with_token(case)
    opened(browser, case)
    if track.PAGES[walk.name.partition("/")[0]].decides:
        prove_phone(browser, case.number, f"/track/{case.number}/{walk.name}/")
    return browser


TRACKING = Audience(
    name="tracking",
    role="consumer",
    pages=track.PAGES,
    walks=[walk for walk in WALKS if walk.name.partition("/")[0] in track.PAGES and not walk.who],
    url=lambda case, name: f"/track/{case.number}/{name}/",
    home=lambda case: f"/track/{case.number}/",
    browser=_by_token,
    strangers=lambda world: [None, world.otto],
    no_pages=("offer/9", "consent", "publication", "rate"),
    signs_in=False,
    turned_away=(302, 403),
)

SPOKEN: Typed = {"by_how": "phone", "by_proof": "LY-2026-0815"}
READ: Typed = {"by_stage": "read", "by_read": "on"}


def _for(case: Complaint, name: str) -> str:
    who = 1 if name.partition("/")[0] in ("party", "leave", "power") and _is_for_others(case) else 0
    return f"/authority/cases/{case.number}/on-behalf/{name.partition('/')[0]}/?for={who}"


ON_BEHALF = Audience(
    name="on behalf",
    role="consumer",
    pages=on_behalf.PAGES,
    walks=WALKS,
    url=_for,
    home=lambda case: f"/authority/cases/{case.number}/on-behalf/?for={int(_is_for_others(case))}",
    browser=lambda world, case, walk: signed_in(world.su if case.status == S.TRIAGE else world.rui),
    strangers=lambda world: [an_analyst(world), world.chen, world.hua, world.far_officer.user],
    refuses=True,
    more=SPOKEN,
    read_back=READ,
)
