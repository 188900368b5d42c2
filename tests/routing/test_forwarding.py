"""The sweep: whatever was filed leaves `filed`, with a reason that is kept; and cases that pass to a successor."""

import csv
import itertools
import re
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from accounts.models import User
from complaints import handling
from complaints.handling.steps import enterprise
from complaints.models import Complaint, Deadline, Engagement, FilingDraft, ForwardingDecision, HandlingStep, Notice
from complaints.procedure.filing_request import RespondentRequest
from complaints.procedure.workflow import Status
from enterprises.directory.reasons import say_all
from enterprises.models import Branch, Brand, Enterprise, Staff, Succession
from routing.forwarding import forwarding
from routing.right_place.right_place import BODIES, QUESTIONS, Verdict, walk
from tests import given, missing_in, reloaded, undone
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import signed_in
from tests.languages import in_language

S = Status


def _swept(
    world: World, respondent: RespondentRequest | None = None, **changes: Any
) -> tuple[Complaint, ForwardingDecision]:
    if respondent is not None:
        changes["respondents"] = (respondent,)
    case = given.filed(world, **changes)
    assert forwarding.sweep_filed(now=WEDNESDAY) == 1
    return reloaded(case), case.decisions.get()


def _why(decision: ForwardingDecision, language: str = "zh-hans") -> list[str]:
    return in_language(language, say_all, decision.explanation["why"])


def test_a_picked_firm_a_brand_a_typed_name_or_a_rule_decides_with_the_reason_and_a_second_sweep_finds_nothing(
    world: World,
) -> None:
    case, decision = _swept(world, RespondentRequest(enterprise_id=world.mobile.pk))
    assert (case.status, case.branch, case.handling_authority) == (S.WITH_ENTERPRISE, world.fuzhou, world.gulou)
    assert _why(decision) == ["消费者选择了中国移动通信集团福建有限公司", "鼓楼区由中国移动福州分公司答复"]
    assert _why(decision, "en")[-1] == "China Mobile Fuzhou Branch answers for Gulou District"
    assert (decision.verdict, decision.confidence) == ("forward", "100")
    case, _decision = _swept(world, RespondentRequest(brand_id=Brand.objects.get(name="动感地带").pk))
    assert (case.enterprise, case.branch) == (world.mobile, world.fuzhou)
    case, decision = _swept(world, RespondentRequest(named="中国电信"))
    assert (case.enterprise, decision.confidence) == (world.telecom, "95")
    unicom = Enterprise.objects.get(name__startswith="中国联合网络")
    case, decision = _swept(world, RespondentRequest(enterprise_id=unicom.pk), service_region_id=350181000)
    assert (case.branch.name, decision.rule, decision.rule_version) == ("中国联通福州分公司", "LT-FQ", 1)
    case, decision = _swept(world, RespondentRequest(enterprise_id=world.mobile.pk), object_category="goods.medicine")
    assert (case.status, case.reason) == (S.TRIAGE, "rule_to_authority")
    assert decision.explanation["authority_id"] == world.city.pk
    # A foreign source without phones and consents is routed too.
    case, _decision = _swept(world, contact_verified=False, consents={}, absent=("consumer_phone", "consents"))
    assert case.status == S.WITH_ENTERPRISE
    assert forwarding.sweep_filed(now=WEDNESDAY) == 0


def test_who_cannot_get_it_a_slip_an_unproven_phone_or_no_consent_sends_it_to_intake(world: World) -> None:
    for named, reason in (
        ("好邻里", "not_enrolled"),
        ("海风假日", "suspended"),
        ("火星烧烤摊", "nothing_matched"),
        ("", "left_to_authority"),
    ):
        case, decision = _swept(world, RespondentRequest(named=named))
        assert (case.status, case.reason, case.handling_authority) == (S.TRIAGE, reason, world.city)
        assert decision.verdict == "triage"
        assert _why(decision)
    case, decision = _swept(world, RespondentRequest(named="中国移东"))
    assert case.reason == "nothing_matched"
    assert world.mobile.pk in {one["enterprise_id"] for one in decision.explanation["candidates"]}
    case, decision = _swept(world, contact_verified=False)
    assert (case.status, case.reason) == (S.TRIAGE, "contact_unverified")
    assert decision.explanation["candidates"][0]["enterprise_id"] == world.mobile.pk
    case, _decision = _swept(world, consents={})
    assert (case.status, case.reason) == (S.TRIAGE, "no_consent")


