"""What goes wrong is said in the third language too, also where there is no database."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404

from accounts.sign_in import codes
from complaints.links import tracking
from complaints.procedure.refusals import StepNotAllowed
from odr_portal.site import views
from tests.language.known import Known
from tests.language.walking import Shown, reader
from tests.walls.calling import Answer
from tests.walls.sweeping import NOWHERE
from tests.walls.world import World, undone

#: The address of whoever reads the page in which all of this goes wrong.
PLACE = "/how/"
LONG = {"name": "0" * 20, "idempotency_key": "error-00000001"}


def said(answer: Answer, names: Known) -> set[str]:
    assert "<html" in answer.text
    return Shown(str(answer.status), "", answer.path, answer).left(names)


@pytest.mark.parametrize("who", ["nobody", "consumer"])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, SuspiciousOperation()),
        (403, PermissionDenied()),
        (404, Http404()),
        (409, StepNotAllowed("not_now", "x")),
        (500, ZeroDivisionError()),
        (503, OperationalError()),
    ],
)
def test_what_a_page_raises(
    world: World, names: Known, monkeypatch: pytest.MonkeyPatch, who: str, status: int, error: Any
) -> None:
    monkeypatch.setattr(views, "render", raising(error))
    with undone():
        answer = reader(world.person(who), world).call("GET", PLACE)
    assert answer.status == status
    assert not said(answer, names)


@pytest.mark.parametrize(
    ("status", "method", "path", "typed", "more"),
    [
        (400, "GET", PLACE, {}, {"host": "no host"}),
        (400, "POST", "/track/", {"number": "x\0"}, {}),
        (401, "POST", "/account/", LONG, {}),
        (403, "POST", "/track/", LONG, {"csrf": True}),
        (404, "GET", NOWHERE, {}, {}),
        (413, "POST", "/track/", {f"a{n}": "x" for n in range(3000)}, {}),
        (429, "POST", "/account/sign-in/", {"address": "13900007755"}, {}),
        (429, "POST", "/track/", {"number": "20260101-AAAAAAAAAAAA-0", "token": "0" * 30}, {}),
    ],
)
def test_what_is_asked_wrongly(
    world: World,
    names: Known,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    method: str,
    path: str,
    typed: dict[str, str],
    more: dict[str, Any],
) -> None:
    until = world.now + timedelta(minutes=10)
    for module, name in ((codes, "waits_until"), (tracking, "_waits_until")):
        monkeypatch.setattr(module, name, lambda *args, **more: until)
    with undone():
        answer = reader(world.person("nobody"), world).call(method, path, LONG | typed, **more)
    assert answer.status == status
    assert not said(answer, names)


def raising(error: Exception) -> Any:
    def raised(*args: Any, **more: Any) -> Any:
        raise error

    return raised


def test_a_session_that_cannot_be_read(world: World, names: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around the views, where the database is away before anybody knows who asks."""
    caller = reader(world.person("consumer"), world)
    monkeypatch.setattr(SessionStore, "load", raising(OperationalError()))
    answer = caller.call("GET", PLACE)
    assert answer.status == 503
    assert not said(answer, names)
