"""T51 for pages: whatever is typed, no page falls; what no database can hold is refused in one sentence."""

import unicodedata
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given as given_text
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from complaints.forms.enterprise_offer_form import without_row
from complaints.procedure.workflow import Status
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_desk import send, shown, signed_in
from web.incoming import ExactText, whole

ODD = {
    "NUL": "文\0字",
    "half a letter": "%ED%A0%80",
    "directions": "\u202e文字\u2066",
    "apart": "e\u0301e\u0301",
    "many": "🙂" * 5000,
    "quotes": "'\"; drop table complaints_complaint; --",
    "template": "{{7*7}}{% load x %}",
    "braces": "${jndi:x} %s %(a)s {0}",
    "number": "9" * 400,
    "not a number": "NaN",
    "without end": "1e400",
    "minus": "-1",
    "list": "[1,2]",
    "bell": "\x07\x1b[31m",
    "lines": "a\r\nSet-Cookie: a=b",
    "page": "<script>alert(1)</script>",
    "long": "长" * 20_000,
    "wide": "１２３",
    "joined": "\u200d\ufeff",
}
#: The others do what these do to a page; they have their turn in the long run.
OFTEN = {"NUL", "half a letter", "many", "lines", "number"}
TEXTS = [pytest.param(text, id=name, marks=() if name in OFTEN else pytest.mark.full) for name, text in ODD.items()]
PLACES = [
    "/find/?q={}&region={}",
    "/cases/?x={}",
    "/track/?number={}",
    "/account/sign-in/?next={}",
    "/file/?query={}&pick={}",
    "/enterprise/queue/?q={}&handler={}&after={}",
    "/authority/cases/?q={}&region={}&after={}&status={}",
    "/oversight/?region={}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_T51_no_address_falls_over_a_text(world: World, text: str) -> None:
    from urllib.parse import quote

    written = text if text.startswith("%ED") else quote(text)
    if len(written) > 3000:
        written = quote(text[:250])
    people = [Client(), signed_in(world.chen), signed_in(world.ming), signed_in(world.rui)]
    for place in PLACES:
        for client in people:
            answer = client.get(place.replace("{}", written))
            assert answer.status_code < 500, place
            if "\0" in text:
                assert answer.status_code == 400
                assert "不能保存的字符" in shown(answer)


@pytest.mark.parametrize("text", TEXTS)
def test_T51_no_form_falls_over_a_text(world: World, text: str) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    forms = [
        (world.chen, f"/cases/{case.number}/statement/", {"text": text}),
        (world.chen, f"/cases/{case.number}/withdraw/", {"reason": text, "text": text}),
        (
            world.ming,
            f"/enterprise/cases/{case.number}/contact/",
            {"channel": text, "reached": text, "at": text, "note": text},
        ),
        (world.ming, f"/enterprise/cases/{case.number}/message/", {"text": text}),
        (world.ming, f"/enterprise/cases/{case.number}/offer/", {"answer-1": text, "what-0": text, "amount-0": text}),
        (world.rui, f"/authority/cases/{case.number}/message/", {"text": text}),
        (None, "/account/sign-in/", {"address": text}),
        (None, "/track/", {"number": text, "token": text}),
        (None, "/file/", {"query": text, "service_region": text, "respondent": text, "named": text}),
    ]
    for person, place, said in forms:
        client = signed_in(person) if person else Client()
        answer = send(client, place, said)
        assert answer.status_code < 500, (place, answer.status_code)
        if "\0" in text:
            assert answer.status_code == 400, place
            assert "不能保存的字符" in shown(answer)


def through(request: Any) -> Any:
    seen: list[Any] = []

    def page(request: Any) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    ExactText(page)(request)
    return seen[0]


@hypothesis_settings(max_examples=60, deadline=None)
@given_text(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
def test_T51_a_page_sees_text_in_one_form_only(text: str) -> None:
    for request in (
        RequestFactory().post("/", {"a": text, "b": ["x", text]}),
        RequestFactory().get("/", {"a": text, "b": ["x", text]}),
    ):
        seen = through(request)
        typed = seen.POST or seen.GET
        assert typed["a"] == unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()
        assert typed.getlist("b") == ["x", typed["a"]]


def test_T51_what_is_typed_in_two_ways_is_kept_in_one(world: World) -> None:
    from complaints.models import PersonalText

    case = given.a_complaint(world, status=Status.NEGOTIATING)
    answer = send(signed_in(world.chen), f"/cases/{case.number}/statement/", {"text": "Cafe\u0301 的账单"})
    assert answer.status_code == 302
    texts = [row.text for row in PersonalText.objects.filter(complaint=case, kind="message")]
    assert "Café 的账单" in texts


@pytest.mark.parametrize(
    ("kind", "length", "status"),
    [
        ("multipart/form-data; boundary=x", 2**30, 413),
        ("application/x-www-form-urlencoded", 2**30, 413),
        ("text/plain", 2 * 2**20, 413),
        ("multipart/form-data; boundary=x", "-1", 200),
        ("text/plain", "x", 200),
    ],
)
def test_T44_a_body_that_is_too_long_is_refused_unread(
    kind: str, length: Any, status: int, client: Client, db: None
) -> None:
    class Unreadable:
        def read(self, *_size: int) -> bytes:
            raise AssertionError("the body was read") if status == 413 else OSError

        readline = read

    answer = client.generic(
        "POST",
        "/account/sign-in/",
        b"",
        content_type=kind,
        **{"wsgi.input": Unreadable(), "CONTENT_LENGTH": str(length)},
    )
    if status == 413:
        assert answer.status_code == 413
        assert "太大" in shown(answer)
    else:
        assert answer.status_code < 500


def test_a_typed_number_is_so_many_digits_0_to_9_and_nothing_else() -> None:
    given_as = {"0": 0, "007": 7, "999": 999, "1000": None, "": None, None: None, "²": None, "１": None, "-1": None}
    assert {text: whole(text, 3) for text in given_as} == given_as


def test_a_row_goes_whatever_stands_where_the_others_name_it() -> None:
    for odd in ("²", "", "x", "9" * 40):
        rows = {"rows": "2", "promise-1-what": "退款", "promise-2-what": "道歉", "promise-2-after": odd}
        assert without_row(rows, 1) == {"rows": "1", "promise-1-what": "道歉", "promise-1-after": odd}
