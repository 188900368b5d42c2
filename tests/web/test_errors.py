"""What goes wrong is said plainly and has a number; nothing typed is lost, and nothing is told to strangers."""

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.template import autoreload
from django.test import Client
from django.urls import include, path

from accounts.idempotency import once
from accounts.models import IdempotencyKey, User
from tests import ROOT
from web.errors import INCIDENT_HEADER

pytestmark = [pytest.mark.urls("tests.web.test_errors"), pytest.mark.django_db]

KEY = "0f6c2a7e0f6c2a7e"
NUMBER = re.compile(r"\b[02-9]{4}-[02-9]{4}\b")
SECRET = "陈试的电话13800000001"
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


def quoting(request: HttpRequest, token: str = "") -> HttpResponse:
    """As the database does: the text of the exception holds what somebody typed."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("select %s::int", [SECRET])
    except Exception as error:
        raise RuntimeError(f"could not keep {SECRET}") from error
    return HttpResponse()


def not_allowed(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def odd(request: HttpRequest) -> HttpResponse:
    raise BadRequest(SECRET)


urlpatterns = [
    path("refuse/", refuse, name="refuse"),
    path("wrong/", wrong, name="wrong"),
    path("away/", away, name="away"),
    path("broken/", broken, name="broken"),
    path("refuse-inside/", refuse_inside, name="refuse-inside"),
    path("one-effect/", one_effect, name="one-effect"),
    path("quoting/<str:token>/", quoting, name="quoting"),
    path("not-allowed/", not_allowed, name="not-allowed"),
    path("odd/", odd, name="odd"),
    path("api/quoting/", quoting, name="api-quoting"),
    path("api/away/", away, name="api-away"),
    path("api/refuse/", refuse, name="api-refuse"),
    path("", include("odr_portal.site.site_urls")),
    path("", include("accounts.urls")),
]
handler400 = "odr_portal.site.views.bad_request"
handler403 = "odr_portal.site.views.forbidden"
handler404 = "odr_portal.site.views.page_not_found"
handler500 = "odr_portal.site.views.server_error"


def post(address: str, **body: Any) -> tuple[int, str]:
    client = Client(raise_request_exception=False)
    answer = client.post(address, {"idempotency_key": KEY, "statement": LONG, "password": "a secret of mine", **body})
    return answer.status_code, answer.content.decode()


def test_a_refused_step_says_why_and_keeps_the_text_and_programs_get_a_problem() -> None:
    status, page = post("/refuse/")
    assert status == 409
    assert "案件已经转到监管部门" in page
    assert LONG in page
    assert "a secret of mine" not in page
    assert post("/wrong/")[0] == 422
    answer = Client().post("/api/refuse/")
    assert (answer.status_code, answer.json()["detail"]) == (409, "案件已经转到监管部门")


def test_a_database_that_is_away_is_503_with_the_text_and_what_breaks_a_page_without_details() -> None:
    status, page = post("/away/")
    assert status == 503
    assert LONG in page
    assert "还没有提交成功" in page
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


def test_the_second_body_under_one_key_is_422_and_kept_and_without_a_key_it_is_400() -> None:
    assert post("/one-effect/") == (200, "/done/")
    assert post("/one-effect/") == (200, "/done/")
    status, page = post("/one-effect/", statement=LONG + "还有一句。")
    assert status == 422
    assert LONG in page
    assert post("/one-effect/", idempotency_key="")[0] == 400


def test_a_session_that_ended_while_writing_keeps_the_text() -> None:
    status, page = post("/account/", name=LONG)
    assert status == 401
    assert LONG in page
    assert 'href="/account/sign-in/?next=/account/"' in page
    assert Client().post("/account/", {"idempotency_key": "0f6c2a7e"}).status_code == 302


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of the settings writes."""
    handler = next(
        each for each in logging.getLogger().handlers if type(each) is logging.StreamHandler and each.filters
    )
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


