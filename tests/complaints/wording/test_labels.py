"""The words of notices and labels: whom we tell and in which words; no name, no phone, nothing of the problem."""

import ast
import re
from datetime import timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any, cast

import heroicons
from django.utils import translation

from complaints import wording
from complaints.handling import sweep_clocks
from complaints.handling.steps import authority, casework, consumer, enterprise
from complaints.handling.transition.writing import open_files
from complaints.management.commands import write_lifecycle
from complaints.models import Contact, Deadline, Matter, Notice, Obligation, Offer, OfferAnswer
from complaints.models.settlement import OBLIGATION_KINDS
from complaints.notices import writing
from complaints.parties.actors import SYSTEM
from complaints.parties.conditions import Conditions
from complaints.procedure.categories import DEMAND_KINDS, FAILURE_REASONS, REFUSAL_GROUNDS, TERMINATION_GROUNDS
from complaints.procedure.workflow import CLOCKS, STEPS, TABLE, Audience, Clock, Outcome, Role
from complaints.procedure.workflow import Status as S
from complaints.record.record import Entry
from complaints.wording import KINDS, action, icon, label, reason, tone
from complaints.wording.clock import IF_MISSED, SENTENCES
from tests import ROOT, given, missing_in
from tests.cast import WEDNESDAY, World
from tests.languages import in_language

