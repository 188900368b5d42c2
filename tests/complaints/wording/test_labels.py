"""Every code has its word in both languages, and no two statuses share one."""

import ast
import re

import heroicons
import pytest
from django.utils import translation

from complaints import wording
from complaints.handling.steps import authority, casework, consumer, enterprise
from complaints.management.commands import write_lifecycle
from complaints.models.settlement import OBLIGATION_KINDS
from complaints.procedure.categories import DEMAND_KINDS, FAILURE_REASONS, REFUSAL_GROUNDS, TERMINATION_GROUNDS
from complaints.procedure.workflow import CLOCKS, STEPS, TABLE, Audience, Clock, Outcome, Role, Status
from complaints.wording import KINDS, action, icon, label, reason, tone
from complaints.wording.clock import IF_MISSED, SENTENCES
from tests import ROOT
from tests.languages import in_language

HERE = ROOT
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WANTED = {
    "status": tuple(Status),
    "outcome": tuple(Outcome),
    "step": STEPS,
    "clock": tuple(Clock),
    "role": tuple(role for role in Role if role.side not in ("station", "platform")),
    "audience": tuple(Audience),
    "refusal_ground": REFUSAL_GROUNDS,
    "termination_ground": TERMINATION_GROUNDS,
    "failure_reason": FAILURE_REASONS,
    "obligation_kind": OBLIGATION_KINDS,
    "demand_kind": tuple(kind.code for kind in DEMAND_KINDS),
    "odr_result": ("settled", "unconfirmed", "settled_elsewhere", "failed", "withdrawn", "returned"),
}


def choices(model: str, field: str) -> set[str]:
    from django.apps import apps

    return {code for code, _ in apps.get_model("complaints", model)._meta.get_field(field).choices}


@pytest.mark.parametrize("kind", WANTED)
def test_every_code_of_a_kind_has_words(kind: str) -> None:
    assert set(WANTED[kind]) <= set(KINDS[kind])
    assert set(KINDS[kind]) == set(WANTED[kind]), "words for a code that does not exist"


def test_every_choice_of_a_row_has_words() -> None:
    for kind, model, field in [
        ("offer_state", "Offer", "state"),
        ("verdict", "OfferAnswer", "verdict"),
        ("obligation_state", "Obligation", "state"),
        ("contact_channel", "Contact", "channel"),
        ("clock_state", "Deadline", "state"),
        ("matter_state", "Matter", "state"),
    ]:
        assert choices(model, field) == set(KINDS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_both_languages(kind: str) -> None:
    for code, text in KINDS[kind].items():
        chinese, english = (in_language(language, str, text) for language in ("zh-hans", "en"))
        assert CHINESE.search(chinese), code
        assert english, code
        assert not CHINESE.search(english), code


@pytest.mark.parametrize("kind", ["status", "outcome", "clock", "role"])
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_two_codes_share_a_word(kind: str, language: str) -> None:
    results = [in_language(language, label, code, kind=kind) for code in KINDS[kind]]
    assert len(results) == len(set(results))


def test_whoever_may_take_a_step_finds_words_on_its_button() -> None:
    for row in TABLE.values():
        if row.by != frozenset({Role.SYSTEM}):
            assert CHINESE.search(in_language("zh-hans", action, row.step)), row.step
            assert in_language("en", action, row.step)[0].isupper(), row.step


def test_codes_have_their_words_tones_and_icons_in_the_active_language() -> None:
    assert in_language("zh-hans", label, Status.REVIEW) == "待受理审查"
    assert in_language("zh-hans", label, Clock.REVIEW) == "审查期限"
    assert in_language("zh-hans", label, "review") == "待受理审查"
    assert in_language("zh-hans", label, "review", kind="clock") == "审查期限"
    assert in_language("en", label, "refuse", kind="verdict") == "Refused"
    assert in_language("zh-hans", reason, "other_law", "refused").endswith("（第十六条第七项）")
    assert in_language("zh-hans", reason, "other_law", "mediation_terminated").endswith("（第二十三条第八项）")
    with translation.override("en"):
        assert label("negotiating") == "Negotiating"
    with translation.override("zh-hans"):
        assert label("negotiating") == "协商和解中"
    assert label("never_heard_of") == "never_heard_of"
    for status in Status:
        for outcome in ("", *Outcome):
            assert tone(status, outcome) in wording.TONES
            assert heroicons._render_icon("outline", icon(status, outcome), None, {})
    assert tone("closed", "settled") == "ok"
    assert tone("closed", "unconfirmed") != "ok", "silence is never success"
    with translation.override("zh-hans"):
        assert {kind.code: str(kind.label) for kind in DEMAND_KINDS} == {
            code: str(text) for code, text in KINDS["demand_kind"].items()
        }


def written_reasons() -> set[str]:
    """Every code that a verb or a lapse writes as the reason of an entry."""
    results = set()
    for path in [*(HERE / "complaints/handling").rglob("*.py"), *(HERE / "routing").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
                "Effect",
                "leave",
                "to_authority",
                "replace",
            ):
                for word in node.keywords:
                    if word.arg == "reason":
                        results |= {n.value for n in ast.walk(word.value) if isinstance(n, ast.Constant) and n.value}
            # What keeps a case from an enterprise is the reason of the entry as well.
            if (
                isinstance(node, ast.Call)
                and node.args
                and (
                    getattr(node.func, "id", getattr(node.func, "attr", "")) in ("_nobody", "_failed")
                    or (path.name == "forwarding.py" and getattr(node.func, "id", "") == "Reason")
                )
            ):
                results |= {n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant) and n.value}
            if (
                path.name == "forwarding.py"
                and isinstance(node, ast.Assign)
                and [getattr(target, "id", "") for target in node.targets] == ["reason"]
            ):
                results |= {n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant) and n.value}
    # An f-string of a code and a decision: the decisions are a vocabulary of their own.
    whole = {code for code in results if isinstance(code, str) and not code.endswith("_")}
    return whole | {f"recusal_{decision}" for decision in KINDS["recusal_decision"] if decision != "suspend"}