ANSWERS = [
    ("GET", "/nowhere/", 404),
    ("POST", "/refuse/", 409),
    ("POST", "/wrong/", 422),
    ("POST", "/away/", 503),
    ("GET", "/broken/", 500),
    ("GET", "/not-allowed/", 403),
    ("GET", "/odd/", 400),
    ("POST", "/one-effect/", 400),
    ("POST", "/account/", 401),
]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(("method", "address", "status"), ANSWERS)
def test_the_number_on_the_page_is_the_one_in_the_log(
    method: str, address: str, status: int, language: str, log: io.StringIO
) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    answer = client.generic(
        method, f"{address}?q=13800000001", f"name={'陈' * 20}13800000001", "application/x-www-form-urlencoded"
    )
    assert answer.status_code == status
    page = answer.content.decode()
    [number] = set(NUMBER.findall(page))
    assert answer[INCIDENT_HEADER] == number
    assert (
        "要人帮忙，请打12315，报这个问题编号" if language == "zh-hans" else "call 12315 and give this incident number"
    ) in page
    assert f"incident {number}: {status} {method}" in log.getvalue()
    assert "13800000001" not in log.getvalue()
    assert "陈" not in log.getvalue()


def test_two_mishaps_have_two_numbers_and_a_page_that_is_right_has_none() -> None:
    assert len({Client().get("/nowhere/")[INCIDENT_HEADER] for _ in range(20)}) == 20
    answer = Client().get("/help/")
    assert answer.status_code == 200
    assert INCIDENT_HEADER not in answer


def test_the_log_says_where_and_not_what(log: io.StringIO) -> None:
    Client(raise_request_exception=False).get("/quoting/a-token-of-somebody/")
    lines = log.getvalue()
    for text in ("GET /quoting/<str:token>/ RuntimeError", "test_errors.py", "in quoting", "InvalidTextRepresentation"):
        assert text in lines
    for private in (SECRET, "13800000001", "a-token-of-somebody", "could not keep"):
        assert private not in lines


def test_a_refused_host_and_a_form_from_elsewhere_have_a_number_too(log: io.StringIO) -> None:
    answer = Client(raise_request_exception=False).get("/help/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert answer[INCIDENT_HEADER] in log.getvalue()
    assert "evil.example" not in log.getvalue()
    assert "evil.example" not in answer.content.decode()
    answer = Client(enforce_csrf_checks=True).post("/refuse/", {"statement": SECRET})
    assert answer.status_code == 403
    number = answer[INCIDENT_HEADER]
    assert number in answer.content.decode()
    assert f"incident {number}: 403 POST" in log.getvalue()


@pytest.mark.parametrize(("address", "status"), [("quoting", 500), ("away", 503), ("refuse", 409), ("nowhere", 404)])
def test_programs_get_the_number_in_the_problem(address: str, status: int) -> None:
    answer = Client(raise_request_exception=False).post(f"/api/{address}/")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["status"], problem["incident"]) == (status, answer[INCIDENT_HEADER])
    assert NUMBER.fullmatch(problem["incident"])


@pytest.mark.parametrize("name", ["400", "500", "503"])
def test_pages_of_the_worst_case_stand_alone(name: str) -> None:
    source = (ROOT / "templates" / "web" / "errors" / f"{name}.html").read_text(encoding="utf-8")
    assert "extends" not in source
    assert "page_context" not in source


def test_a_number_even_when_no_page_can_be_drawn(settings: Any, tmp_path: Path) -> None:
    """Static files were never collected: the page that stands alone cannot be drawn either."""
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "web.staticfiles.HashedFiles"}}
    # As in a process that has drawn nothing yet: a template holds the addresses of its static files.
    autoreload.reset_loaders()
    answer = Client(raise_request_exception=False).get("/broken/")
    autoreload.reset_loaders()
    assert answer.status_code == 500
    assert f"<b>{answer[INCIDENT_HEADER]}</b>" in answer.content.decode()


@pytest.mark.fault
def test_a_number_without_any_database(tmp_path: Path) -> None:
    """The portal as it is served, DEBUG off, its database gone."""
    program = """
import pytest, django; django.setup()
from django.test import Client
client = Client(raise_request_exception=False, headers={"host": "localhost"})
client.cookies["sessionid"] = "x" * 32
for address in ("/cases/", "/nowhere/", "/account/"):
    answer = client.get(address)
    print(answer.status_code, answer["Incident-Number"], answer["Incident-Number"] in answer.content.decode())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "odr_portal.settings",
            "SECRET_KEY": "a-key-for-tests-that-signs-nothing-else",
            "DEBUG": "no",
            "ODR_LOCAL": str(tmp_path),
            "DATABASE_URL": f"postgresql://portal_web@/portal?host={tmp_path}",
        },
    )
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    for line in lines:
        status, number, is_shown = line.split()
        assert (status, is_shown) == ("503", "True")
        assert f"incident {number}: " in done.stderr
    assert "OperationalError" in done.stderr
