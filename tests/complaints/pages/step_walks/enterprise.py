"""The enterprise's step pages; also those beside its table: the offer editor, and a case that goes back."""

from __future__ import annotations

from typing import Any

from django.test import Client

from accounts.models import User
from accounts.roles import Role
from authorities.models import Policy
from complaints.handling.steps import authority, both, consumer, enterprise, mediation, supervision
from complaints.models import Complaint
from complaints.pages.enterprise.steps import ELSEWHERE, PAGES
from complaints.procedure.workflow import Status
from enterprises.models import Staff
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_home import own_part, reported
from tests.complaints.pages.at_the_desk import OFFER, address, signed_in
from tests.complaints.pages.step_walks import Audience, Given, Walk, Wrong, at
from tests.complaints.pages.step_walks.consumer import answered_suggestion, broken

S = Status


def may_be_extended(world: World) -> Complaint:
    Policy.objects.filter(name="extension").update(number=1)
    return given.a_complaint(world, status=S.NEGOTIATING)


def disputed(world: World) -> Complaint:
    text = consumer.dispute_performance(obligation=1, text="没有收到。")
    return given.step(reported(world), text, world.consumer, WEDNESDAY)


def sent_back(world: World) -> Complaint:
    """What the consumer promised to return was reported as sent."""
    text = enterprise.report_performed(obligations=[1], proof="快递单号")
    return given.step(own_part(world), text, world.consumer, WEDNESDAY)


PAID = {"obligation": "1", "channel": "转账", "last4": "6620", "paid_on": "2026-11-11"}
TALKED = {"channel": "phone", "reached": "yes", "note": "谈过"}
NEVER, EMPTY = "请从列出的选项中选一项", "请填写这一项"
GONE, TALKING, HERE, PROMISED = at(S.CLOSED), at(S.NEGOTIATING), at(S.WITH_ENTERPRISE), at(S.PERFORMING)
STOPPED = ("consumer", consumer.stop_negotiating())
SUGGESTED = at(
    S.NEGOTIATING,
    STOPPED,
    ("officer", authority.accept()),
    ("consumer", both.agree_to_mediation()),
    ("handler", both.agree_to_mediation()),
    ("officer", mediation.suggest_settlement(text="退还两个月的费用。")),
)
BAD_CALLS: list[Wrong] = [
    (TALKED | {"channel": "pigeon"}, "channel", NEVER),
    ({"channel": "phone", "note": "谈过了"}, "reached", NEVER),
    (TALKED | {"note": " "}, "note", EMPTY),
    (TALKED | {"at": "2026-11-12T09:00"}, "at", "不能晚于现在"),
    (TALKED | {"at": "昨天下午"}, "at", "时间请写成"),
    (TALKED | {"note": "字" * 1001}, "note", "最多1000个字，现在有1001个"),
]
BAD_PAYMENTS: list[Wrong] = [
    (PAID | {"last4": "12"}, "last4", "末4位"),
    (PAID | {"paid_on": "2026-11-12"}, "paid_on", "不能晚于今天"),
    (PAID | {"paid_on": "11/12"}, "paid_on", "日期请写成"),
]
BAD_RETURNS: list[Wrong] = [
    ({"reason": "wrong_branch", "target": "none", "text": ""}, "text", "请写明理由"),
    ({"reason": "wrong_branch", "target": "1-2", "text": "别家的", "q": ""}, "target", NEVER),
]
BAD_PROOFS: list[Wrong] = [
    ({"proof": "流水"}, "obligations", "请至少选一项约定"),
    ({"obligations": ["7"], "proof": "流水"}, "obligations", NEVER),
]
NO_WAY, DENIED = {"reason": "no_agreement", "text": "谈不拢。"}, {"answer": "deny", "text": "没有"}
UNDECIDED: list[Wrong] = [({"text": "没有选，字还在。"}, "answer")]
INCOMPLETE: list[Wrong] = [(OFFER | {"answer-1": ""}, "answer-1")]
LOOK_WHY = "只有受理后的处理人、管理员和经办机关可以查看联系方式。"


def walk(name: str, made: Given, typed: Any, to: Status | None = None, wrong: Any = (), **more: Any) -> Walk:
    closed: dict[str, Any] = {"closed": GONE}
    return Walk(name, made, typed, to, wrong=wrong, **closed | more)


