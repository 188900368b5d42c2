"""Every address stands in permissions.csv, and a stranger gets what stands there."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from access.permissions import OddPermissions, is_held_by_key, is_public, permission_rows, rows_of
from accounts.models import Administrator, User
from authorities.models import Officer
from complaints.filing import drafts
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.models import Staff
from odr_portal.checks import every_view_has_a_row, routes
from odr_portal.management.commands import write_permissions
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import send, shown, signed_in

WORDS = {"int": "1", "slug": "x", "uuid": "00000000-0000-0000-0000-000000000000", "str": "x", "path": "x"}


def address(pattern: str) -> str:
    """A path that this pattern answers, with made-up values."""

    def value(result: re.Match[str]) -> str:
        return WORDS.get(result.group(1) or "str", "20261118-7K3Q9M-5")

    return re.sub(r"<(?:(\w+):)?\w+>", value, pattern)


def all_routes() -> list[tuple[str, str]]:
    return [(name, path) for name, path, _view in routes()]


def test_the_check_is_content_with_a_current_page_and_finds_a_missing_row(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.COMMAND = "check"  # type: ignore[attr-defined]
    assert [str(problem) for problem in every_view_has_a_row(None)] == []
    text = write_permissions.path().read_text(encoding="utf-8")
    assert text == write_permissions.permissions_page(), "run manage.py write_permissions"
    rows = tuple(row for row in permission_rows() if row.resource != "home")
    monkeypatch.setattr("odr_portal.checks.permission_rows", lambda: rows)
    with pytest.raises(SystemCheckError, match=r"odr_portal\.E001\) home "):
        call_command("check")


@pytest.mark.django_db
def test_a_stranger_walks_every_route() -> None:
    wrong, public, private = [], 0, 0
    for name, pattern in all_routes():
        path = address(pattern)
        for method in ("GET", "POST"):
            client = Client(raise_request_exception=False)
            answer = client.get(path) if method == "GET" else client.post(path, {"idempotency_key": "0f6c2a7e0f6c2a7e"})
            location = answer.headers.get("Location", "")
            to_sign_in = answer.status_code == 302 and location.startswith("/account/sign-in/")
            if answer.status_code >= 500 and name != "readyz":
                wrong.append(f"{method} {path} ({name}): {answer.status_code}")
            elif is_public(name, method):
                public += 1
            elif answer.status_code in {401, 404, 405} or to_sign_in:
                private += 1
            elif is_held_by_key(name, method):
                # Without the key one is led to where one starts.
                if answer.status_code != 302:
                    wrong.append(f"{method} {path} ({name}): {answer.status_code} without a key")
            else:
                wrong.append(f"{method} {path} ({name}): {answer.status_code} {location}, but no row makes it public")
    assert not wrong, "\n".join(wrong)
    assert public
    assert private, "a walk that finds no closed door proves nothing"


@pytest.mark.django_db
def test_what_the_file_calls_public_asks_no_sign_in() -> None:
    for name, pattern in all_routes():
        if is_public(name, "GET") and "<" not in pattern:
            answer = Client(raise_request_exception=False).get(pattern)
            assert not (
                answer.status_code == 302
                and "/account/sign-in/" in answer.headers["Location"]
                and name not in {"accounts:sign-in-code", "accounts:second-factor", "accounts:factor-set-up"}
            ), name


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("home,LOOK,anyone,any,any,public", "LOOK"),
        ("home,GET,officer|king,any,any,allow", "king"),
        ("home,GET,handler,jurisdiction,any,allow", "authority_handler"),
        ("home,GET,intake,party,any,allow", "jurisdiction"),
        ("home,GET,anyone,any,any,allow", "public"),
        ("home,GET,consumer,any,any,public", "public"),
        ("home,GET,consumer,any,asleep,allow", "asleep"),
        ("home,GET,consumer,any,allow", "cells"),
    ],
)
def test_a_line_that_cannot_be_read_says_which(
    line: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = tmp_path / "permissions.csv"
    odd.write_text("resource,action,role,relation,status,verdict\n" + line + "\n")
    monkeypatch.setattr("access.permissions.FILE", odd)
    with pytest.raises(OddPermissions, match=f"line 2: .*{word}"):
        permission_rows.__wrapped__()


def pattern_of(name: str) -> URLPattern:
    def found(patterns: list[URLPattern | URLResolver]) -> URLPattern | None:
        for entry in patterns:
            if isinstance(entry, URLPattern):
                if entry.name == name:
                    return entry
            elif inner := found(entry.url_patterns):
                return inner
        return None

    pattern = found(get_resolver().url_patterns)
    assert pattern is not None
    return pattern


def without(monkeypatch: pytest.MonkeyPatch, resource: str) -> None:
    monkeypatch.setattr("access.middleware.rows_of", lambda name: () if name == resource else rows_of(name))
    monkeypatch.setattr("access.permissions.rows_of", lambda name: () if name == resource else rows_of(name))


@pytest.mark.django_db
def test_T09_a_page_without_a_line_is_shut_for_everybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = [Client(), *(signed_in(user) for user in (world.chen, world.lead, world.rui))]
    without(monkeypatch, "home")
    without_line = [client.get("/").status_code for client in clients]
    monkeypatch.undo()
    assert without_line == [404] * 4
    assert {client.get("/").status_code for client in clients} == {200}


@pytest.mark.django_db
def test_the_gate_refuses_before_the_view_looks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A view that forgot its own door is shut all the same."""
    monkeypatch.setattr(pattern_of("authority-cases"), "callback", lambda request: HttpResponse("ran"))
    assert signed_in(world.rui).get("/authority/cases/").content == b"ran"
    for user in (world.chen, world.lead):
        assert signed_in(user).get("/authority/cases/").status_code == 404
    assert Client().get("/authority/cases/").status_code == 302


