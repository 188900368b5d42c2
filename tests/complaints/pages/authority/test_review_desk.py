"""The review desk: what an officer reads, chooses, sends; what stays shut; objections; who signs."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Officer
from complaints.handling.steps import authority, both, enterprise, proposals, violations
from complaints.handling.transition import contact_access
from complaints.models import Complaint, HandlingStep, Matter, Notice
from complaints.procedure.workflow import Outcome, Status
from tests import given, missing_in, reloaded
from tests.cast import World
from tests.complaints.pages.at_the_authority import (
    TEXT,
    S,
    case_at,
    key,
    now,
    officer_of,
    one_person_suffices,
    step_url,
    workspace,
)
from tests.server import A_REQUEST

DESK = "/authority/review/"
REFUSAL = {"ground": "outside_duty", "facts": TEXT, "body": "12300"}


def listed(client: Any, view: str = "") -> set[str]:
    return {row.complaint.number for row in client.get(f"{DESK}?view={view}").context["rows"]}


def colleague(world: World) -> User:
    user = User.objects.create(email="lin@example.com", name="林试")
    Officer.objects.create(user=user, authority=world.gulou, role=Role.OFFICER.post)
    return user


def test_the_list_holds_what_waits_here_by_its_clock(world: World) -> None:
    review, asked = case_at(world, S.REVIEW), case_at(world, S.AWAITING_MATERIAL)
    old = given.a_complaint(world, status=S.REVIEW, now=now() - timedelta(days=30))
    _, mediating = case_at(world, S.TRIAGE), case_at(world, S.MEDIATING)
    given.step(review, authority.assign_officer(officer_id=world.rui_officer.pk), world.officer, now())
    client = workspace(world.rui)
    assert (listed(client), listed(client, "mine")) == ({review.number, asked.number, old.number}, {review.number})
    assert (listed(client, "late"), listed(client, "material")) == ({old.number}, {asked.number})
    assert listed(workspace(officer_of(world, "superior"))) == set(), "the city handles none of them"
    assert client.get(f"{DESK}?view=odd&after=x").status_code == 200
    # What is not under review any more is on its case page.
    assert client.get(f"{DESK}{mediating.number}/")["Location"] == f"/authority/cases/{mediating.number}/"


def test_a_page_of_the_list_costs_the_same_however_long(world: World, django_assert_num_queries: Any) -> None:
    client = workspace(world.rui)
    for _ in range(3):
        case_at(world, S.REVIEW)
    client.get(DESK)
    with django_assert_num_queries(8 + A_REQUEST):
        client.get(DESK)


def test_the_desk_shows_what_is_there_what_is_missing_and_what_only_the_authority_knows(world: World) -> None:
    case = case_at(world, S.REVIEW, consumer_address="", statement="消协已经调解过，我不满意，再次投诉。")
    page = workspace(world.rui).get(f"{DESK}{case.number}/").content.decode()
    for text in ("缺1项", "缺：通讯地址", "提示：写有“消协已经调解”", "不满三年", "受理时会发出", "向人民法院起诉"):
        assert text in page, text
    assert 'value="over_three_years"' not in page, "no button for what the facts do not allow"
    assert 'value="already_handled"' in page
    assert "checked" not in page, "nothing is chosen beforehand"
    case = given.a_complaint(world, status=S.NEGOTIATING, now=now())
    given.step(case, enterprise.flag_concern(text="同一号码一个月七件。"), world.handler, now())
    given.step(case, violations.split_report(text="另外反映门店无照经营。"), world.officer, now())
    given.step(case, authority.recall(text="企业没有处理。"), world.officer, now())
    page = workspace(world.rui).get(f"{DESK}{case.number}/").content.decode()
    assert not missing_in(page, "同一号码一个月七件。", "另外反映门店无照经营。")


def test_what_was_noticed_under_article_17_stands_beside_ground_three(world: World) -> None:
    for _ in range(4):
        given.filed(world, now=now())
    case = case_at(world, S.REVIEW)
    page = workspace(world.rui).get(f"{DESK}{case.number}/")
    third = page.context["grounds"][2]["ground"]
    assert any("第十七条第二项" in line for line in third.shows), third.shows
    assert "checked" not in page.content.decode()


def test_strangers_find_nothing_and_another_authority_of_the_region_does_not_read_the_register(world: World) -> None:
    case = case_at(world, S.REVIEW)
    given.step(case, violations.split_report(text=TEXT), world.officer, now())
    matter = Matter.objects.get(complaint=case, kind="report")
    for who in ("chen", "ming", "otto", "far"):
        client = workspace(officer_of(world, "far") if who == "far" else getattr(world, who))
        for path in (f"{DESK}{case.number}/", f"/authority/violations/{matter.pk}/"):
            assert client.get(path).status_code == 404
    superior = workspace(officer_of(world, "superior"))
    assert superior.get("/authority/violations/").context["rows"] == []
    assert superior.get(f"/authority/violations/{matter.pk}/").status_code == 404


def test_the_very_words_are_read_before_anything_is_sent(world: World) -> None:
    case = case_at(world, S.REVIEW)
    client, url = workspace(world.rui), f"{step_url(case, 'refuse')}?from=review"
    looked = client.post(url, REFUSAL | {"look": "1"} | key())
    assert looked.status_code == 200
    letters = {letter["to"]: letter for letter in looked.context["letters"]}
    assert [paper["title"] for paper in looked.context["papers"]] == ["投诉不予受理决定书"]
    assert f"事实和理由：{TEXT}" in looked.content.decode()
    assert "陈试" not in looked.content.decode(), "a name is seen after saying why, here as elsewhere"
    assert not Matter.objects.filter(complaint=case, kind="proposal").exists()
    assert not HandlingStep.objects.filter(complaint=case, step__in=["propose", "refuse"]).exists()
    assert client.post(url, REFUSAL | key())["Location"] == DESK
    head = workspace(officer_of(world, "head"))
    matter = Matter.objects.get(complaint=case, kind="proposal")
    page = head.get(f"/authority/approvals/{matter.pk}/")
    assert [letter["lines"] for letter in page.context["letters"]]
    assert head.post(f"/authority/approvals/{matter.pk}/", {"decision": "grant"} | key()).status_code == 302
    sent = Notice.objects.get(complaint=case, kind="refuse", addressee="consumer")
    # Only the number of the document is not known before it is issued.
    assert [line for line in sent.body.split("\n") if "#documents" not in line] == letters["消费者"]["lines"]
    assert sent.subject == letters["消费者"]["subject"]


def test_a_look_names_the_consumer_only_to_who_said_why_and_says_what_the_file_rules_out(world: World) -> None:
    case = case_at(world, S.REVIEW)
    client, text = workspace(world.rui), REFUSAL | {"facts": "陈试来电，已经说明这件事。", "look": "1"}

    def read() -> str:
        sent = client.post(step_url(case, "refuse"), text | key()).context
        return str(sent["papers"]) + str([letter["lines"] for letter in sent["letters"]])

    masked = read()
    assert "陈**来电" in masked
    assert "陈试" not in masked
    given.step(case, contact_access.reveal_contact(reason="look_deliver"), world.officer, now())
    assert "陈试来电" in read()
    answer = client.post(step_url(case, "refuse"), {"ground": "over_three_years", "facts": TEXT, "look": "1"} | key())
    assert (answer.status_code, "不满三年" in str(answer.context["form"].errors["ground"])) == (422, True)
    assert answer.content.decode().count("不满三年") >= 2


BAD = [
    ({"ground": "already_handled", "facts": TEXT}, "body"),
    ({"ground": "outside_duty", "facts": TEXT}, "body"),
    ({"ground": "outside_duty", "facts": TEXT, "body": "association"}, "body"),
    ({"ground": "identity_refused", "facts": TEXT}, "ground"),
    ({"ground": "other_law", "facts": "短"}, "facts"),
]


def test_a_wrong_refusal_points_at_its_field(world: World) -> None:
    one_person_suffices()
    case = case_at(world, S.REVIEW)
    for said, field in BAD:
        answer = workspace(world.rui).post(step_url(case, "refuse"), said | key())
        assert answer.status_code == 422
        assert field in answer.context["form"].errors, answer.context["form"].errors
        assert not HandlingStep.objects.filter(complaint=case, step="refuse").exists()


def test_only_the_head_is_offered_what_the_policy_leaves_to_the_head(world: World) -> None:
    case = case_at(world, S.REVIEW)
    given.step(case, proposals.propose(move=authority.refuse(**REFUSAL)), world.officer, now())
    other = colleague(world)
    matter = Matter.objects.get(complaint=case, kind="proposal")
    url = f"/authority/approvals/{matter.pk}/"
    assert "这一步由负责人批准" in workspace(other).get(url).content.decode()
    assert workspace(other).post(url, {"decision": "grant"} | key()).status_code == 409
    assert workspace(officer_of(world, "head")).post(url, {"decision": "grant"} | key()).status_code == 302
    assert reloaded(case).outcome == Outcome.REFUSED


def test_the_police_page_goes_round_three_people(world: World) -> None:
    case = case_at(world, S.REVIEW)
    assert workspace(world.rui).post(step_url(case, "police"), {"text": TEXT} | key()).status_code == 302
    matter = Matter.objects.get(complaint=case, kind="proposal")
    other = colleague(world)
    url = f"/authority/approvals/{matter.pk}/"
    assert workspace(other).post(url, {"decision": "grant"} | key()).status_code == 302
    assert not HandlingStep.objects.filter(complaint=case, step="refer_to_police").exists()
    assert "已签署：林试" in workspace(officer_of(world, "head")).get(url).content.decode()
    assert workspace(officer_of(world, "head")).post(url, {"decision": "grant"} | key()).status_code == 302
    assert HandlingStep.objects.get(complaint=case, step="refer_to_police").audience == "authority"
    assert reloaded(case).status == S.REVIEW
    assert "公安" not in workspace(world.chen).get(f"/cases/{case.number}/").content.decode()


def test_material_is_asked_for_with_what_is_missing_and_comes_late(world: World) -> None:
    case = case_at(world, S.REVIEW, consumer_address="")
    client = workspace(world.rui)
    page = client.get(step_url(case, "material"))
    assert "投诉人的姓名、电话、通讯地址" in page.context["form"]["what"].value()
    asked = client.post(f"{step_url(case, 'material')}?from=review", {"what": TEXT, "is_identity": "on"} | key())
    assert asked["Location"] == DESK
    given.step(case, both.supply_material(text="身份证复印件"), world.consumer, now())
    assert client.post(step_url(case, "accept"), key()).status_code == 302
    assert reloaded(case).status == S.MEDIATING


# --- objections ---------------------------------------------------------------------------
def objected(world: World) -> Complaint:
    one_person_suffices()
    case = case_at(world, S.REVIEW)
    given.step(case, authority.refuse(ground="other_law", facts=TEXT), world.officer, now())
    return given.step(case, both.object_to_decision(text="我不同意。"), world.consumer, now())


def test_objections_are_listed_and_answered_by_somebody_else(world: World) -> None:
    case = objected(world)
    assert listed(workspace(world.rui), "objections") == {case.number}
    own = workspace(world.rui).post(step_url(case, "objection"), {"decision": "grant", "text": TEXT} | key())
    assert own.status_code == 409
    head = workspace(officer_of(world, "head"))
    assert head.post(step_url(case, "objection"), {"decision": "grant", "text": TEXT} | key()).status_code == 302
    assert listed(head, "objections") == set()
    assert head.post(step_url(case, "reopen"), {"ground": "objection_upheld", "text": TEXT} | key()).status_code == 302
    assert reloaded(case).status == Status.REVIEW


# --- the register of violations -----------------------------------------------------------
def test_a_report_is_registered_checked_and_closed_in_two_names_and_no_party_sees_a_sign(world: World) -> None:
    case = given.a_complaint(world, status=S.REVIEW, now=now())
    client = workspace(world.rui)
    assert client.post(step_url(case, "split"), {"text": "门店无照经营。"} | key()).status_code == 302
    matter = Matter.objects.get(complaint=case, kind="report")
    assert matter.subject.startswith("JB")
    assert matter.deadlines.get().clock == "lead"
    page = client.get("/authority/violations/")
    assert [row["number"] for row in page.context["rows"]] == [matter.subject]
    one = client.get(f"/authority/violations/{matter.pk}/").content.decode()
    assert "门店无照经营。" in one
    assert "延长核查期限" not in one, "that is for the head"
    head = workspace(officer_of(world, "head"))
    before = matter.deadlines.get().last_day
    extend = {"matter": str(matter.pk), "text": TEXT}
    assert client.post(step_url(case, "lead-extend"), extend | key()).status_code == 409
    assert head.post(step_url(case, "lead-extend"), extend | key()).status_code == 302
    assert matter.deadlines.get().last_day > before + timedelta(days=15)
    assert head.post(step_url(case, "lead-extend"), extend | key()).status_code == 409, "once"
    done = {"matter": str(matter.pk), "result": "case_opened", "text": TEXT}
    alone = client.post(step_url(case, "lead-close"), done | {"second_officer": str(world.rui_officer.pk)} | key())
    assert alone.status_code == 422
    both_names = done | {"second_officer": str(world.head_officer.pk)}
    assert client.post(step_url(case, "lead-close"), both_names | key()).status_code == 302
    rows = client.get("/authority/violations/?view=done").context["rows"]
    assert [(row["result"], row["officers"]) for row in rows] == [("已立案查处", "瑞试、长试")]
    assert matter.deadlines.get().state == "met"
    plain = given.filed(world, now=now())
    case = given.filed(world, now=now(), report="门店无照经营。")
    matter = Matter.objects.get(complaint=case, kind="report")
    assert matter.deadlines.get().last_day > timezone.localdate() + timedelta(days=15)
    assert case.next_due_at is not None
    assert (case.next_due_at, case.last_sequence) == (plain.next_due_at, plain.last_sequence)
    assert not Notice.objects.filter(complaint=case, body__contains="举报").exists()