FORMER = {"reason": "not_customer", "target": "none", "text": "查无此用户。", "send": "1"}
THEIRS = {"target": "none", "text": "不是本公司的业务。", "send": "1"}
BETTER = OFFER | {"answer-2": "grant", "reason-2": "", "separable-1": "on"}
PROVEN = {"obligations": ["1"], "proof": "退款流水0001", "channel": "原路退回"}
BAD_HANDLERS = [({"handler": value}, "handler", NEVER) for value in ("", "999999", "'; drop table")]
BAD_TEXTS = [({"text": ""}, "text", EMPTY), ({"text": "字" * 4001}, "text", "最多4000个字")]
QUESTION = ("consumer", consumer.ask_about_offer(text="退到哪里？"))
CALLED = ("handler", enterprise.log_contact(channel="phone", reached=True, note="谈过。"))
CLAIM = ("consumer", both.claim_settled_elsewhere(text="店里解决了"))
URGE = ("officer", supervision.urge(text="请尽快答复。", last_day="2026-11-20"))
SHOWN = ("consumer", both.give_publication_consent())
WALKS = [
    walk("accept", HERE, lambda w, case: {"handler": str(w.ming_staff.pk)}, S.NEGOTIATING, BAD_HANDLERS),
    walk("assign", TALKING, lambda w, case: {"handler": str(w.lead_staff.pk)}),
    walk("contact", TALKING, TALKED | {"reached": "no", "at": "2026-11-11T10:00"}, wrong=BAD_CALLS),
    walk("ask", TALKING, {"text": "请问是哪一天扣的？"}, wrong=BAD_TEXTS),
    walk("message", TALKING, {"text": "正在核实。"}),
    walk("note", TALKING, {"text": "计费已查。"}, wrong=[({"text": "\n \t"}, "text", EMPTY)]),
    walk("offer", TALKING, OFFER, S.AWAITING_CONSUMER, INCOMPLETE, step="make_offer"),
    walk("replace", at(S.AWAITING_CONSUMER), BETTER, wrong=INCOMPLETE, step="replace_offer"),
    walk("answer", at(S.AWAITING_CONSUMER, QUESTION), {"text": "原路退回。"}, S.AWAITING_CONSUMER),
    walk("failure", at(S.NEGOTIATING, CALLED), NO_WAY, S.REVIEW, [({"text": "谈不拢"}, "reason", NEVER)]),
    walk("return", HERE, FORMER, S.TRIAGE, BAD_RETURNS, step="return_case"),
    walk("request-return", TALKING, THEIRS, wrong=[({"target": "none"}, "text")], step="request_return"),
    walk("performed", PROMISED, PROVEN, wrong=BAD_PROOFS),
    walk("payment", disputed, PAID, wrong=BAD_PAYMENTS),
    walk("confirm", sent_back, {"obligations": ["1"]}, wrong=[({}, "obligations")]),
    walk("reveal", TALKING, {"reason": "look_call"}, wrong=[({"reason": "curious"}, "reason")], why=LOOK_WHY),
    walk("concern", TALKING, {"text": "多件投诉文字相同。"}),
    walk("settled-elsewhere", TALKING, {"text": "已在营业厅当面解决。"}, step="claim_settled_elsewhere"),
    walk("settled-elsewhere", at(S.NEGOTIATING, CLAIM), DENIED, wrong=UNDECIDED, step="deny_settled_elsewhere"),
    walk("instruction", at(S.NEGOTIATING, URGE), {"text": "本周内答复。"}),
    walk("mediation", at(S.NEGOTIATING, STOPPED), {"answer": "agree"}, wrong=[({}, "answer", NEVER)]),
    walk("suggestion", SUGGESTED, answered_suggestion(answer="yes"), wrong=UNDECIDED),
    walk("ask-authority", TALKING, {"text": "这项业务按什么规定？"}),
    walk("new-dates", broken, {"day-1": "2026-12-18"}, wrong=[({"day-1": "2026-11-01"}, "day-1")]),
    walk("extension", may_be_extended, {"days": "3", "text": "要等总部核对账单。"}, wrong=[({"days": "99"}, "days")]),
    # These two are open where everything else is over.
    walk("reply", at(S.NEGOTIATING, SHOWN), {"text": "已核实。"}, wrong=[({"text": "字" * 1001}, "text")], closed=None),
    walk("cause", GONE, {"cause": "billing_error"}, closed=None),
]


def _reviewer(world: World) -> Client:
    user = User.objects.create_user("reviews@example.com", name="审核")
    Staff.objects.create(user=user, enterprise=world.mobile, branch=world.fuzhou, role=Role.REVIEWER.post)
    return signed_in(user)


ENTERPRISE = Audience(
    name="enterprise",
    role="handler",
    pages=PAGES,
    walks=WALKS,
    url=address,
    home=address,
    browser=lambda world, case, walk: signed_in(world.ming),
    strangers=lambda world: [world.hua, world.chen],
    reader=_reviewer,
    why="已办结",
)
assert ELSEWHERE.keys() <= {walk.name for walk in WALKS}