CHINESE = re.compile(r"[\u4e00-\u9fff]")
WANTED = {
    "status": tuple(S),
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


CHOICES = {"offer_state": (Offer, "state"), "verdict": (OfferAnswer, "verdict"), "matter_state": (Matter, "state")}
CHOICES |= {"obligation_state": (Obligation, "state"), "contact_channel": (Contact, "channel")}
CHOICES |= {"clock_state": (Deadline, "state")}


def test_every_code_of_a_kind_and_every_choice_of_a_row_has_words() -> None:
    for kind, codes in WANTED.items():
        assert set(KINDS[kind]) == set(codes), f"{kind}: a code without words, or words for a code that does not exist"
    for kind, (model, field) in CHOICES.items():
        assert {code for code, _ in model._meta.get_field(field).choices} == set(KINDS[kind])


def test_words_are_there_in_both_languages_and_no_two_codes_share_one() -> None:
    for kind, code, text in [(kind, code, text) for kind, codes in KINDS.items() for code, text in codes.items()]:
        chinese, english = (in_language(language, str, text) for language in ("zh-hans", "en"))
        assert CHINESE.search(chinese), (kind, code)
        assert english, (kind, code)
        assert not CHINESE.search(english), (kind, code)
    for kind, language in product(("status", "outcome", "clock", "role"), ("zh-hans", "en")):
        results = [in_language(language, label, code, kind=kind) for code in KINDS[kind]]
        assert len(results) == len(set(results)), (kind, language)


def test_whoever_may_take_a_step_finds_words_on_its_button() -> None:
    for row in TABLE.values():
        if row.by != frozenset({Role.SYSTEM}):
            assert CHINESE.search(in_language("zh-hans", action, row.step)), row.step
            assert in_language("en", action, row.step)[0].isupper(), row.step


def test_codes_have_their_words_tones_and_icons_in_the_active_language() -> None:
    assert in_language("zh-hans", label, S.REVIEW) == "待受理审查"
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
    for status in S:
        for outcome in ("", *Outcome):
            assert tone(status, outcome) in wording.TONES
            assert heroicons._render_icon("outline", icon(status, outcome), None, {})
    assert tone("closed", "settled") == "ok"
    assert tone("closed", "unconfirmed") != "ok", "silence is never success"
    with translation.override("zh-hans"):
        words = {code: str(text) for code, text in KINDS["demand_kind"].items()}
        assert {kind.code: str(kind.label) for kind in DEMAND_KINDS} == words


def written_reasons() -> set[str]:
    """Every code that a verb or a lapse writes as the reason of an entry."""
    results = set()
    for path in [*(ROOT / "complaints/handling").rglob("*.py"), *(ROOT / "routing").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            said, forwards = [], path.name == "forwarding.py"
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if called in ("Effect", "leave", "to_authority", "replace"):
                    said = [word.value for word in node.keywords if word.arg == "reason"]
                # What keeps a case from an enterprise is the reason of the entry as well.
                if called in ("_nobody", "_failed") or (forwards and getattr(node.func, "id", "") == "Reason"):
                    said += node.args[:1]
            elif forwards and isinstance(node, ast.Assign):
                said = [node.value] if [getattr(one, "id", "") for one in node.targets] == ["reason"] else []
            results |= {n.value for one in said for n in ast.walk(one) if isinstance(n, ast.Constant) and n.value}
    # An f-string of a code and a decision: the decisions are a vocabulary of their own.
    whole = {code for code in results if isinstance(code, str) and not code.endswith("_")}
    return whole | {f"recusal_{decision}" for decision in KINDS["recusal_decision"] if decision != "suspend"}


def test_reasons_choices_and_matters_of_the_verbs_have_words() -> None:
    written = written_reasons()
    assert {"routing_failed", "contact_unverified", "nothing_matched"} <= written, "the names in the source changed"
    assert not {code for code in written if reason(code) == code}
    assert (set(consumer.REST), set(authority.BODIES)) == (set(KINDS["rest"]), set(KINDS["body"]))
    assert tuple(KINDS["route"]) == authority.ROUTES
    assert set(casework.SERVICE_CHANNELS) == set(KINDS["service_channel"])
    assert set(consumer.DECLINE_REASONS) == set(KINDS["decline_reason"])
    assert set(consumer.WITHDRAW_REASONS) == set(KINDS["withdraw_reason"])
    assert set(enterprise.CONTACT_CHANNELS) == set(KINDS["contact_channel"])
    results: set[str] = set()
    for path in (ROOT / "complaints/handling").rglob("*.py"):
        results |= set(re.findall(r'open_matter\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8")))
    assert results <= set(KINDS["matter_kind"])


def test_every_status_and_clock_says_what_it_waits_for_and_nothing_as_of_another_person() -> None:
    for status in S:
        if status != S.CLOSED:
            assert status in SENTENCES
    assert not missing_in(SENTENCES, *Outcome)
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
    for code in (*S, *TABLE, *CLOCKS):
        assert f"| `{code}` |" in text


PRIVATE = ("陈试", "明试", "瑞试", "13800000001", "智家体验包", "宽带", "128.50", "某路1号", "移动")


def told(case: Any) -> list[Notice]:
    return list(Notice.objects.filter(complaint=case).order_by("id"))


def entry(case: Any, step: str, *, by: str = "system", **changes: Any) -> Entry:
    actor = SYSTEM if by == "system" else cast(Any, SimpleNamespace(side=by, role=by))
    values = {"happened_at": WEDNESDAY, "written_at": WEDNESDAY, "sequence": 99, "tells": TABLE[step].tells}
    values |= {"from_status": case.status, "to_status": case.status}
    return Entry(complaint=case, step=step, actor=actor, **values | changes)


def test_every_tells_of_the_table_is_known_and_notices_come_on_the_way_to_every_status(world: World) -> None:
    assert {row.tells for row in TABLE.values()} <= set(writing.ADDRESSEES) | {"holder"}
    for status in [s for s in S if s != S.DRAFT]:
        case = given.a_complaint(world, status=status)
        result = told(case)
        assert (result[0].kind, result[0].addressee, result[0].user_id) == ("file", "consumer", world.chen.pk)
        for notice in result:
            assert case.number in notice.subject
            text = notice.subject + notice.body
            assert not [word for word in PRIVATE if word in text], text
            assert "{" not in text
            assert f"/cases/{case.number}/" in notice.body
            assert notice.channel == ""
            assert 0 < len(notice.short) <= writing.SHORT
            assert case.number in notice.short
            assert not [word for word in PRIVATE if word in notice.short]
            assert "/" not in notice.short, "no address, no token"
            if notice.addressee == "enterprise":
                assert notice.enterprise_id == world.mobile.pk
                assert notice.user_id is None
            if notice.addressee == "authority":
                assert notice.authority_id is not None


def test_words_of_an_offer_in_her_language_an_undo_and_the_ways_that_remain_after_a_withdrawal(world: World) -> None:
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    notice = Notice.objects.get(complaint=case, kind="make_offer")
    assert notice.subject == f"【12315】{case.number}：有新方案，请答复"
    happened, turn, missed, path = notice.body.split("\n")
    assert (happened, turn) == ("企业提出方案。", "轮到您了：企业提出了方案，请在11月18日24:00前答复。")
    assert (missed, path) == ("逾期：不答复将办结，但不算和解成功。", f"查看案件：/cases/{case.number}/")
    case = given.filed(world, language="en")
    assert told(case)[0].subject == f"[12315] {case.number}: your complaint was received"
    assert told(case)[0].body.startswith("You filed the complaint.\nFiled. We are passing it to whoever must answer.")
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    given.step(case, consumer.accept_offer(), world.consumer, WEDNESDAY + timedelta(hours=1))
    mine = Notice.objects.get(complaint=case, kind="accept_offer", addressee="consumer")
    theirs = Notice.objects.get(complaint=case, kind="accept_offer", addressee="enterprise")
    assert f"点错了？11月12日24:00前可以撤销：/cases/{case.number}/undo/" in mine.body
    assert "撤销" not in theirs.body
    assert theirs.staff_id == world.ming_staff.pk
    case = given.a_complaint(world, status=S.NEGOTIATING)
    given.step(case, consumer.withdraw(reason="mistake"), world.consumer, WEDNESDAY + timedelta(hours=1))
    mine = Notice.objects.get(complaint=case, kind="withdraw", addressee="consumer")
    assert mine.subject == f"【12315】{case.number}：已办结：已撤回"
    assert "案件已办结：已撤回。原因：消费者撤回。" in mine.body
    assert f"/cases/{case.number}/refer/" in mine.body
    assert not missing_in(mine.body, "协商和解", "消费者协会", "行政部门", "仲裁", "起诉")
    theirs = Notice.objects.get(complaint=case, kind="withdraw", addressee="enterprise")
    assert "refer" not in theirs.body
    assert "已撤回" in theirs.body


def test_staff_wait_for_the_digest_but_not_on_the_last_day_and_reminders_say_how_late(world: World) -> None:
    for language, file, offer in [
        ("zh-hans", "【12315】已收到投诉{}，11月12日24:00前有回应", "【12315】{}有新方案，请在11月18日24:00前答复"),
        ("en", "[12315] {} received; first answer by 12 Nov", "[12315] {}: new offer, answer by 18 Nov"),
    ]:
        case = given.a_complaint(world, status=S.AWAITING_CONSUMER, language=language)
        short = dict(Notice.objects.filter(complaint=case, addressee="consumer").values_list("kind", "short"))
        assert (short["file"], short["make_offer"]) == (file.format(case.number), offer.format(case.number))
    case = given.a_complaint(world, status=S.AWAITING_CONSUMER)
    for day in range(1, 8):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    notices = Notice.objects.filter(complaint=case, kind="remind", addressee="consumer")
    texts = list(notices.values_list("short", flat=True))
    assert texts
    assert texts[0] == f"【12315】催办：{case.number}还剩2个工作日"
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for day in range(1, 6):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    result = {n.subject.rpartition("：")[2]: n for n in told(case) if n.addressee == "enterprise"}
    forms = {what: n.form for what, n in result.items()}
    assert (forms["收到一件投诉，请受理"], forms["今天24:00前"]) == ("digest", "single")
    assert {n.form for n in told(case) if n.kind == "lapse_acceptance"} == {"single"}
    assert {n.form for n in told(case) if n.addressee == "consumer"} == {"single"}
    # 10:00 on a Wednesday: told at 14:00.
    assert result["收到一件投诉，请受理"].send_after == WEDNESDAY + timedelta(hours=4, minutes=2)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for day in range(1, 5):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    reminders = [n for n in told(case) if n.kind == "remind"]
    assert reminders
    assert {n.addressee for n in reminders} == {"enterprise"}
    assert reminders[0].subject.startswith(f"【12315】{case.number}：催办：")
    assert "今天24:00前" in "\n".join(n.subject + "\n" + n.body for n in reminders)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    for day in range(1, 10):
        sweep_clocks(now=WEDNESDAY + timedelta(days=day))
    bodies = [n.body.split("\n")[0] for n in told(case) if n.kind == "remind"]
    assert "企业受理期限：已逾期1个工作日，应于11月13日完成。" in bodies
    told_of_the_lapse = Notice.objects.get(complaint=case, kind="lapse_acceptance", addressee="consumer")
    assert told_of_the_lapse.body.startswith("受理期限已过。\n已逾期：应于11月13日完成，仍须由企业办理。")


def test_an_entry_goes_to_its_audience_never_to_whoever_did_it_or_gave_it_back(world: World) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    for audience, expected in ((Audience.AUTHORITY, ()), (Audience.ENTERPRISE, ("enterprise",))):
        assert writing.addressees(entry(case, "undo", audience=audience)) == expected
    assert writing.addressees(entry(case, "remind", tells="authority", audience=Audience.AUTHORITY)) == ("authority",)
    case = given.a_complaint(world, status=S.NEGOTIATING)
    assert writing.addressees(entry(case, "add_statement", by="consumer")) == ("enterprise",)
    assert writing.addressees(entry(case, "add_statement", by="consumer", to_status=S.AWAITING_CONSUMER)) == ()
    assert writing.addressees(entry(case, "add_statement", by="consumer", to_status=S.REVIEW)) == ("authority",)
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    given.step(case, enterprise.return_case(reason="wrong_entity", text="不是本企业的用户。"), world.handler, WEDNESDAY)
    back = [n.enterprise_id for n in told(case) if (n.kind, n.addressee) == ("return_case", "enterprise")]
    assert back == [world.mobile.pk]
    given.step(case, authority.assign_authority(authority_id=world.gulou.pk), world.intake, WEDNESDAY)
    given.step(case, authority.accept(), world.officer, WEDNESDAY)
    given.step(case, consumer.withdraw(reason="other", text="不再追究。"), world.consumer, WEDNESDAY)
    assert {n.kind for n in told(case) if n.addressee == "consumer"} >= {"return_case", "accept", "withdraw"}
    assert not [n.kind for n in told(case) if n.addressee == "enterprise" and n.kind in ("accept", "withdraw")]
    notice = told(given.filed(world, consumer_id=None, contact_verified=False))[0]
    assert notice.addressee == "consumer"
    assert notice.user_id is None


def test_notices_cost_no_query(world: World, django_assert_num_queries: Any) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    file = open_files([case.pk], now=WEDNESDAY, conditions=Conditions.at(WEDNESDAY))[0]
    file.entries.append(entry(file.complaint, "undo", by="consumer"))
    data = {"clock": "negotiation", "mark": 50, "last_day": "2026-11-25", "basis": "ODR"}
    file.entries.append(entry(file.complaint, "remind", tells="enterprise", data=data))
    with django_assert_num_queries(0):
        made = writing.for_file(file)
    assert [n.addressee for n in made] == ["consumer", "enterprise", "enterprise"]
    assert all(n.state == "queued" and n.created_at == WEDNESDAY for n in made)
    assert made[0].send_after == WEDNESDAY
