"""Calls that mean harm or nothing: each gets a clear, bounded answer, and none a 500. What is inside a proposal is
judged like the step itself.
"""

from __future__ import annotations

import json
import uuid
import zlib
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import given as for_all
from hypothesis import settings as how
from hypothesis import strategies as st

from accounts.models import IdempotencyKey, User
from accounts.roles import Role
from api.shapes import Case, CaseLine
from api.step_shapes import STEPS, input_of
from authorities.models import Officer
from complaints.models import Complaint, HandlingStep, Matter
from complaints.procedure.workflow import Status
from enterprises.models import Branch, TwoPersons
from tests import given, reloaded
from tests.api.conftest import Making
from tests.api.test_calls import filing
from tests.cast import World, a_new_phone

BAD_JSON = {
    "twice": b'{"text": "a", "text": "b"}',
    "twice inside": b'{"text": {"a": 1, "a": 2}}',
    "nan": b'{"text": NaN}',
    "infinity": b'{"text": -Infinity}',
    "beyond": b'{"text": 1e400}',
    "long number": b'{"text": ' + b"9" * 5000 + b"}",
    "deep": b'{"text": ' + b"[" * 21 + b"]" * 21 + b"}",
    "very deep": b"[" * 200_000,
    "nul": b'{"text": "a\\u0000b"}',
    "nul in a name": b'{"te\\u0000xt": "a"}',
    "half a letter": b'{"text": "\\ud800"}',
    "no utf-8": b'{"text": "\xff"}',
    "cut off": b'{"text": ',
    "two values": b"{} {}",
    "bom": b'\xef\xbb\xbf{"text": "a"}',
}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def test_T51_json_that_means_two_things_or_no_object_is_400_a_megabyte_413_and_no_value_a_500(
    case: Complaint, program: Making
) -> None:
    ming, chen = program("ming"), program("chen")
    for kind, raw in BAD_JSON.items():
        answer = ming.step(case, "send_message", raw=raw)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_json"), kind
        assert answer["Content-Type"] == "application/problem+json"
    for value in ([], "text", 5, None, True, [{"text": "a"}]):
        assert ming.step(case, "send_message", raw=json.dumps(value).encode()).status_code == 400, value
    raw = json.dumps({"text": "长" * 500_000}, ensure_ascii=False).encode()
    answer = ming.step(case, "send_message", raw=raw)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    names = st.sampled_from(["answers", "promises", "message", "measure_id", "demand", "kind", "amount", "due_on"])

    @how(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @for_all(st.dictionaries(names, anything, max_size=4))
    def tried(body: dict[str, Any]) -> None:
        for program_, path in ((ming, f"/complaints/{case.number}/steps/make_offer/"), (chen, "/complaints/")):
            answer = program_.post(path, raw=json.dumps(body).encode())
            assert answer.status_code < 500, (body, answer.content)

    tried()


SQL = (
    *("' or 1=1 --", "1; drop table x", "%' and sleep(5)--", "\\", "a' union select 1,2--", "{{7*7}}", "_connector"),
    *("$$", "%00", "' || pg_sleep(5) ||'", "::int", "0x27", "\u2028", "𝔸"),
)
ASKED = ("status", "external_ref", "number", "after", "order", "changed_since", "due_before")


def test_T46_no_words_become_a_query(case: Complaint, program: Making) -> None:
    before = Complaint.objects.values().get()
    ming = program("ming")
    for text in SQL:
        for query in (*({name: text} for name in ASKED), {text: "1"}, {"_connector": "OR"}, {"enterprise__id": "1"}):
            assert ming.get("/complaints/", query).status_code in (200, 400), query
        for query in ({"q": text}, {"q": text, "category": text}, {"q": "移动", "region": text}):
            assert ming.get("/enterprises/", query).status_code in (200, 400)
        assert ming.get("/events/", {"after": text}).status_code == 400
        assert ming.get(f"/complaints/{case.number}x{text}/").status_code == 404
        assert Complaint.objects.values().get() == before


def test_T07_no_field_of_a_row_can_be_set_from_outside(world: World, case: Complaint, program: Making) -> None:
    before = Complaint.objects.values().get()
    models = apps.get_app_config("complaints").get_models()
    columns = {field.name for model in models for field in model._meta.concrete_fields}
    columns |= {"handler", "is_staff", "roles", "scopes"}
    for who, step, body in (
        (program("ming"), "send_message", {"text": "您好"}),
        (program("chen"), "add_statement", {"text": "补充"}),
        (program("rui"), "urge", {"text": "请尽快", "last_day": "2030-01-01"}),
    ):
        unknown = columns - body.keys() - {"files"}
        answer = who.step(case, step, body | dict.fromkeys(unknown, 1))
        assert (answer.status_code, set(answer.json()["errors"])) == (400, {f"/{column}" for column in unknown})
        assert who.step(case, step, body | {"status": "closed"}).status_code == 400
    refused = program("chen").post("/complaints/", dict.fromkeys(columns, "x") | filing(world))
    assert refused.status_code == 400
    assert Complaint.objects.values().get() == before


#: What each side may find in an answer; a new field is a decision, made here.
OF_A_WHOLE_CASE = """
side consumer statement demand_note facts demands offers promises clocks matters messages files allowed_steps
"""
LISTED = """
number standing status outcome reason was_refused_in_full engagement_result is_overdue received_at filed_at
delivered_at status_since
next_due_at closed_at last_event_at object_category problem_category item_name amount currency enterprise branch
authority handler_id external_ref version
"""


def test_T08_answers_have_the_fields_that_stand_here_and_no_more(case: Complaint, program: Making) -> None:
    for who in ("ming", "lead", "rui", "su", "chen"):
        caller = program(who, scopes=["cases:read", "events:read", "files:read"])
        whole = caller.get(f"/complaints/{case.number}/").json()
        of_a_list, of_a_case = set(LISTED.split()), {*LISTED.split(), *OF_A_WHOLE_CASE.split()}
        assert (set(whole), set(CaseLine().fields), set(Case().fields)) == (of_a_case, of_a_list, of_a_case)
        assert set(whole["consumer"]) == {"name", "phone", "email", "address", "is_masked"}
        others = ("/complaints/", "/events/", f"/complaints/{case.number}/record/")
        shown = json.dumps([whole, *(caller.get(path).json() for path in others)], ensure_ascii=False)
        for secret in ("13800000001", "陈试", "某路1号"):
            assert (secret in shown) is (who == "chen"), secret
        for internal in ("person_key", "consumer_key", "tracking_digest", "salt", "digest", "password"):
            assert internal not in shown


def same(one: Any, other: Any) -> None:
    assert one.status_code == other.status_code == 404
    shown = [json.loads(answer.content) | {"incident": ""} for answer in (one, other)]
    assert shown[0] == shown[1]
    headers = [{k: v for k, v in each.headers.items() if k != "Incident-Number"} for each in (one, other)]
    assert headers[0] == headers[1]


def test_T02_a_strangers_case_is_like_one_that_does_not_exist(world: World, case: Complaint, program: Making) -> None:
    before, nowhere = Complaint.objects.values().get(), "20201111-AAAAAAAAAAAA-0"
    here, there = f"/complaints/{case.number}", f"/complaints/{nowhere}"
    far = program(world.far_officer.user, place="authority")
    for stranger in (program("otto"), program("hua"), far):
        for path in ("", "record/", "files/", "files/1/"):
            same(stranger.get(f"{here}/{path}"), stranger.get(f"{there}/{path}"))
        for path, body in (
            ("steps/send_message/", {"text": "x"}),
            ("steps/withdraw/", {"reason": "other"}),
            ("steps/nonsense/", {}),
            ("steps/link_cases/", {"numbers": [case.number]}),
            ("external-ref/", {"external_ref": "x"}),
        ):
            same(stranger.post(f"{here}/{path}", body), stranger.post(f"{there}/{path}", body))
        rows = [{"case": number, "input": {"text": "x"}} for number in (case.number, nowhere)]
        shown = stranger.post("/steps/send_message/batch/", {"rows": rows}).json()["results"]
        assert [row | {"case": ""} for row in shown] == [{"case": "", "result": "not_found", "code": "not_found"}] * 2
        assert stranger.get("/complaints/", {"number": case.number}).json()["results"] == []
        assert stranger.get("/events/").json()["events"] == []
        assert Complaint.objects.values().get() == before


def test_T02_ids_of_strangers_in_a_body_are_refused(world: World, program: Making) -> None:
    case, triage, review = (
        given.a_complaint(world, status=status, now=timezone.now())
        for status in (Status.WITH_ENTERPRISE, Status.TRIAGE, Status.REVIEW)
    )
    ming, rui, su, nobody = program("ming"), program("rui"), program("su"), 999_999_999
    another = {"enterprise_id": world.telecom.pk, "branch_id": world.fuzhou.pk}
    for who, there, step, body in (
        (ming, case, "accept_case", {"handler_id": world.hua_staff.pk}),
        (ming, case, "accept_case", {"handler_id": nobody}),
        (ming, case, "return_case", {"reason": "wrong_entity", "enterprise_id": nobody, "text": "x"}),
        (ming, case, "return_case", {"reason": "wrong_branch", "text": "x", **another}),
        (rui, review, "assign_officer", {"officer_id": world.far_officer.pk}),
        (rui, review, "link_cases", {"numbers": ["20201111-AAAAAAAAAAAA-0"]}),
        (su, triage, "assign_authority", {"authority_id": nobody}),
        (su, triage, "forward", {"enterprise_id": nobody, "branch_id": None}),
        (su, triage, "ask_consent", {"enterprise_id": nobody}),
    ):
        answer = who.step(there, step, body)
        assert answer.status_code in (409, 422), (step, body, answer.content.decode())
    assert set(Complaint.objects.values_list("status", flat=True)) == {"with_enterprise", "triage", "review"}


def test_the_key_is_asked_for_and_counts(world: World, case: Complaint, program: Making) -> None:
    ming, path, key = program("ming"), f"/complaints/{case.number}/steps/send_message/", uuid.uuid4().hex
    for missing in ("", "short", "with a space!", "长" * 10):
        answer = ming.post(path, {"text": "您好"}, key=missing)
        assert (answer.status_code, answer.json()["code"]) == (400, "key_missing"), missing
    first = ming.post(path, {"text": "您好"}, key=key)
    again = ming.post(path, {"text": "您好"}, key=key)
    assert first.status_code == again.status_code == 200
    assert (first.content, first["ETag"]) == (again.content, again["ETag"])
    assert case.steps.filter(step="send_message").count() == 1
    other = ming.post(path, {"text": "别的"}, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "same_key_other_body")
    assert program("lead").post(path, {"text": "您好"}, key=key).status_code == 200, "keys of others never meet"
    refused = ming.step(case, "accept_case", {"handler_id": world.ming_staff.pk}, key="again-1234")
    assert refused.status_code == 409
    assert not IdempotencyKey.objects.filter(key="again-1234").exists()
    rows = IdempotencyKey.objects.filter(answer__isnull=False)
    kept = [zlib.decompress(row.answer.encode("latin-1")) for row in rows]
    assert len(kept) == 2
    assert not any("您好".encode() in one for one in kept)


def test_wrong_ways_to_call_are_named_in_the_callers_language(world: World, program: Making) -> None:
    ming = program("ming")
    for language, text in (("en", "Bad request"), ("zh-CN", "请求有误")):
        shown = ming.post("/steps/send_message/batch/", {"rows": []}, accept_language=language).json()
        assert shown["title"] == text
    wrong = ming.client.delete("/api/v1/complaints/", headers={"Authorization": f"Bearer {ming.secret}"})
    assert (wrong.status_code, wrong["Allow"]) == (405, "GET, HEAD, POST")
    assert ming.client.options("/api/v1/me/", headers={"Authorization": f"Bearer {ming.secret}"}).status_code == 405
    form = ming.post("/steps/send_message/batch/", raw=b"rows=1", content_type="application/x-www-form-urlencoded")
    assert (form.status_code, form.json()["code"]) == (415, "unsupported_format")
    assert ming.get("/nothing/").status_code == 404
    assert ming.get("/nothing/")["Content-Type"] == "application/problem+json"
    assert ming.get("/me/", accept="text/html").status_code == 200


def test_T86_pages_are_bounded(world: World, program: Making, django_assert_max_num_queries: Any) -> None:
    for _ in range(3):
        given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    ming = program("ming")
    assert ming.get("/complaints/", {"limit": 101}).status_code == 400
    assert ming.get("/events/", {"limit": 501}).status_code == 400
    assert ming.get("/enterprises/", {"q": "移" * 81}).status_code == 400
    rows = [{"case": f"x{number}"} for number in range(501)]
    assert ming.post("/steps/send_message/batch/", {"rows": rows}).status_code == 400
    # One of them says who asks, for the second wall.
    with django_assert_max_num_queries(15):
        assert len(ming.get("/complaints/").json()["results"]) == 3


def proposing(**target: Any) -> dict[str, Any]:
    return {"step": "return_case", "input": {"reason": "wrong_entity", "text": "不是本企业的用户。", **target}}


@pytest.fixture
def at_two_persons(world: World) -> Complaint:
    """With an enterprise in which a second person approves what is given back."""
    TwoPersons.objects.create(enterprise=world.mobile, returns=True, set_by=world.lead, set_at=timezone.now())
    return given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())


