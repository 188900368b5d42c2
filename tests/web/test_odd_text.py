"""T51 for pages: whatever is typed, no page falls; what no database can hold is refused in one sentence."""

import unicodedata
from itertools import product
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from hypothesis import given as given_text
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from complaints.forms.enterprise_offer_form import without_row
from complaints.models import PersonalText
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
LOOKS = pytest.mark.parametrize(
    "names", [OFTEN, pytest.param(set(ODD) - OFTEN, marks=pytest.mark.full)], ids=["often", "others"]
)
_PLACES = """
/find/?q={}&region={} /cases/?x={} /track/?number={} /account/sign-in/?next={} /file/?query={}&pick={}
/enterprise/queue/?q={}&handler={}&after={} /authority/cases/?q={}&region={}&after={}&status={} /oversight/?region={}
"""
PLACES = _PLACES.split()


def holds(answer: Any, text: str, place: str) -> None:
    """No page falls, and what no database can hold is refused in one sentence."""
    assert answer.status_code < 500, (place, text[:20])
    if "\0" in text:
        assert answer.status_code == 400, place
        assert "不能保存的字符" in shown(answer)


@LOOKS
def test_T51_no_address_falls_over_a_text(world: World, names: set[str]) -> None:
    people = [Client(), signed_in(world.chen), signed_in(world.ming), signed_in(world.rui)]
    for text in (ODD[name] for name in names):
        written = text if text.startswith("%ED") else quote(text)
        if len(written) > 3000:
            written = quote(text[:250])
        for place, client in product(PLACES, people):
            holds(client.get(place.replace("{}", written)), text, place)


@LOOKS
def test_T51_no_form_falls_over_a_text(world: World, names: set[str]) -> None:
    number = given.a_complaint(world, status=Status.NEGOTIATING).number
    anybody, chen, ming, rui = Client(), signed_in(world.chen), signed_in(world.ming), signed_in(world.rui)
    forms = [
        (chen, f"/cases/{number}/statement/", "text"),
        (chen, f"/cases/{number}/withdraw/", "reason text"),
        (ming, f"/enterprise/cases/{number}/contact/", "channel reached at note"),
        (ming, f"/enterprise/cases/{number}/message/", "text"),
        (ming, f"/enterprise/cases/{number}/offer/", "answer-1 what-0 amount-0"),
        (rui, f"/authority/cases/{number}/message/", "text"),
        (anybody, "/account/sign-in/", "address"),
        (anybody, "/track/", "number token"),
        (anybody, "/file/", "query service_region respondent named"),
    ]
    for text, (client, place, fields) in product((ODD[name] for name in names), forms):
        holds(send(client, place, dict.fromkeys(fields.split(), text)), text, place)


@hypothesis_settings(max_examples=60, deadline=None)
@given_text(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200))
def test_T51_a_page_sees_text_in_one_form_only(text: str) -> None:
    for request in (
        RequestFactory().post("/", {"a": text, "b": ["x", text]}),
        RequestFactory().get("/", {"a": text, "b": ["x", text]}),
    ):
        seen: list[Any] = []
        ExactText(lambda request, seen=seen: seen.append(request) or HttpResponse())(request)
        typed = seen[0].POST or seen[0].GET
        assert typed["a"] == unicodedata.normalize("NFC", text).encode("utf-8", "replace").decode()
        assert typed.getlist("b") == ["x", typed["a"]]


def test_T51_what_is_typed_in_two_ways_is_kept_in_one(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    answer = send(signed_in(world.chen), f"/cases/{case.number}/statement/", {"text": "Cafe\u0301 的账单"})
    assert answer.status_code == 302
    texts = [row.text for row in PersonalText.objects.filter(complaint=case, kind="message")]
    assert "Café 的账单" in texts


def test_T44_a_body_that_is_too_long_is_refused_unread(client: Client, db: None) -> None:
    def unreadable(status: int) -> Any:
        def read(*_size: int) -> bytes:
            raise AssertionError("the body was read") if status == 413 else OSError

        return SimpleNamespace(read=read, readline=read)

    for kind, length, status in (
        ("multipart/form-data; boundary=x", 2**30, 413),
        ("application/x-www-form-urlencoded", 2**30, 413),
        ("text/plain", 2 * 2**20, 413),
        ("multipart/form-data; boundary=x", "-1", 200),
        ("text/plain", "x", 200),
    ):
        extra = {"wsgi.input": unreadable(status), "CONTENT_LENGTH": str(length)}
        answer = client.generic("POST", "/account/sign-in/", b"", content_type=kind, **extra)
        assert (answer.status_code == 413, "太大" in shown(answer)) == (status == 413, status == 413), kind
        assert answer.status_code < 500


def test_a_typed_number_is_so_many_digits_0_to_9_and_nothing_else() -> None:
    given_as = {"0": 0, "007": 7, "999": 999, "1000": None, "": None, None: None, "²": None, "１": None, "-1": None}
    assert {text: whole(text, 3) for text in given_as} == given_as


def test_a_row_goes_whatever_stands_where_the_others_name_it() -> None:
    for odd in ("²", "", "x", "9" * 40):
        rows = {"rows": "2", "promise-1-what": "退款", "promise-2-what": "道歉", "promise-2-after": odd}
        assert without_row(rows, 1) == {"rows": "1", "promise-1-what": "道歉", "promise-1-after": odd}
