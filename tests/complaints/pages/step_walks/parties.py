"""Step pages of the two sides: of the consumer by account, by the token of the receipt and through an officer; of the
enterprise, also those beside its table: the offer editor, and a case that goes back."""

from datetime import timedelta
from typing import Any

from django.test import Client

from authorities.models import Policy
from complaints.handling.steps import authority, both, consumer, enterprise, mediation, supervision
from complaints.models import Complaint
from complaints.pages.authority.intake import on_behalf
from complaints.pages.consumer.pages import PAGES
from complaints.pages.enterprise import steps as enterprise_pages
from complaints.pages.links import track
from complaints.procedure.workflow import Outcome
from complaints.procedure.workflow import Status as S
from tests import given
from tests.cast import WEDNESDAY, World
from tests.complaints.pages import at_home
from tests.complaints.pages.at_the_desk import OFFER, address, colleague, signed_in
from tests.complaints.pages.links.test_track import opened, prove_phone, with_token
from tests.complaints.pages.step_walks import Audience, Given, Typed, Walk, Wrong, an_analyst, at
from tests.complaints.parties.test_parties import JOINT, LI, WANG, agent, join, person

LATER = WEDNESDAY + timedelta(days=11)
LONG = "没有到账，已经等了很久。"
GONE, TALKING, OFFERED = at(S.CLOSED), at(S.NEGOTIATING), at(S.AWAITING_CONSUMER)
ASKED, PROMISED, REVIEWED, MEDIATED = at(S.AWAITING_MATERIAL), at(S.PERFORMING), at(S.REVIEW), at(S.MEDIATING)


def broken(world: World) -> Complaint:
    text = consumer.report_breach(obligation=1, text="没有收到。")
    return given.step(at_home.reported(world), text, world.consumer, WEDNESDAY)


def may_be_extended(world: World, *moves: tuple[str, Any]) -> Complaint:
    Policy.objects.filter(name="extension").update(number=1)
    return at(S.NEGOTIATING, *moves)(world)


def asked_extension(world: World) -> Complaint:
    return may_be_extended(world, ("handler", enterprise.request_extension(days=3, text="核对账单。")))


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