def test_what_is_not_there_cannot_be_proposed(world: World, at_two_persons: Complaint, program: Making) -> None:
    of_another = {"enterprise_id": world.telecom.pk, "branch_id": world.fuzhou.pk}
    for target in ({"enterprise_id": 2**31 - 1}, {"branch_id": 2**31 - 1}, of_another):
        answer = program("ming").step(at_two_persons, "propose", proposing(**target))
        assert (answer.status_code, answer.json().get("field")) == (422, [*target][-1]), answer.content.decode()
        assert not Matter.objects.filter(complaint=at_two_persons, kind="proposal").exists()


def test_what_is_gone_or_never_was_is_refused_at_the_approval_by_page_or_program(
    world: World, at_two_persons: Complaint, program: Making, client: Any
) -> None:
    """A proposal that was kept before names were looked at inside of it."""
    branch = Branch.objects.create(enterprise=world.telecom, name="试验分公司")
    target = {"enterprise_id": world.telecom.pk, "branch_id": branch.pk}
    fine = program("ming").step(at_two_persons, "propose", proposing(**target))
    assert fine.status_code == 200, fine.content.decode()
    matter = Matter.objects.get(complaint=at_two_persons, kind="proposal")
    matter.data["payload"] |= {"branch_id": world.fuzhou.pk, "enterprise_id": 2**31 - 1}
    matter.save(update_fields=["data"])
    client.force_login(world.lead)
    client.raise_request_exception = False
    granted = {"decision": "grant", "idempotency_key": "k" * 20}
    at_the_page = client.post(f"/enterprise/approvals/{matter.pk}/", granted)
    assert (at_the_page.status_code, reloaded(matter).state) == (422, "open"), at_the_page.content.decode()
    answer = program("lead").step(at_two_persons, "approve", {})
    assert (answer.status_code, answer.json()["field"]) == (422, "enterprise_id"), answer.content.decode()
    assert reloaded(matter).state == "open"