@pytest.mark.django_db
def test_the_gate_names_the_methods_of_a_page(world: World) -> None:
    refused = signed_in(world.rui).post("/authority/cases/", {"idempotency_key": "0f6c2a7e0f6c2a7e"})
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert signed_in(world.chen).post("/authority/cases/").status_code == 404
    assert signed_in(world.lead).put("/enterprise/queue/").status_code == 405


KINDS = ("system", "security", "audit")


@pytest.fixture
def keeper(world: World) -> User:
    return User.objects.create_user(email="keeper@example.com", password="x" * 20, name="管试")


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_T13_nobody_holds_two_duties(keeper: User, first: str, second: str) -> None:
    Administrator.objects.create(user=keeper, kind=first, since=WEDNESDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Administrator.objects.create(user=keeper, kind=second, since=WEDNESDAY)


def test_T13_there_is_no_fourth_duty_and_no_administrator_has_an_office_or_a_job(keeper: User, world: World) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Administrator.objects.create(user=keeper, kind="all", since=WEDNESDAY)
    for user in (world.rui, world.ming):
        with pytest.raises(IntegrityError), transaction.atomic():
            Administrator.objects.create(user=user, kind="audit", since=WEDNESDAY)
    ended = timezone.localdate() - timedelta(days=1)
    Staff.objects.filter(user=world.ming).update(ends_on=ended)
    Administrator.objects.create(user=world.ming, kind="audit", since=WEDNESDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Staff.objects.filter(user=world.ming).update(ends_on=None)
    Administrator.objects.create(user=keeper, kind="system", since=WEDNESDAY)
    with pytest.raises(IntegrityError), transaction.atomic():
        Officer.objects.create(user=keeper, authority=world.gulou, role="analyst")
    with pytest.raises(IntegrityError), transaction.atomic():
        Staff.objects.create(user=keeper, enterprise=world.mobile, role="handler", starts_on=date(2030, 1, 1))


TOKEN = "7K3Q9-M2PT4-RA7K3-Q9M2P-T4RA7-0"
MISSING = "20200101-XXXXXX-X"


@pytest.fixture
def case(world: World) -> Complaint:
    """Somebody with Chen's phone filed it before there was an account, and nobody rang back."""
    result = given.a_complaint(
        world, status=Status.TRIAGE, now=timezone.now() - timedelta(minutes=5), consumer_id=None, contact_verified=False
    )
    Complaint.objects.filter(pk=result.pk).update(tracking_digest=drafts.tracking_digest(TOKEN), consumer=None)
    result.refresh_from_db()
    return result


def bare(page: str, number: str) -> str:
    """The page without what differs from one drawing to the next."""
    return re.sub(r'value="[^"]*"|\d{4}-\d{4}', "", page).replace(number, "N")


@pytest.mark.parametrize("path", ["/cases/{}/", "/cases/{}/receipt/", "/cases/{}/why/review/", "/cases/{}/withdraw/"])
def test_T14_a_later_account_with_the_same_phone_is_no_key(world: World, case: Complaint, path: str) -> None:
    client = signed_in(world.chen)
    answer, missing = client.get(path.format(case.number)), client.get(path.format(MISSING))
    assert (answer.status_code, missing.status_code) == (404, 404)
    assert bare(shown(answer), case.number) == bare(shown(missing), MISSING)
    assert case.number not in shown(client.get("/cases/"))
    assert not Complaint.objects.visible_to(world.chen).filter(pk=case.pk).exists()


@pytest.mark.parametrize(
    ("number", "token"), [("right", "7K3Q9-M2PT4-RA7K3-Q9M2P-T4RA8-0"), ("wrong", TOKEN), ("wrong", "no token")]
)
def test_T14_number_and_token_open_it_only_together(case: Complaint, number: str, token: str) -> None:
    client = Client()
    asked = case.number if number == "right" else MISSING
    answer = client.post("/track/", {"number": asked, "token": token})
    assert (answer.status_code, "编号和查询口令对不上" in shown(answer)) == (422, True)
    assert client.get(f"/track/{case.number}/").status_code == 302


def test_T14_a_token_shows_and_neither_decides_without_the_phone_nor_gives_the_case_to_who_signs_in(
    world: World, case: Complaint
) -> None:
    client = Client()
    assert client.post("/track/", {"number": case.number, "token": TOKEN}).status_code == 302
    page = client.get(f"/track/{case.number}/")
    assert (page.status_code, "13800000001" in shown(page)) == (200, False)
    send(client, f"/track/{case.number}/withdraw/", {"reason": "mistake", "code": "000000"})
    assert (reloaded(case).status, case.consumer_id) == (Status.TRIAGE, None)
    client = Client()
    client.post("/track/", {"number": case.number, "token": TOKEN})
    client.force_login(User.objects.create_user(phone="+8613900000077", name="客试"))
    assert client.get(f"/cases/{case.number}/").status_code == 404
    assert reloaded(case).consumer_id is None
