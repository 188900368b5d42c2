"""Calls that mean harm or nothing: each gets a clear, bounded answer, and none a 500."""

import json
import uuid
import zlib
from typing import Any

from django.apps import apps
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import given as for_all
from hypothesis import settings as how
from hypothesis import strategies as st

from accounts.models import IdempotencyKey
from api.shapes import Case, CaseLine
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from tests import given
from tests.api.conftest import Making
from tests.api.test_calls import filing
from tests.cast import World

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


def test_T51_json_that_means_two_things_or_no_object_is_400_and_a_megabyte_413(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    for kind in BAD_JSON:
        answer = program("ming").post(f"/complaints/{case.number}/steps/send_message/", raw=BAD_JSON[kind])
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_json"), kind
        assert answer["Content-Type"] == "application/problem+json"
    for value in ([], "text", 5, None, True, [{"text": "a"}]):
        answer = program("ming").post(f"/complaints/{case.number}/steps/send_message/", raw=json.dumps(value).encode())
        assert answer.status_code == 400, value
    raw = json.dumps({"text": "长" * 500_000}, ensure_ascii=False).encode()
    answer = program("ming").post(f"/complaints/{case.number}/steps/send_message/", raw=raw)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def test_T51_no_value_anywhere_is_a_500(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    ming, chen = program("ming"), program("chen")
    names = st.sampled_from(["answers", "promises", "message", "measure_id", "demand", "kind", "amount", "due_on"])

    @how(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @for_all(st.dictionaries(names, anything, max_size=4))
    def tried(body: dict[str, Any]) -> None:
        for program_, path in ((ming, f"/complaints/{case.number}/steps/make_offer/"), (chen, "/complaints/")):
            answer = program_.post(path, raw=json.dumps(body).encode())
            assert answer.status_code < 500, (body, answer.content)

    tried()


SQL = (
    "' or 1=1 --",
    "1; drop table x",
    "%' and sleep(5)--",
    "\\",
    "a' union select 1,2--",
    "{{7*7}}",
    "_connector",
    "$$",
    "%00",
    "' || pg_sleep(5) ||'",
    "::int",
    "0x27",
    "\u2028",
    "𝔸",
)


def test_T46_no_words_become_a_query(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    before = Complaint.objects.values().get()
    ming = program("ming")
    for text in SQL:
        for query in (
            {"status": text},
            {"external_ref": text},
            {"number": text},
            {"after": text},
            {"order": text},
            {"changed_since": text},
            {"due_before": text},
            {text: "1"},
            {"_connector": "OR"},
            {"enterprise__id": "1"},
        ):
            assert ming.get("/complaints/", query).status_code in (200, 400), query
        for query in ({"q": text}, {"q": text, "category": text}, {"q": "移动", "region": text}):
            assert ming.get("/enterprises/", query).status_code in (200, 400)
        assert ming.get("/events/", {"after": text}).status_code == 400
        assert ming.get(f"/complaints/{case.number}x{text}/").status_code == 404
        assert Complaint.objects.values().get() == before


def test_T07_no_field_of_a_row_can_be_set_from_outside(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    before = Complaint.objects.values().get()
    columns = sorted(
        {
            field.name
            for model in apps.get_app_config("complaints").get_models()
            for field in model._meta.concrete_fields
        }
        | {"handler", "is_staff", "roles", "scopes"}
    )
    calls = (
        (program("ming"), f"/complaints/{case.number}/steps/send_message/", {"text": "您好"}),
        (program("chen"), f"/complaints/{case.number}/steps/add_statement/", {"text": "补充"}),
        (program("rui"), f"/complaints/{case.number}/steps/urge/", {"text": "请尽快", "last_day": "2030-01-01"}),
    )
    for who, path, body in calls:
        unknown = [column for column in columns if column not in body and column != "files"]
        answer = who.post(path, body | dict.fromkeys(unknown, 1))
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {f"/{column}" for column in unknown}
        assert who.post(path, body | {"status": "closed"}).status_code == 400
    refused = program("chen").post(
        "/complaints/", filing(world) | {name: "x" for name in columns if name not in filing(world)}
    )
    assert refused.status_code == 400
    assert Complaint.objects.values().get() == before


#: What each side may find in an answer; a new field is a decision, made here.
_OF_A_WHOLE_CASE = (
    "side consumer statement demand_note facts demands offers promises clocks matters messages files allowed_steps"
)
MAY_READ = set(CaseLine().fields) | set(_OF_A_WHOLE_CASE.split())
_LISTED = """
number standing status outcome reason engagement_result is_overdue received_at filed_at delivered_at status_since
next_due_at closed_at last_event_at object_category problem_category item_name amount currency enterprise branch
authority handler_id external_ref version
"""
LISTED = set(_LISTED.split())


def test_T08_answers_have_the_fields_that_stand_here_and_no_more(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    for who in ("ming", "lead", "rui", "su", "chen"):
        caller = program(who, scopes=["cases:read", "events:read", "files:read"])
        whole = caller.get(f"/complaints/{case.number}/").json()
        assert (set(whole), set(CaseLine().fields), set(Case().fields)) == (MAY_READ, LISTED, MAY_READ)
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


def test_T02_a_strangers_case_is_like_one_that_does_not_exist(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
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
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now())
    triage = given.a_complaint(world, status=Status.TRIAGE, now=timezone.now())
    review = given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    ming, rui, su = program("ming"), program("rui"), program("su")
    here = f"/complaints/{case.number}/steps"
    foreign = [
        (ming, f"{here}/accept_case/", {"handler_id": world.hua_staff.pk}),
        (ming, f"{here}/accept_case/", {"handler_id": 999_999_999}),
        (ming, f"{here}/return_case/", {"reason": "wrong_entity", "enterprise_id": 999_999_999, "text": "x"}),
        (
            ming,
            f"{here}/return_case/",
            {"reason": "wrong_branch", "enterprise_id": world.telecom.pk, "branch_id": world.fuzhou.pk, "text": "x"},
        ),
        (rui, f"/complaints/{review.number}/steps/assign_officer/", {"officer_id": world.far_officer.pk}),
        (rui, f"/complaints/{review.number}/steps/link_cases/", {"numbers": ["20201111-AAAAAAAAAAAA-0"]}),
        (su, f"/complaints/{triage.number}/steps/assign_authority/", {"authority_id": 999_999_999}),
        (su, f"/complaints/{triage.number}/steps/forward/", {"enterprise_id": 999_999_999, "branch_id": None}),
        (su, f"/complaints/{triage.number}/steps/ask_consent/", {"enterprise_id": 999_999_999}),
    ]
    for who, path, body in foreign:
        answer = who.post(path, body)
        assert answer.status_code in (409, 422), (path, body, answer.content.decode())
    assert set(Complaint.objects.values_list("status", flat=True)) == {"with_enterprise", "triage", "review"}


def test_the_key_is_asked_for_and_counts(world: World, program: Making) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    ming, path, key = program("ming"), f"/complaints/{case.number}/steps/send_message/", uuid.uuid4().hex
    for missing in ("", "short", "with a space!", "长" * 10):
        answer = ming.client.post(
            f"/api/v1{path}",
            json.dumps({"text": "您好"}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {ming.secret}"} | ({"Idempotency-Key": missing} if missing else {}),
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "key_missing"), missing
    first = ming.post(path, {"text": "您好"}, key=key)
    again = ming.post(path, {"text": "您好"}, key=key)
    assert first.status_code == again.status_code == 200
    assert (first.content, first["ETag"]) == (again.content, again["ETag"])
    assert case.steps.filter(step="send_message").count() == 1
    other = ming.post(path, {"text": "别的"}, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "same_key_other_body")
    assert program("lead").post(path, {"text": "您好"}, key=key).status_code == 200, "keys of others never meet"
    refused = ming.post(
        f"/complaints/{case.number}/steps/accept_case/", {"handler_id": world.ming_staff.pk}, key="again-1234"
    )
    assert refused.status_code == 409
    assert not IdempotencyKey.objects.filter(key="again-1234").exists()
    kept = [
        zlib.decompress(row.answer.encode("latin-1")) for row in IdempotencyKey.objects.filter(answer__isnull=False)
    ]
    assert len(kept) == 2
    assert not any("您好".encode() in one for one in kept)


def test_problems_speak_the_callers_language(world: World, program: Making) -> None:
    ming = program("ming")
    for language, text in (("en", "Bad request"), ("zh-CN", "请求有误")):
        shown = ming.post("/steps/send_message/batch/", {"rows": []}, accept_language=language).json()
        assert shown["title"] == text


def test_wrong_ways_to_call(world: World, program: Making) -> None:
    ming = program("ming")
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