def test_no_program_says_that_an_offer_is_of_a_measure(case: Complaint, program: Making) -> None:
    body = {"answers": [], "measure_id": "7f1d5a58-6f0c-4b59-8a52-0c9ad5cf3c1e"}
    for step in ("make_offer", "replace_offer"):
        assert step in STEPS
        assert "measure_id" not in input_of(step)().fields
        for name, said in ((step, body), ("propose", {"step": step, "input": body})):
            shown = program("ming").step(case, name, said)
            assert (shown.status_code, set(shown.json()["errors"])) == (400, {"/measure_id"})


def test_programs_sign_one_after_the_other_and_the_step_comes_with_the_last(world: World, program: Making) -> None:
    """The police are told by two officers and the head."""
    case = given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    other = User.objects.create(email="other@example.com", name="林试", own_phone=a_new_phone())
    Officer.objects.create(user=other, authority=world.gulou, role=Role.OFFICER.post)
    proposed = {"step": "refer_to_police", "input": {"text": "对方承认虚构收据。"}}
    asked = program("rui").step(case, "propose", proposed)
    assert asked.status_code == 200, asked.content.decode()
    first = program(other, place="authority").step(case, "approve")
    assert first.status_code == 200, first.content.decode()
    shown = HandlingStep.objects.filter(complaint=case, step="refer_to_police")
    assert not shown.exists()
    last = program(world.head_officer.user, place="authority").step(case, "approve")
    assert last.status_code == 200, last.content.decode()
    assert len(shown.get().data["officers"]) == 3


def test_what_was_said_on_the_telephone_is_no_answer_to_a_demand(world: World, program: Making) -> None:
    """Both are called answers."""
    case = given.a_complaint(world, status=Status.CLOSED, now=timezone.now())
    for said, code in (
        ({"reached": True, "answers": {"accepted": "green"}}, 422),
        ({"reached": False}, 200),
        ({"reached": True, "answers": {"accepted": "yes"}}, 200),
    ):
        shown = program("rui").step(case, "call_back", said)
        assert shown.status_code == code, shown.content.decode()