FIRST, ELSEWHERE = "offer/1", "settled-elsewhere"
BAD_OFFERS: list[Wrong] = [
    ({"answer": "perhaps"}, "answer"),
    ({"answer": "decline", "text": "还差两个月的费用。"}, "reason"),
    ({"answer": "ask", "text": "  "}, "text"),
    ({"answer": "ask", "text": "问" * 4001}, "text"),
    ({"answer": "accept", "part": ["1"]}, "rest"),
    ({"answer": "accept", "rest": "perhaps"}, "rest"),
]
#: Nothing was granted: nothing can be accepted.
BAD_CHOICES: list[Wrong] = [
    ({"answer": "accept", "text": LONG}, "answer"),
    ({"answer": "decline", "text": LONG}, "reason"),
]
BAD_BREACHES: list[Wrong] = [
    ({"text": LONG}, "obligation"),
    ({"obligation": "7", "text": LONG}, "obligation"),
    ({"obligation": "1", "text": "缺" * 4001}, "text"),
]
BAD_PROMISES: list[Wrong] = [({}, ""), ({"answer-1": "missing"}, "text-1"), ({"answer-1": "sold"}, "answer-1")]
ACCEPTED = {"answer": "accept", "rest": "give_up"}
PARTLY = {"answer": "accept", "rest": "go_on"}
DECLINED = {"answer": "decline", "reason": "amount_too_low", "text": "9月也多扣了。", "counter_demand": "三个月都退"}
MISSED = {"answer-1": "missing", "text-1": "账户里没有这笔钱。"}
RATED = {"overall": "5", "speed": "4", "attitude": "5", "portal": "4", "performed": "yes", "text": "很快。"}
UNRATED: list[Wrong] = [
    ({"overall": "9", "speed": "1", "attitude": "1"}, "overall"),
    ({"speed": "5", "text": "总体忘了选，字还在。"}, "overall"),
]
RELATED = {"whom": "瑞试", "text": "与企业有亲属关系。"}
DAYS: list[Wrong] = [({"day-1": "2026-11-01"}, "day-1"), ({"day-1": "下个月"}, "day-1")]
UNDECIDED: list[Wrong] = [({"text": "没有选，字还在。"}, "answer")]
NO_REASON: list[Wrong] = [({"text": "不想说为什么。"}, "reason"), ({"reason": "because"}, "reason")]
NO_PURPOSE: list[Wrong] = [({"purpose": "everything"}, "purpose")]
BROKEN = {"obligation": "1", "text": "一直没有到账。"}
REFUSED_IT = answered_suggestion(answer="no", text="还差。")
SETTLED, DONE, YES = Outcome.SETTLED, {"answer-1": "done"}, {"answer": "yes"}
CONSUMER_WALKS = [
    Walk(
        FIRST, OFFERED, {"answer": "accept", "rest": "give_up"}, S.PERFORMING, wrong=BAD_OFFERS, closed=at_home.accepted
    ),
    Walk(FIRST, OFFERED, PARTLY, S.NEGOTIATING),
    Walk(FIRST, OFFERED, DECLINED, S.NEGOTIATING, step="decline_offer"),
    Walk(FIRST, OFFERED, {"answer": "ask", "text": "退到哪个账户？"}, S.NEGOTIATING, step="ask_about_offer"),
    Walk(FIRST, given.refused_in_full, {"answer": "rest"}, S.CLOSED, Outcome.WITHDRAWN, "let_rest", wrong=BAD_CHOICES),
    Walk(FIRST, given.refused_in_full, {"answer": "regulator", "text": LONG}, S.REVIEW, step="stop_negotiating"),
    Walk(FIRST, given.refused_in_full, DECLINED, S.NEGOTIATING, step="decline_offer"),
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
    Walk("signs", TALKING, {"text": "电话是我家共用的。"}, wrong=[({"text": ""}, "text")], closed=GONE),
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
    Walk("suggestion", at_home.suggested, REFUSED_IT, wrong=UNDECIDED, closed=MEDIATED),
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
    walks=CONSUMER_WALKS,
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
    if track.asks_code(PAGES[walk.name.partition("/")[0]]):
        prove_phone(browser, case.number, f"/track/{case.number}/{walk.name}/")
    return browser


#: Of fellow complainants and principals, who have accounts.
OF_OTHERS = {walk.name for walk in CONSUMER_WALKS if walk.who}
TRACKING = Audience(
    name="tracking",
    role="consumer",
    pages={name: page for name, page in PAGES.items() if name not in OF_OTHERS},
    walks=[walk for walk in CONSUMER_WALKS if not walk.who],
    url=lambda case, name: f"/track/{case.number}/{name}/",
    home=lambda case: f"/track/{case.number}/",
    browser=_by_token,
    strangers=lambda world: [None, world.otto],
    no_pages=("offer/9",),
    signs_in=False,
    turned_away=(302, 403),
)


def _nobodys(world: World) -> Complaint:
    """Filed without an account."""
    case = given.a_complaint(world, status=S.REVIEW)
    Complaint.objects.filter(pk=case.pk).update(consumer=None)
    return case


SPOKEN: Typed = {"by_how": "phone", "by_proof": "LY-2026-0815"}
READ: Typed = {"by_stage": "read", "by_read": "on"}


def _for(case: Complaint, name: str) -> str:
    who = 1 if name.partition("/")[0] in ("party", "leave", "power") and _is_for_others(case) else 0
    return f"/authority/cases/{case.number}/on-behalf/{name.partition('/')[0]}/?for={who}"


ON_BEHALF = Audience(
    name="on behalf",
    role="consumer",
    pages=on_behalf.PAGES,
    walks=[
        *CONSUMER_WALKS,
        Walk("prove", _nobodys, closed=lambda world: given.a_complaint(world, status=S.REVIEW), is_easy=True),
    ],
    url=_for,
    home=lambda case: f"/authority/cases/{case.number}/on-behalf/?for={int(_is_for_others(case))}",
    browser=lambda world, case, walk: signed_in(world.su if case.status == S.TRIAGE else world.rui),
    strangers=lambda world: [an_analyst(world), world.chen, world.hua, world.far_officer.user],
    refuses=True,
    more=SPOKEN,
    read_back=READ,
)


def disputed(world: World) -> Complaint:
    text = consumer.dispute_performance(obligation=1, text="没有收到。")
    return given.step(at_home.reported(world), text, world.consumer, WEDNESDAY)


def sent_back(world: World) -> Complaint:
    """What the consumer promised to return was reported as sent."""
    text = enterprise.report_performed(obligations=[1], proof="快递单号")
    return given.step(at_home.own_part(world), text, world.consumer, WEDNESDAY)


def promised_less(world: World) -> Complaint:
    """More was granted than promised, and the enterprise was asked for the rest."""
    case = given.a_complaint(world, status=S.PERFORMING)
    return given.step(case, given.asked_for_promise(world, case), world.actor("system"), WEDNESDAY)


def cancelled_nowhere(world: World) -> Complaint:
    """So it is of a service too."""
    case = given.an_act_of_former_days(world, S.CLOSED)
    return given.step(case, given.asked_for_promise(world, case), world.actor("system"), WEDNESDAY)


CANCELLED = {"demand": "2", "kind": "service_change", "what": "取消智家体验包", "due_on": "2026-12-07"}
BAD_CANCELLED: list[Wrong] = [
    (CANCELLED | {"demand": "1"}, "demand", "请从列出的选项中选一项"),
    (CANCELLED | {"kind": "transfer"}, "kind", "做事的选做事的办法"),
    (CANCELLED | {"demand": "money"}, "kind", "付钱的选付钱的办法"),
]
ADDED = {"kind": "transfer", "what": "补付方案里同意的金额", "due_on": "2026-12-07"}
BAD_PROMISES: list[Wrong] = [(ADDED | {"due_on": ""}, "due_on"), (ADDED | {"is_done": "on"}, "proof")]
PAID = {"obligation": "1", "channel": "转账", "last4": "6620", "paid_on": "2026-11-11"}
TALKED = {"channel": "phone", "reached": "yes", "note": "谈过"}
NEVER, EMPTY = "请从列出的选项中选一项", "请填写这一项"
HERE = at(S.WITH_ENTERPRISE)
STOPPED = ("consumer", consumer.stop_negotiating())
AGREED = [(side, both.agree_to_mediation()) for side in ("consumer", "handler")]
SUGGESTION = ("officer", mediation.suggest_settlement(text="退还两个月的费用。"))
SUGGESTED = at(S.NEGOTIATING, STOPPED, ("officer", authority.accept()), *AGREED, SUGGESTION)
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
INCOMPLETE: list[Wrong] = [(OFFER | {"answer-1": ""}, "answer-1")]
LOOK_WHY = "只有受理后的处理人、管理员和经办机关可以查看联系方式。"


def walk(name: str, made: Given, typed: Any, to: S | None = None, wrong: Any = (), **more: Any) -> Walk:
    closed: dict[str, Any] = {"closed": GONE}
    return Walk(name, made, typed, to, wrong=wrong, **closed | more)


FORMER = {"reason": "not_customer", "target": "none", "text": "查无此用户。", "send": "1"}
THEIRS = {"target": "none", "text": "不是本公司的业务。", "send": "1"}
BETTER = OFFER | {"separable-1": "on"}
PROVEN = {"obligations": ["1"], "proof": "退款流水0001", "channel": "原路退回"}
BAD_HANDLERS = [({"handler": value}, "handler", NEVER) for value in ("", "999999", "'; drop table")]
BAD_TEXTS = [({"text": ""}, "text", EMPTY), ({"text": "字" * 4001}, "text", "最多4000个字")]
QUESTION = ("consumer", consumer.ask_about_offer(text="退到哪里？"))
CALLED = ("handler", enterprise.log_contact(channel="phone", reached=True, note="谈过。"))
CLAIM = ("consumer", both.claim_settled_elsewhere(text="店里解决了"))
URGE = ("officer", supervision.urge(text="请尽快答复。", last_day="2026-11-20"))
SHOWN = ("consumer", both.give_publication_consent())
ENTERPRISE_WALKS = [
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
    # A closed case takes it too, where something is missing.
    walk("add-promise", promised_less, ADDED, wrong=BAD_PROMISES, why="“补上约定”现在没有要办的。"),
    walk("add-promise", cancelled_nowhere, CANCELLED, S.PERFORMING, wrong=BAD_CANCELLED, outcome=""),
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


ENTERPRISE = Audience(
    name="enterprise",
    role="handler",
    pages=enterprise_pages.PAGES,
    walks=ENTERPRISE_WALKS,
    url=address,
    home=address,
    browser=lambda world, case, walk: signed_in(world.ming),
    strangers=lambda world: [world.hua, world.chen],
    reader=lambda world: signed_in(colleague(world, "审核", role="reviewer", branch=world.fuzhou).user),
    why="已办结",
)
assert enterprise_pages.ELSEWHERE.keys() <= {walk.name for walk in ENTERPRISE_WALKS}