def test_the_firm_that_the_words_name_is_suggested_beside_the_office_and_gets_nothing_by_it(world: World) -> None:
    nobody = RespondentRequest()
    case, decision = _swept(world, nobody, statement="移动每个月乱扣我20元，我没有开通过。", consents={})
    assert (case.status, case.reason, case.enterprise) == (S.TRIAGE, "left_to_authority", None)
    (first,) = decision.explanation["candidates"]
    assert (first["enterprise_id"], first["branch_id"]) == (world.mobile.pk, world.fuzhou.pk)
    assert first["score"] < 80, "never called likely"
    page = signed_in(world.su).get(f"/authority/triage/{case.number}/").content.decode()
    assert not missing_in(page, "投诉里提到“中国移动”", "只有投诉的文字里提到企业")
    assert page.index("把握高") < page.index("投诉里提到“中国移动”"), "the office comes first"
    # Two that are named are both suggested, a shop that the directory knows as well; nobody is made up.
    for told, names in (
        ("联通和电信都多扣了我的钱", {"中国联合网络通信", "中国电信股份"}),
        ("在叫好邻里的店买的面包过期了", {"好邻里"}),
        ("在叫火星烧烤摊的店吃坏了肚子", set()),
        ("商家不退钱", set()),
    ):
        case, decision = _swept(world, nobody, statement=told)
        found = Enterprise.objects.filter(pk__in=[one["enterprise_id"] for one in decision.explanation["candidates"]])
        assert len(found) == len(names), told
        assert all(any(name in firm.name for name in names) for firm in found), told


def test_who_stands_beside_an_unknown_name_gets_nothing_without_a_person(world: World) -> None:
    for named in ("鼓楼张三数码店/中国移动通信集团福建有限公司", "张三数码 dba 动感地带", "张三 aka 中国移动"):
        case, decision = _swept(world, RespondentRequest(named=named))
        assert (case.status, case.reason, case.enterprise) == (S.TRIAGE, "nothing_matched", None)
        assert [one["enterprise_id"] for one in decision.explanation["candidates"]] == [world.mobile.pk]
        assert _why(decision)[-1] == f"名录中没有与“{named.replace('/', ' ').split()[0]}”相同的企业"


def test_the_tenth_filing_within_a_day_goes_to_a_person(world: World) -> None:
    for minute in range(9):
        respondents = (RespondentRequest(named="中国电信"),)
        given.filed(world, now=WEDNESDAY + timedelta(minutes=minute), respondents=respondents)
    late = WEDNESDAY + timedelta(minutes=20)
    tenth = given.filed(world, now=late)
    assert forwarding.sweep_filed(now=late) == 10
    assert (reloaded(tenth).status, tenth.reason) == (S.TRIAGE, "many_filings")
    assert Complaint.objects.filter(status=S.WITH_ENTERPRISE).count() == 9


def test_a_returned_case_goes_to_no_firm_the_consumer_did_not_choose(world: World) -> None:
    case = given.a_complaint(world, status=S.WITH_ENTERPRISE)
    move = enterprise.return_case(reason="wrong_entity", enterprise_id=world.telecom.pk)
    given.step(case, move, world.handler, WEDNESDAY)
    assert case.status == S.FILED
    forwarding.sweep_filed(now=WEDNESDAY)
    assert (reloaded(case).status, case.reason) == (S.TRIAGE, "no_consent")
    # Who named it is said as it was: the consumer chose another one.
    text = _why(ForwardingDecision.objects.filter(complaint=case).latest("pk"))
    assert text[0] == "退回的单位指出应由中国电信股份有限公司福建分公司答复"
    assert not [label for label in text if "消费者选择了" in label]


def test_a_choice_that_breaks_is_a_reason_for_triage_and_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = given.filed(world), given.filed(world)

    def forward(**arguments: Any) -> handling.Move:
        move = real(**arguments)

        def carry(file: Any, actor: Any) -> handling.Effect:
            if file.complaint.pk == bad.pk:
                raise ZeroDivisionError
            return move.carry(file, actor)

        return replace(move, carry=carry)

    real = forwarding.forward
    monkeypatch.setattr(forwarding, "forward", forward)
    assert forwarding.sweep_filed(now=WEDNESDAY) == 2
    assert reloaded(good).status == S.WITH_ENTERPRISE
    assert (reloaded(bad).status, bad.reason) == (S.TRIAGE, "routing_failed")
    monkeypatch.setattr(forwarding, "choose", lambda *_arguments: 1 / 0)
    case, _decision = _swept(world)
    assert (case.status, case.reason) == (S.TRIAGE, "routing_failed")


