"""What the law gives at least: cases as people file them, and the rules that fit."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext

from complaints.procedure.categories import DEMAND_BY_CODE, OBJECT_LABELS, PROBLEM_LABELS
from complaints.settlement import legal_minimum
from complaints.settlement.legal_minimum import Facts, minimum_for
from tests.languages import in_language

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