def test_reasons_choices_and_matters_of_the_verbs_have_words() -> None:
    unknown = {code for code in written_reasons() if reason(code) == code}
    assert not unknown
    assert (set(consumer.REST), set(authority.BODIES)) == (set(KINDS["rest"]), set(KINDS["body"]))
    assert tuple(KINDS["route"]) == authority.ROUTES
    assert set(casework.SERVICE_CHANNELS) == set(KINDS["service_channel"])
    assert set(consumer.DECLINE_REASONS) == set(KINDS["decline_reason"])
    assert set(consumer.WITHDRAW_REASONS) == set(KINDS["withdraw_reason"])
    assert set(enterprise.CONTACT_CHANNELS) == set(KINDS["contact_channel"])
    results: set[str] = set()
    for path in (HERE / "complaints/handling").rglob("*.py"):
        results |= set(re.findall(r'open_matter\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert results <= set(KINDS["matter_kind"])


def test_every_status_and_clock_says_what_it_waits_for_and_nothing_as_of_another_person() -> None:
    for status in Status:
        if status != Status.CLOSED:
            assert status in SENTENCES
    for outcome in Outcome:
        assert outcome in SENTENCES
    assert set(Clock) <= set(IF_MISSED)
    for variants in SENTENCES.values():
        assert "" in variants
        for text in variants.values():
            chinese, english = (in_language(language, str, text) for language in ("zh-hans", "en"))
            assert set(re.findall(r"\{\w+\}", chinese)) == set(re.findall(r"\{\w+\}", english)), chinese
    for language, they in (("zh-hans", "消费者"), ("en", "the consumer")):
        assert they not in in_language(language, str, IF_MISSED["negotiation_ends"])


def test_the_page_of_the_lifecycle_is_generated_and_leaves_nothing_out() -> None:
    text = write_lifecycle.path().read_text(encoding="utf-8")
    assert text == write_lifecycle.lifecycle(), "run manage.py write_lifecycle"
    text = write_lifecycle.lifecycle()
    for code in (*Status, *TABLE, *CLOCKS):
        assert f"| `{code}` |" in text
