"""Programs of the cast: a token each, and a client that says its key."""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.programs.tokens import SCOPES, IssuedToken, agree, issue
from tests import given
from tests.cast import World, somebody

ROOT = "/api/v1"


class Program:
    """A program with a token; ``post`` says a new key unless it is told one."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.client = Client(raise_request_exception=False)

    def get(self, path: str, query: Mapping[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self.client.get(ROOT + path, query or {}, headers=self._headers(headers))

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, raw: bytes | None = None, **headers: str
    ) -> HttpResponse:
        kind = headers.pop("content_type", "application/json")
        said = {"Idempotency-Key": uuid.uuid4().hex if key is None else key} if key != "" else {}
        data = json.dumps({} if body is None else body) if raw is None else raw
        return self.client.post(ROOT + path, data, content_type=kind, headers=self._headers(said | headers))

    def step(self, case: Complaint, step: str, body: Any = None, **more: Any) -> HttpResponse:
        return self.post(f"/complaints/{case.number}/steps/{step}/", body, **more)

    def upload(self, path: str, fields: Mapping[str, Any], *, key: str | None = None) -> HttpResponse:
        headers = self._headers({"Idempotency-Key": key or uuid.uuid4().hex})
        return self.client.post(ROOT + path, dict(fields), headers=headers)

    def _headers(self, more: Mapping[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return ({"Authorization": f"Bearer {self.secret}"} if self.secret else {}) | named


Making = Callable[..., Program]


def token_for(
    user: User, *, world: World, place: str = "", scopes: Sequence[str] = tuple(SCOPES), **options: Any
) -> IssuedToken:
    """``place``: enterprise, authority or "" for one's own."""
    now = timezone.now()
    held: dict[str, Any] = {}
    if place == "enterprise":
        held["enterprise_id"] = user.employments.get().enterprise_id
    if place == "authority":
        held["authority_id"] = user.offices.first().authority_id
    issued = issue(
        user, name="CRM", scopes=scopes, now=now, **{"expires_at": now + timedelta(days=30)} | held | options
    )
    if issued.token.waiting_scopes:
        agree(issued.token, by=somebody())
    return issued


@pytest.fixture
def program(world: World) -> Making:
    """program("ming") → a program of Ming's enterprise; program(user, place=…) → of anybody."""
    places = {"ming": "enterprise", "lead": "enterprise", "hua": "enterprise", "rui": "authority", "su": "authority"}

    def make(who: str | User, **options: Any) -> Program:
        user, place = (getattr(world, who), places.get(who, "")) if isinstance(who, str) else (who, "")
        return Program(token_for(user, world=world, **{"place": place} | options).secret)

    return make


@pytest.fixture
def case(world: World) -> Complaint:
    """Of Chen, which Mobile negotiates."""
    return given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
