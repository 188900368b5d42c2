"""What goes wrong is said plainly and has a number; nothing typed is lost, and nothing is told to strangers."""

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
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
from database.row_security import working_as_steps
from tests import ROOT, found_in, missing_in
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


def raising(error: Exception) -> Callable[..., HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


def refuse_inside(request: HttpRequest) -> HttpResponse:
    with once(request, actor="draft:chen"):
        with working_as_steps():
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


refuse, away = (
    raising(StepNotAllowed("案件已经转到监管部门")),
    raising(OperationalError("server closed the connection")),
)
VIEWS = {
    "refuse": refuse,
    "wrong": raising(WrongInput("金额不对")),
    "away": away,
    "broken": raising(ZeroDivisionError()),
    "refuse-inside": refuse_inside,
    "one-effect": one_effect,
    "not-allowed": raising(PermissionDenied()),
    "odd": raising(BadRequest(SECRET)),
    "api/quoting": quoting,
    "api/away": away,
    "api/refuse": refuse,
}
urlpatterns = [
    *(path(f"{name}/", view, name=name.replace("/", "-")) for name, view in VIEWS.items()),
    path("quoting/<str:token>/", quoting, name="quoting"),
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
    status, page = post("/refuse/", along="what-the-form-itself-carries:1vQ2:signed")
    assert (status, missing_in(page, "案件已经转到监管部门", LONG)) == (409, [])
    assert not found_in(page, "a secret of mine", "what-the-form-itself-carries")
    assert post("/wrong/")[0] == 422
    answer = Client().post("/api/refuse/")
    assert (answer.status_code, answer.json()["detail"]) == (409, "案件已经转到监管部门")


def test_a_database_that_is_away_is_503_with_the_text_and_what_breaks_a_page_without_details() -> None:
    status, page = post("/away/")
    assert (status, missing_in(page, LONG, "还没有提交成功")) == (503, [])
    logging.disable(logging.CRITICAL)
    try:
        status, page = post("/broken/")
    finally:
        logging.disable(logging.NOTSET)
    assert (status, "ZeroDivision" in page, "我们这边出错了" in page) == (500, False, True)


def test_a_refusal_inside_stores_neither_effect_nor_key_and_under_one_key_a_second_body_is_422_and_kept() -> None:
    assert post("/refuse-inside/")[0] == 409
    assert not User.objects.exists()
    assert not IdempotencyKey.objects.exists()
    assert post("/one-effect/") == post("/one-effect/") == (200, "/done/")
    status, page = post("/one-effect/", statement=LONG + "还有一句。")
    assert (status, LONG in page) == (422, True)
    assert post("/one-effect/", idempotency_key="")[0] == 400


def test_a_session_that_ended_while_writing_keeps_the_text() -> None:
    status, page = post("/account/", name=LONG)
    assert (status, missing_in(page, LONG, 'href="/account/sign-in/?next=/account/"')) == (401, [])
    assert Client().post("/account/", {"idempotency_key": "0f6c2a7e"}).status_code == 302


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the handler of the settings writes."""
    handlers = logging.getLogger().handlers
    handler = next(each for each in handlers if type(each) is logging.StreamHandler and each.filters)
    stream = io.StringIO()
    before = handler.setStream(stream)
    yield stream
    handler.setStream(before)


ANSWERS = {
    "GET": {"/nowhere/": 404, "/broken/": 500, "/not-allowed/": 403, "/odd/": 400},
    "POST": {"/refuse/": 409, "/wrong/": 422, "/away/": 503, "/one-effect/": 400, "/account/": 401},
}
HELP = {"zh-hans": "要人帮忙，请打12315，报这个问题编号", "en": "call 12315 and give this incident number"}


@pytest.mark.parametrize("language", HELP)
@pytest.mark.parametrize("method", ANSWERS)
def test_the_number_on_the_page_is_the_one_in_the_log(method: str, language: str, log: io.StringIO) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["django_language"] = language
    body = (f"name={'陈' * 20}13800000001", "application/x-www-form-urlencoded")
    for address, status in ANSWERS[method].items():
        answer = client.generic(method, f"{address}?q=13800000001", *body)
        page = answer.content.decode()
        [number] = set(NUMBER.findall(page))
        assert (answer.status_code, answer[INCIDENT_HEADER]) == (status, number)
        assert HELP[language] in page
        assert f"incident {number}: {status} {method}" in log.getvalue()
    assert found_in(log.getvalue(), "13800000001", "陈") == []


def test_two_mishaps_have_two_numbers_and_a_page_that_is_right_has_none() -> None:
    assert len({Client().get("/nowhere/")[INCIDENT_HEADER] for _ in range(20)}) == 20
    answer = Client().get("/help/")
    assert (answer.status_code, INCIDENT_HEADER in answer) == (200, False)


def test_the_log_says_where_and_not_what(log: io.StringIO) -> None:
    Client(raise_request_exception=False).get("/quoting/a-token-of-somebody/")
    where = ("GET /quoting/<str:token>/ RuntimeError", "test_errors.py", "in quoting", "InvalidTextRepresentation")
    assert missing_in(log.getvalue(), *where) == []
    assert found_in(log.getvalue(), SECRET, "13800000001", "a-token-of-somebody", "could not keep") == []


def test_a_refused_host_and_a_form_from_elsewhere_have_a_number_too(log: io.StringIO) -> None:
    answer = Client(raise_request_exception=False).get("/help/", headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert answer[INCIDENT_HEADER] in log.getvalue()
    assert "evil.example" not in log.getvalue() + answer.content.decode()
    answer = Client(enforce_csrf_checks=True).post("/refuse/", {"statement": SECRET})
    number = answer[INCIDENT_HEADER]
    assert (answer.status_code, number in answer.content.decode()) == (403, True)
    assert f"incident {number}: 403 POST" in log.getvalue()


@pytest.mark.parametrize(("address", "status"), [("quoting", 500), ("away", 503), ("refuse", 409), ("nowhere", 404)])
def test_programs_get_the_number_in_the_problem(address: str, status: int) -> None:
    answer = Client(raise_request_exception=False).post(f"/api/{address}/")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    problem = answer.json()
    assert (problem["status"], problem["incident"]) == (status, answer[INCIDENT_HEADER])
    assert NUMBER.fullmatch(problem["incident"])


def test_pages_of_the_worst_case_stand_alone_and_there_is_a_number_even_when_none_can_be_drawn(
    settings: Any, tmp_path: Path
) -> None:
    for name in ("400", "500", "503"):
        source = (ROOT / "templates" / "web" / "errors" / f"{name}.html").read_text(encoding="utf-8")
        assert found_in(source, "extends", "page_context") == [], name
    # Static files were never collected: the page that stands alone cannot be drawn either.
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
    key = {"DJANGO_SETTINGS_MODULE": "odr_portal.settings", "SECRET_KEY": "a-key-for-tests-that-signs-nothing-else"}
    away = {"ODR_LOCAL": str(tmp_path), "DATABASE_URL": f"postgresql://portal_web@/portal?host={tmp_path}"}
    env = {**os.environ, **key, **away, "DEBUG": "no"}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, env=env)
    lines = done.stdout.splitlines()
    assert len(lines) == 3, done.stderr
    for line in lines:
        status, number, is_shown = line.split()
        assert (status, is_shown) == ("503", "True")
        assert f"incident {number}: " in done.stderr
    assert "OperationalError" in done.stderr
