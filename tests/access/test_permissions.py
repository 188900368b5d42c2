"""Every address stands in permissions.csv, and a stranger gets what stands there."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import product
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
    return re.sub(r"<(?:(\w+):)?\w+>", lambda part: WORDS[part[1] or "str"], pattern)


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
    for name, pattern, _view in routes():
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
    begun = {"accounts:sign-in-code", "accounts:second-factor", "accounts:factor-set-up"}
    for name, pattern, _view in routes():
        if is_public(name, "GET") and "<" not in pattern:
            where = Client(raise_request_exception=False).get(pattern).headers.get("Location", "")
            assert name in begun or "/account/sign-in/" not in where, name


def test_a_line_that_cannot_be_read_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for line, word in (
        ("home,LOOK,anyone,any,any,public", "LOOK"),
        ("home,GET,officer|king,any,any,allow", "king"),
        ("home,GET,handler,jurisdiction,any,allow", "authority_handler"),
        ("home,GET,intake,party,any,allow", "jurisdiction"),
        ("home,GET,anyone,any,any,allow", "public"),
        ("home,GET,consumer,any,any,public", "public"),
        ("home,GET,consumer,any,asleep,allow", "asleep"),
        ("home,GET,consumer,any,allow", "cells"),
    ):
        odd = tmp_path / "permissions.csv"
        odd.write_text("resource,action,role,relation,status,verdict\n" + line + "\n")
        monkeypatch.setattr("access.permissions.FILE", odd)
        with pytest.raises(OddPermissions, match=f"line 2: .*{word}"):
            permission_rows.__wrapped__()


def without(monkeypatch: pytest.MonkeyPatch, resource: str) -> None:
    for place in ("middleware", "permissions"):
        monkeypatch.setattr(f"access.{place}.rows_of", lambda name: () if name == resource else rows_of(name))


@pytest.mark.django_db
def test_T09_a_page_without_a_line_is_shut_for_everybody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    clients = [Client(), *(signed_in(user) for user in (world.chen, world.lead, world.rui))]
    without(monkeypatch, "home")
    without_line = [client.get("/").status_code for client in clients]
    monkeypatch.undo()
    assert without_line == [404] * 4
    assert {client.get("/").status_code for client in clients} == {200}


@pytest.mark.django_db
def test_the_gate_refuses_before_the_view_looks_and_names_the_methods_of_a_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view that forgot its own door is shut all the same."""
    refused = signed_in(world.rui).post("/authority/cases/", {"idempotency_key": "0f6c2a7e0f6c2a7e"})
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert signed_in(world.chen).post("/authority/cases/").status_code == 404
    assert signed_in(world.lead).put("/enterprise/queue/").status_code == 405
    (pattern,) = (entry for entry in all_patterns(get_resolver().url_patterns) if entry.name == "authority-cases")
    monkeypatch.setattr(pattern, "callback", lambda request: HttpResponse("ran"))
    assert signed_in(world.rui).get("/authority/cases/").content == b"ran"
    for user in (world.chen, world.lead):
        assert signed_in(user).get("/authority/cases/").status_code == 404
    assert Client().get("/authority/cases/").status_code == 302


def all_patterns(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for entry in patterns:
        yield from [entry] if isinstance(entry, URLPattern) else all_patterns(entry.url_patterns)


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        act()


def test_T13_there_is_no_fourth_duty_nobody_holds_two_and_no_administrator_has_an_office_or_a_job(world: World) -> None:
    keeper = User.objects.create_user(email="keeper@example.com", password="x" * 20, name="管试")

    def appoint(kind: str, user: User = keeper) -> Administrator:
        return Administrator.objects.create(user=user, kind=kind, since=WEDNESDAY)

    refused(lambda: appoint("all"))
    for user in (world.rui, world.ming):
        refused(lambda user=user: appoint("audit", user))
    jobs = Staff.objects.filter(user=world.ming)
    jobs.update(ends_on=timezone.localdate() - timedelta(days=1))
    appoint("audit", world.ming)
    refused(lambda: jobs.update(ends_on=None))
    for first, second in product(("system", "security", "audit"), repeat=2):
        Administrator.objects.filter(user=keeper).delete()
        appoint(first)
        refused(lambda second=second: appoint(second))
    refused(lambda: Officer.objects.create(user=keeper, authority=world.gulou, role="analyst"))
    post = {"enterprise": world.mobile, "role": "handler", "starts_on": date(2030, 1, 1)}
    refused(lambda: Staff.objects.create(user=keeper, **post))


TOKEN = "7K3Q9-M2PT4-RA7K3-Q9M2P-T4RA7-0"
MISSING = "20200101-XXXXXX-X"


@pytest.fixture
def case(world: World) -> Complaint:
    """Somebody with Chen's phone filed it before there was an account, and nobody rang back."""
    filed = {"now": timezone.now() - timedelta(minutes=5), "consumer_id": None, "contact_verified": False}
    result = given.a_complaint(world, status=Status.TRIAGE, **filed)
    Complaint.objects.filter(pk=result.pk).update(tracking_digest=drafts.tracking_digest(TOKEN), consumer=None)
    return reloaded(result)


def bare(page: str, number: str) -> str:
    """The page without what differs from one drawing to the next."""
    return re.sub(r'value="[^"]*"|\d{4}-\d{4}', "", page).replace(number, "N")


def test_T14_a_later_account_with_the_same_phone_is_no_key_and_number_and_token_open_it_only_together(
    world: World, case: Complaint
) -> None:
    client = signed_in(world.chen)
    for path in ("/cases/{}/", "/cases/{}/receipt/", "/cases/{}/why/review/", "/cases/{}/withdraw/"):
        answer, missing = client.get(path.format(case.number)), client.get(path.format(MISSING))
        assert (answer.status_code, missing.status_code) == (404, 404)
        assert bare(shown(answer), case.number) == bare(shown(missing), MISSING)
    assert case.number not in shown(client.get("/cases/"))
    assert not Complaint.objects.visible_to(world.chen).filter(pk=case.pk).exists()
    client = Client()
    for number, token in ((case.number, TOKEN.replace("RA7-0", "RA8-0")), (MISSING, TOKEN), (MISSING, "no token")):
        answer = client.post("/track/", {"number": number, "token": token})
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


@pytest.mark.django_db
def test_T09_a_method_that_no_line_names_is_refused_whoever_asks_whatever_the_page(client: Client) -> None:
    for method in ("OPTIONS", "PUT", "DELETE", "PROPFIND"):
        for path in ("/healthz", "/readyz", "/", "/account/sign-in/", "/open/", "/api/v1/docs/", "/api/v1/schema/"):
            assert client.generic(method, path).status_code == 405, (method, path)
    assert client.head("/healthz").status_code == 200
    assert client.post("/healthz").status_code == 405