def test_deciding_takes_the_same_number_of_queries_for_many(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        request = given.a_request(world, respondents=(RespondentRequest(named="中国电信" if number % 2 else "移动"),))
        handling.file([request], actor=replace(world.consumer, person_key=uuid.uuid4()), now=WEDNESDAY)
    cases = list(Complaint.objects.filter(status=S.FILED).select_related("service_region", "handling_region"))
    conditions = forwarding.Conditions.at(WEDNESDAY)
    with django_assert_max_num_queries(14):
        assert len(forwarding.decide(cases, now=WEDNESDAY, conditions=conditions)) == 30


DAY = timedelta(days=1)


@pytest.fixture
def heir(world: World) -> Staff:
    """Somebody who works at the successor."""
    user = User.objects.create_user(email="heir@example.com", password="x" * 20, name="承试")
    return Staff.objects.create(user=user, enterprise=world.telecom, role="handler")


def succeeds(old: Enterprise, new: Enterprise) -> None:
    Succession.objects.create(predecessor=old, successor=new, on_day=(WEDNESDAY + DAY).date())


def test_from_that_day_on_open_cases_are_the_successors(world: World, heir: Staff) -> None:
    talks, promised, closed = (
        given.a_complaint(world, status=status) for status in (S.NEGOTIATING, S.PERFORMING, S.CLOSED)
    )
    clocks = list(Deadline.objects.filter(complaint=talks, state="running").values_list("clock", "due_at"))
    succeeds(world.mobile, world.telecom)
    assert forwarding.sweep_successions(now=WEDNESDAY) == 0
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 2
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 0
    for case in (talks, promised, closed):
        case.refresh_from_db()
    assert ({talks.enterprise, promised.enterprise}, closed.enterprise) == ({world.telecom}, world.mobile)
    assert talks.handler.enterprise == world.telecom
    assert list(Deadline.objects.filter(complaint=talks, state="running").values_list("clock", "due_at")) == clocks
    assert Engagement.objects.filter(complaint=talks, until_at=None).get().enterprise == world.telecom
    assert HandlingStep.objects.filter(complaint=talks, step="pass_to_successor").exists()
    assert Notice.objects.filter(complaint=talks, kind="pass_to_successor").exists()


def test_whoever_answers_in_the_end_gets_them_at_once(world: World, heir: Staff) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    middle = Enterprise.objects.create(name="中转通信", enrolment="not_enrolled")
    succeeds(world.mobile, middle)
    succeeds(middle, world.telecom)
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 1
    assert reloaded(case).enterprise == world.telecom


def test_where_it_is_not_certain_who_can_answer_they_stay(world: World, heir: Staff) -> None:
    case = given.a_complaint(world, status=S.NEGOTIATING)
    other = Enterprise.objects.create(name="另一通信", enrolment="enrolled", enrolled_by=world.telecom.enrolled_by)
    succeeds(world.mobile, world.telecom)
    for spoil in (
        lambda: succeeds(world.mobile, other),
        lambda: succeeds(world.telecom, world.mobile),
        lambda: Enterprise.objects.filter(pk=world.telecom.pk).update(enrolment="not_enrolled"),
    ):
        with undone():
            spoil()
            assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 0
            assert reloaded(case).enterprise == world.mobile
    branch = Branch.objects.filter(enterprise=world.telecom).first()
    assert forwarding.sweep_successions(now=WEDNESDAY + DAY) == 1
    assert reloaded(case).branch == branch, "the one that serves the place"


pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("right_place.csv")
ROWS = list(csv.DictReader(TABLE.open(encoding="utf-8")))
NAMES = [question.code for question in QUESTIONS]
ENGLISH = {"headers": {"accept-language": "en"}}
GENERAL = {"matter": "purchase", "trade": "general"}


def _asked(row: dict[str, str]) -> dict[str, str]:
    return {name: row[name] for name in NAMES if row[name]}


def test_the_table_knows_every_path_and_no_other() -> None:
    ends = set()
    for codes in itertools.product(*[[answer.code for answer in question.answers] for question in QUESTIONS]):
        path = walk(dict(zip(NAMES, codes, strict=True)))
        assert path.question is None
        ends.add(tuple(path.asked.items()))
    assert ends == {tuple(_asked(row).items()) for row in ROWS}
    assert len(QUESTIONS) <= 4


def test_every_path_ends_in_its_verdict_its_bodies_and_a_next_step(client: Client) -> None:
    for row in ROWS:
        path = walk(_asked(row))
        assert path.verdict is Verdict[row["verdict"].upper()]
        assert path.bodies == tuple(BODIES[code] for code in row["bodies"].split())
        page = client.get("/check/", _asked(row)).content.decode()
        labels = {"yes": "可以在这里投诉</h1>", "but": "可以在这里投诉，但请先知道", "elsewhere": "这件事请找别的部门"}
        assert labels[row["verdict"]] in re.sub(r"\s+</", "</", page)
        assert re.search(r'href="/file/(\?object_category=[a-z_.]+)?"', page), "nothing bars filing"
        for body in path.bodies:
            assert not missing_in(page, str(body.name), f'href="tel:{body.phone}"')
            assert not body.web or f'href="{body.web}"' in page
        for finding in path.findings:
            assert not missing_in(page, str(finding.law), str(finding.next_step))
        # Who has to know something is told why, by which law, and what to do.
        assert (bool(path.findings), "仍要提交" in page) == (row["verdict"] != "yes", row["verdict"] == "elsewhere")


def test_every_answer_that_advises_names_law_body_and_next_step() -> None:
    for answer in (answer for question in QUESTIONS for answer in question.answers if answer.verdict):
        assert all((answer.reason, answer.law, answer.next_step, answer.bodies)), answer.code
        assert set(answer.bodies) <= set(BODIES)
    assert all(body.phone for body in BODIES.values())


def test_one_question_a_page_until_there_are_enough(client: Client) -> None:
    first = client.get("/check/").content.decode()
    assert str(QUESTIONS[0].text) in first
    assert first.count('type="radio"') == len(QUESTIONS[0].answers)
    second = client.get("/check/", {"matter": "purchase"}).content.decode()
    assert not missing_in(second, "第2问，最多4问", '<input type="hidden" name="matter" value="purchase">')
    assert "checked" not in second


def test_the_limit_of_three_years_is_told_and_bars_nothing(client: Client) -> None:
    page = client.get("/check/", GENERAL | {"since": "over", "elsewhere": "no"}).content.decode()
    assert not missing_in(page, "第十六条第四项", "开始投诉")


def test_what_is_no_answer_asks_again(client: Client) -> None:
    for asked, question, status in (
        ({"asked": "matter"}, "matter", 422),
        ({"asked": "matter", "matter": ""}, "matter", 422),
        ({"asked": "matter", "matter": "PURCHASE"}, "matter", 422),
        ({"asked": "trade", "matter": "purchase", "trade": "<script>"}, "trade", 422),
        (GENERAL | {"asked": "since", "since": "x" * 5000}, "since", 422),
        (GENERAL | {"asked": "elsewhere", "since": "over", "elsewhere": "ｎｏ"}, "elsewhere", 422),
        # An address that was shortened or mixed up begins where it still makes sense.
        ({"elsewhere": "no"}, "matter", 200),
        ({"matter": "purchase", "since": "over", "elsewhere": "no"}, "trade", 200),
        ({"asked": "nothing", "matter": "purchase"}, "trade", 200),
    ):
        answer = client.get("/check/", asked)
        page = answer.content.decode()
        assert (answer.status_code, f'id="id_{question}_0"' in page) == (status, True)
        assert ("请选一项" in page, f'href="#id_{question}_0"' in page) == (status == 422, status == 422)
        assert "<script>" not in page


def test_odd_addresses_are_no_failure(client: Client) -> None:
    for query in ("matter=\0", "matter=%00", "matter=%ff%fe", "matter=purchase&matter=business"):
        assert client.get(f"/check/?{query}").status_code in (200, 400)


def test_the_kind_of_purchase_goes_along_into_the_draft(client: Client) -> None:
    typed = {"matter": "purchase", "trade": "telecom", "since": "within", "elsewhere": "no"}
    assert 'href="/file/?object_category=service.telecom"' in client.get("/check/", typed).content.decode()
    client.post("/file/?object_category=goods.clothing", {"story": "坏了，要求退货"})
    shown = client.get(f"/file/{FilingDraft.objects.get().pk}/heard/").content.decode()
    assert re.search(r'<option value="goods.clothing" selected', shown)
    # Past an unfinished one too.
    resume = client.get("/file/?object_category=service.delivery").content.decode()
    assert 'href="/file/?new=1&amp;object_category=service.delivery"' in resume
    path = "/file/?object_category=%3Cb%3E"
    assert "<b>" not in client.get(path).content.decode().partition("<main")[2].partition("new=1")[2][:60]


def test_what_is_no_category_is_left_out(db: None) -> None:
    for category in ("", "service", "goods.nothing", "<b>", "x" * 3000):
        Client().post("/file/?" + urlencode({"object_category": category}), {"story": "坏了"})
        assert "purchase" not in FilingDraft.objects.latest("created_at").data


def test_it_is_told_in_english_too() -> None:
    page = Client(**ENGLISH).get("/check/", {"matter": "labour"}).content.decode()
    assert not missing_in(page, "12333", "Another body takes this matter")
    assert not re.search(r"<h1>[^<]*[一-鿿]", page)
