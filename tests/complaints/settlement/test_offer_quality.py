"""What an offer lacks, with the good answers that must pass each check; and what the law gives at least."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from complaints import wording
from complaints.procedure.categories import DEMAND_BY_CODE, OBJECT_LABELS, PROBLEM_LABELS
from complaints.settlement import legal_minimum, offer_findings
from complaints.settlement.legal_minimum import Facts, minimum_for
from complaints.settlement.offer_findings import Draft, DraftAnswer, DraftObligation, Finding, OpenDemand, findings
from tests.languages import in_language

REFUND, CANCEL = OpenDemand(1, "refund", Decimal("128.50")), OpenDemand(2, "cancel_service")
CLAIM = OpenDemand(1, "damages")
YES = DraftAnswer(demand=1, verdict="grant", amount=Decimal("128.50"))
CANCELLED = DraftAnswer(demand=2, verdict="grant")
PAID = DraftObligation(kind="original_channel", amount=Decimal("128.50"))
DONE = DraftObligation(kind="service_change")
BOUGHT = DraftObligation(kind="original_channel", amount=Decimal("128.50"), what="撤诉后退128.50元")
HUSH = DraftObligation(kind="other", owed_by="consumer", what="撤回投诉")
#: Refused with what the enterprise looked into; nobody wrote this to anybody else.
WHY = "您于2025年3月6日在鼓楼厅签了24个月的合约，9月起的20元是合约里写明的终端分期，不是另开的业务。"
OTHER = "贵宾您好，营业厅录音显示9月2日16:20您口头同意试用一个月，系统在10月2日自动停用，并没有再扣过钱。"
NO = DraftAnswer(demand=1, verdict="refuse", reason=WHY)
PUT_OFF = "您好，经我司核实，您反映的业务为正常收费，系统无异常，无法为您办理退费，感谢您的理解与支持。"


def refusal(reason: str) -> tuple[DraftAnswer]:
    return (DraftAnswer(demand=1, verdict="refuse", reason=reason),)


RULE = "合约期内不能单独退订这一项业务"

#: A good offer, and one that grants nothing and says why: each case below changes one thing of it.
GOOD = {"demands": (REFUND, CANCEL), "answers": (YES, CANCELLED), "promises": (PAID, DONE)}
GOOD |= {"message": "三个月合计全部退还，12月4日前退订。"}
REFUSING = {"demands": (REFUND,), "answers": (NO,), "message": ""}
BEFORE = REFUSING | {"earlier": (PUT_OFF,)}
ENDING = {"demands": (CANCEL,), "answers": (CANCELLED,)}
#: Verdicts, promises and words of the cases below.
OPEN = DraftAnswer(demand=2, verdict="")
GRANTED = DraftAnswer(demand=1, verdict="grant")
IN_PART = DraftAnswer(demand=1, verdict="part", reason=WHY)
PUT_OFF_IN_PART = DraftAnswer(demand=1, verdict="part", reason=PUT_OFF)
ONE_YUAN = DraftAnswer(demand=1, verdict="part", amount=Decimal(1), reason=PUT_OFF)
CANCELLED_PUT_OFF = DraftAnswer(demand=2, verdict="grant", reason=PUT_OFF)
RETOUCHED = PUT_OFF.replace("，", "  , ").replace("。", "！")
OTHER_CASE = WHY.replace("鼓楼厅", "台江厅").replace("2025年3月6日", "2024年11月30日")
OTHER_CASE = OTHER_CASE.replace("20元是合约里写明的终端分期", "35元是您加装副卡的月租")
SORRY = "非常抱歉给您带来不便，您要求的金额我们全部退还。"
WORST = {"demands": (REFUND, CANCEL), "has_contact": False, "least": Decimal(5), "earlier": (PUT_OFF,)}
WORST |= {"answers": (PUT_OFF_IN_PART,), "message": ""}
ALL_AT_ONCE = "unanswered:answer-2 no_contact: no_amount:amount-1 below_law:h-sum"
ALL_AT_ONCE += " copied:reason-1 text_refuses:reason-1"


#: What is wrong with it → the draft → what is found, as code:field.
CASES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("all granted, with sum and day", GOOD, ""),
    ("all refused with a reason of its own", REFUSING, ""),
    # unanswered
    ("one demand forgotten", GOOD | {"answers": (YES,)}, "unanswered:answer-2"),
    ("a verdict not chosen", GOOD | {"answers": (YES, OPEN)}, "unanswered:answer-2"),
    ("nothing answered", {"demands": (REFUND, CANCEL), "answers": ()}, "unanswered:answer-1 unanswered:answer-2"),
    # no_contact
    ("nobody talked to the consumer", GOOD | {"has_contact": False}, "no_contact:"),
    ("a measure needs no call a case", GOOD | {"has_contact": False, "is_measure": True}, ""),
    # no_amount
    ("no sum anywhere", GOOD | {"answers": (GRANTED, CANCELLED), "promises": (DONE,)}, "no_amount:amount-1"),
    ("in part", {"demands": (CLAIM,), "promises": (DONE,), "answers": (IN_PART,)}, "no_amount:amount-1"),
    ("the promise names the sum", GOOD | {"answers": (GRANTED, CANCELLED)}, ""),
    ("what is not for money needs no sum", ENDING | {"promises": (DONE,)}, ""),
    ("refused money needs no sum", REFUSING, ""),
    # below_law
    ("less than the law gives", GOOD | {"least": Decimal(1999)}, "below_law:h-sum"),
    ("refused, though the law gives it", REFUSING | {"least": Decimal("0.01")}, "below_law:h-sum"),
    ("exactly what the law gives", GOOD | {"least": Decimal("128.50")}, ""),
    ("the law names no sum", GOOD | {"least": None}, ""),
    # what is read in the words: each kind has its texts in tests/complaints/listening
    ("a reason that says nothing", REFUSING | {"answers": refusal(PUT_OFF)}, "no_reason:reason-1"),
    ("the reason stands in the message", REFUSING | {"answers": refusal(PUT_OFF), "message": WHY}, ""),
    ("a threat in the message", REFUSING | {"message": "再投诉就把您拉黑。"}, "threat:message"),
    ("a condition in a promise", GOOD | {"promises": (BOUGHT, DONE)}, "condition:promise-1-what"),
    ("a condition as what the consumer does", GOOD | {"promises": (PAID, DONE, HUSH)}, "condition:promise-3-what"),
    ("another sum", GOOD | {"message": "退您28.50元。"}, "other_sum:message"),
    (
        "an article that is none",
        REFUSING | {"message": "依据《消费者权益保护法》第八十条。"},
        "no_such_article:message",
    ),
    # copied
    (
        "the same again",
        REFUSING | {"answers": refusal(PUT_OFF), "earlier": (OTHER, PUT_OFF)},
        "copied:reason-1 no_reason:reason-1",
    ),
    (
        "other commas and spaces do not hide it",
        BEFORE | {"answers": refusal(RETOUCHED)},
        "copied:reason-1 no_reason:reason-1",
    ),
    (
        "one word changed",
        BEFORE | {"answers": refusal(PUT_OFF.replace("感谢", "谢谢"))},
        "copied:reason-1 no_reason:reason-1",
    ),
    (
        "moved to the reason",
        BEFORE | {"answers": (ONE_YUAN,), "promises": (PAID,)},
        "copied:reason-1 text_refuses:reason-1",
    ),
    ("the message beside a refusal", BEFORE | {"message": PUT_OFF}, "copied:message"),
    ("the same matter, what was looked into", REFUSING | {"earlier": (PUT_OFF, OTHER, OTHER_CASE)}, ""),
    ("all granted in the same words as always", GOOD | {"message": SORRY, "earlier": (SORRY,)}, ""),
    ("refused in words", GOOD | {"answers": (YES, CANCELLED_PUT_OFF), "earlier": (PUT_OFF,)}, "text_refuses:reason-2"),
    (
        "a short rule is alike by nature",
        REFUSING | {"answers": refusal(RULE), "earlier": (RULE,)},
        "no_reason:reason-1",
    ),
    ("a measure", BEFORE | {"is_measure": True, "answers": refusal(PUT_OFF)}, "no_reason:reason-1"),
    ("a filled template", BEFORE | {"message": PUT_OFF, "is_filled_template": True}, ""),
    (
        "not its reason",
        BEFORE | {"is_filled_template": True, "answers": refusal(PUT_OFF)},
        "copied:reason-1 no_reason:reason-1",
    ),
    ("nothing was answered before", REFUSING | {"earlier": ()}, ""),
    ("empty texts before", REFUSING | {"earlier": ("", "  ", "。")}, ""),
    # several at once, in one order
    ("much is missing", WORST, ALL_AT_ONCE),
)


def test_what_an_offer_lacks() -> None:
    for what, changed, told in CASES:
        assert findings(Draft(**changed)) == [Finding(*one.split(":")) for one in told.split()], what


def test_every_finding_has_words() -> None:
    """Entries of former days say three more: such an offer is refused since."""
    former = {"no_date", "promised_less", "blanks"}
    assert set(offer_findings.CODES) == set(wording.KINDS["offer_finding"]) - former
    assert all(Finding(code).text != code for code in offer_findings.CODES)
    named = {code for *_, shown in CASES for code in re.findall(r"(\w+):", shown)}
    assert set(offer_findings.BESIDE_THE_WORDS) | set(offer_findings.NEVER_ALONE) <= named


def test_what_is_left_blank_is_named_with_its_words() -> None:
    for text, quote in (
        ("退还【请填：金额】，原路退回。", "【请填：金额】"),
        ("尊敬的{消费者称呼}，全部退还。", "{消费者称呼}"),
        ("将于____月__日前退还。", "____"),
        ("您在XXX营业厅办理时已经签字确认。", "XXX"),
        ("【12315】编号A_1的投诉，套餐X1全部退还。", ""),
        ("号码138XXXX1234，用户张XX。", ""),
    ):
        found = offer_findings.blanks([offer_findings.Words("message", text)])
        assert [one.quote for one in found] == [quote][: bool(quote)], text


TODAY = date(2026, 11, 26)
PHONE: dict[str, Any] = {"category": "goods.phones", "amount": "1999", "demands": {"refund"}}
FOOD: dict[str, Any] = {"category": "goods.food", "problem": "food_safety", "demands": {"refund", "damages"}}
PLAN: dict[str, Any] = {"category": "service.telecom", "demands": {"refund"}, "amount": "128.50"}
FAULTY, FAKE = PHONE | {"problem": "quality"}, PHONE | {"problem": "counterfeit", "days": 60}
REPAIR, NO_CONSENT = "telecom.broadband.repair", "telecom.extras.without_consent"
CARD = {"category": "service.beauty", "problem": "contract", "demands": {"refund"}, "amount": "3000"}

#: What was filed → the rules that fit, what is certain, what it comes to if every condition holds.
TABLE: tuple[tuple[dict[str, Any], str, str, str], ...] = (
    # Seven days: only what was bought from afar, from the day of purchase on, and not what spoils.
    (PHONE | {"is_online": True, "days": 0, "demands": {"return_goods"}}, "no_reason_return no_delay", "1999", "1999"),
    (PHONE | {"is_online": True, "days": 7}, "no_reason_return no_delay", "1999", "1999"),
    (PHONE | {"is_online": True, "days": 8}, "no_delay", "", ""),
    (PHONE | {"is_online": True, "days": None}, "no_delay", "", ""),
    (PHONE | {"is_online": False, "days": 3}, "no_delay", "", ""),
    (PHONE | {"is_online": None, "days": 3}, "no_delay", "", ""),
    (PHONE | {"is_online": True, "days": 3, "demands": {"apology"}}, "", "", ""),
    (FOOD | {"problem": "other", "is_online": True, "days": 3, "amount": "50"}, "no_delay", "", ""),
    # Without a price there is a rule and no sum.
    (PHONE | {"is_online": True, "days": 3, "amount": None}, "no_reason_return no_delay", "", ""),
    # Faulty: return in the first seven days, repair or exchange later; both may fit, the price counts once.
    (FAULTY | {"days": 5}, "return_of_faulty_goods found_unqualified no_delay", "", "1999"),
    (
        FAULTY | {"days": 5, "is_online": True, "demands": {"return_goods"}},
        "no_reason_return return_of_faulty_goods found_unqualified make_good no_delay",
        "1999",
        "1999",
    ),
    (FAULTY | {"days": 30, "demands": {"repair"}}, "repair_or_exchange make_good no_delay", "", ""),
    # Fraud: three times the price on top, 500 at least.
    (PHONE | {"problem": "false_claims"}, "threefold no_delay", "", "5997"),
    (FAKE | {"amount": "166.66"}, "repair_or_exchange threefold no_delay", "", "500"),
    (FAKE | {"amount": "166.67"}, "repair_or_exchange threefold no_delay", "", "500.01"),
    # Food: ten times, 1,000 at least, together with the price.
    (FOOD | {"amount": "9.90", "days": 3}, "return_of_faulty_goods found_unqualified tenfold no_delay", "", "1009.90"),
    (FOOD | {"amount": "200", "days": 20}, "found_unqualified tenfold no_delay", "", "2200"),
    (FOOD | {"category": "service.catering", "amount": "80"}, "tenfold no_delay", "", "1000"),
    # Carriers: what was charged without being owed; faults; an answer within fifteen days.
    (PLAN | {"problem": "telecom.fees.unexplained_charge"}, "not_as_agreed answer_in_15_days no_delay", "", "128.50"),
    (PLAN | {"problem": NO_CONSENT}, "not_as_agreed threefold answer_in_15_days no_delay", "", "628.50"),
    (PLAN | {"problem": REPAIR, "demands": {"fix_fault"}}, "fault_in_time answer_in_15_days", "", ""),
    (PLAN | {"problem": "telecom.leaving", "demands": {"leave"}}, "answer_in_15_days", "", ""),
    # Prepaid cards.
    (CARD, "not_as_agreed prepaid no_delay", "", "3000"),
    # Nothing that a rule knows.
    ({"category": "service.parking", "problem": "dignity", "demands": {"apology"}}, "", "", ""),
    ({}, "", "", ""),
)


def facts(**filed: Any) -> Facts:
    """As of today, unless it says otherwise; the amount as text."""
    amount, demands = filed.pop("amount", None), frozenset(filed.pop("demands", ()))
    return Facts(**{"on": TODAY, "amount": amount and Decimal(amount), "demands": demands} | filed)


def test_the_rules_that_fit() -> None:
    for filed, fitting, certain, if_proven in TABLE:
        result = minimum_for(facts(**filed))
        assert {e.rule.code for e in result.entitlements} == set(fitting.split()), filed
        sums = tuple(Decimal(text) if text else None for text in (certain, if_proven))
        assert (result.certain, result.if_proven) == sums, filed


def test_a_law_counts_from_its_day_on() -> None:
    filed = FOOD | {"amount": "9", "demands": {"refund"}}
    before, after = (minimum_for(facts(**filed, on=day)) for day in (date(2015, 9, 30), date(2015, 10, 1)))
    assert "tenfold" not in {e.rule.code for e in before.entitlements}
    assert "tenfold" in {e.rule.code for e in after.entitlements}


def test_each_rule_says_its_article_in_both_languages_and_names_only_codes_of_the_form() -> None:
    codes = [rule.code for rule in legal_minimum.rules()]
    assert len(codes) == len(set(codes))
    for rule in legal_minimum.rules():
        assert "条" in rule.law, rule.code
        assert "art" in in_language("en", gettext, rule.law), rule.code
        assert rule.text != in_language("en", gettext, rule.text) != "", rule.code
        assert bool(rule.condition) == (not rule.certain), rule.code
        assert not rule.condition or in_language("en", gettext, rule.condition) != rule.condition, rule.code
        assert rule.demands <= DEMAND_BY_CODE.keys(), rule.code
        for wanted, known in ((rule.categories, OBJECT_LABELS), (rule.problems, PROBLEM_LABELS)):
            for word in wanted:
                assert any(code.startswith(word.removeprefix("-")) for code in known), (rule.code, word)
    fraud = minimum_for(facts(**PHONE, problem="false_claims"))
    (result,) = (one for one in fraud.entitlements if one.is_extra)
    assert (result.law, result.condition) == ("《消费者权益保护法》第五十五条", "经营者有欺诈行为")
    with translation.override("en"):
        assert (result.law, result.condition) == ("Consumer law, art. 55", "the business committed fraud")
