"""A request is one transaction; what must stay counted stays, though the answer is a refusal."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone

from accounts.models import CountedTry, SignInCode
from complaints.models import Deadline, Heartbeat
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from odr_portal import urls
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_desk import address, send, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


class Broken(Exception):
    """Nobody expected this."""


def raising(request: HttpRequest, kind: str) -> HttpResponse:
    Heartbeat.objects.create(name="before", at=timezone.now())
    if kind == "marked":
        # As an inner block without a savepoint of its own leaves it.
        transaction.set_rollback(True)
        raise StepNotAllowed("not_now", "不行。")
    if kind == "database":
        with connection.cursor() as cursor:
            cursor.execute("select 1/0")
    raise {
        "missing": Http404(),
        "denied": PermissionDenied(),
        "refused": StepNotAllowed("not_now", "不行。"),
        "broken": Broken(),
    }[kind]


@pytest.fixture
def raising_view(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from access import middleware as gate

    class Urls:
        urlpatterns = [path("raising/<str:kind>/", raising), *urls.urlpatterns]
        handler400, handler403 = urls.handler400, urls.handler403
        handler404, handler500 = urls.handler404, urls.handler500

    settings.ROOT_URLCONF = Urls
    monkeypatch.setattr(gate, "is_public", lambda *args: True)


def test_a_refusal_is_an_answer_a_mishap_takes_everything_back_and_the_next_request_works(raising_view: None) -> None:
    client = Client(raise_request_exception=False)
    refused, broken = {"missing": 404, "denied": 403, "refused": 409}, {"marked": 409, "broken": 500, "database": 500}
    for kind, status in (refused | broken).items():
        Heartbeat.objects.filter(name="before").delete()
        assert client.get(f"/raising/{kind}/").status_code == status
        assert Heartbeat.objects.filter(name="before").exists() is (kind in refused), kind
        assert not connection.in_atomic_block
    assert client.get("/help/").status_code == 200
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select 1/0")


def test_wrong_codes_and_tokens_stay_counted_and_clocks_that_lapsed_while_a_step_was_refused_lapsed(
    world: World, client: Client
) -> None:
    send(client, "/track/", {"number": "20261111-AAAAAAAAAAAA-A", "token": "WRONG"})
    assert CountedTry.objects.filter(kind="wrong_tracking_line").count() == 1
    send(client, "/account/sign-in/", {"address": "13800000001"})
    code = SignInCode.objects.get()
    for number in range(2):
        send(client, "/account/sign-in/code/", {"code": "000000" if number else "000001"})
    code.refresh_from_db()
    assert code.wrong_guesses >= 1
    case = given.a_complaint(world, status=Status.WITH_ENTERPRISE, now=timezone.now() - timedelta(days=60))
    response = send(signed_in(world.ming), address(case, "accept"), {"handler": world.ming_staff.pk})
    assert response.status_code in {404, 409}
    assert Deadline.objects.filter(complaint=case, clock="acceptance", lapsed_at__isnull=False).exists()
