"""What goes wrong is said plainly, nothing typed is lost, and nothing is told to strangers."""

import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path

from accounts.idempotency import once
from accounts.models import IdempotencyKey, User

KEY = "0f6c2a7e0f6c2a7e"
LONG = "9月起每个月账单多出一项，我没有开通过。"


class StepNotAllowed(Exception):
    refusal = True


class WrongInput(StepNotAllowed):
    status = 422


def refuse(request: HttpRequest) -> HttpResponse:
    raise StepNotAllowed("案件已经转到监管部门")


def wrong(request: HttpRequest) -> HttpResponse:
    raise WrongInput("金额不对")


def away(request: HttpRequest) -> HttpResponse:
    raise OperationalError("server closed the connection")


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


def refuse_inside(request: HttpRequest) -> HttpResponse:
    with once(request, actor="draft:chen"):
        User.objects.create_user("lost@example.org")
        raise StepNotAllowed("现在不行")


def one_effect(request: HttpRequest) -> HttpResponse:
    with once(request, actor="draft:chen") as attempt:
        if not attempt.answered:
            attempt.reference = "/done/"
    return HttpResponse(attempt.reference)


urlpatterns = [
    path("refuse/", refuse, name="refuse"),
    path("wrong/", wrong, name="wrong"),
    path("away/", away, name="away"),
    path("broken/", broken, name="broken"),
    path("refuse-inside/", refuse_inside, name="refuse-inside"),
    path("one-effect/", one_effect, name="one-effect"),
    path("api/refuse/", refuse, name="api-refuse"),
    path("", include("odr_portal.site.site_urls")),
    path("", include("accounts.urls")),
]
handler404 = "odr_portal.site.views.page_not_found"
handler500 = "odr_portal.site.views.server_error"

pytestmark = [pytest.mark.urls("tests.web.test_errors"), pytest.mark.django_db]


def post(address: str, **body: Any) -> tuple[int, str]:
    client = Client(raise_request_exception=False)
    answer = client.post(address, {"idempotency_key": KEY, "statement": LONG, "password": "a secret of mine", **body})
    return answer.status_code, answer.content.decode()


def test_a_refused_step_says_why_and_keeps_the_text() -> None:
    status, page = post("/refuse/")
    assert status == 409
    assert "案件已经转到监管部门" in page
    assert LONG in page
    assert "a secret of mine" not in page


def test_wrong_input_is_422() -> None:
    assert post("/wrong/")[0] == 422


def test_programs_get_a_problem_in_json() -> None:
    answer = Client().post("/api/refuse/")
    assert answer.status_code == 409
    assert answer.json()["detail"] == "案件已经转到监管部门"


def test_a_database_that_is_away_is_503_with_the_text() -> None:
    status, page = post("/away/")
    assert status == 503
    assert LONG in page
    assert "还没有提交成功" in page


def test_what_breaks_shows_a_page_without_details() -> None:
    logging.disable(logging.CRITICAL)
    try:
        status, page = post("/broken/")
    finally:
        logging.disable(logging.NOTSET)
    assert status == 500
    assert "ZeroDivision" not in page
    assert "我们这边出错了" in page


def test_a_refusal_inside_stores_neither_effect_nor_key() -> None:
    assert post("/refuse-inside/")[0] == 409
    assert not User.objects.exists()
    assert not IdempotencyKey.objects.exists()


def test_the_second_body_under_one_key_is_422_and_kept() -> None:
    assert post("/one-effect/") == (200, "/done/")
    assert post("/one-effect/") == (200, "/done/")
    status, page = post("/one-effect/", statement=LONG + "还有一句。")
    assert status == 422
    assert LONG in page


def test_a_form_without_a_key_is_400() -> None:
    assert post("/one-effect/", idempotency_key="")[0] == 400


def test_a_session_that_ended_while_writing_keeps_the_text() -> None:
    status, page = post("/account/", name=LONG)
    assert status == 401
    assert LONG in page
    assert 'href="/account/sign-in/?next=/account/"' in page
    assert Client().post("/account/", {"idempotency_key": "0f6c2a7e"}).status_code == 302
