"""Each wall can be taken away, to see that the other one stands alone; and rows can be asked for as somebody.

A wall is taken away in the test's process only; nothing of the portal knows that it can be.

`first_wall_off`: `visible_to` and its like, and what finds one case for its page, find every case, and everybody stands
to every case. `second_wall_off`: requests say whom they serve and then read as the steps do, past every policy. Use one
of them, never both.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection

from accounts.models import User
from complaints.models import Complaint
from complaints.models.complaint import ComplaintQuerySet
from complaints.parties import actors
from complaints.procedure.workflow import Status
from complaints.reading import case_rows
from database import roles, row_security


@pytest.fixture
def first_wall_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def everything(self: ComplaintQuerySet, *args: Any, **kwargs: Any) -> ComplaintQuerySet:
        return self.exclude(status=Status.DRAFT)

    for name in ("visible_to", "of_offices", "held_by"):
        monkeypatch.setattr(ComplaintQuerySet, name, everything)
    monkeypatch.setattr(actors, "stands_to", lambda actor, complaint: True)
    anybodys = SimpleNamespace(
        first=lambda number, *_: Complaint.objects.exclude(status=Status.DRAFT).filter(number=number).first()
    )
    for name in ("own_case", "case_within"):
        monkeypatch.setattr(case_rows, name, anybodys)


@pytest.fixture
def second_wall_off(monkeypatch: pytest.MonkeyPatch) -> None:
    known: Callable[..., str] = row_security.known

    def known_and_past_it(user: Any, *, day: date, is_at_job: bool = False) -> str:
        known(user, day=day, is_at_job=is_at_job)
        row_security._take(roles.STEPS)
        row_security._CALLER.set(roles.STEPS)
        return roles.STEPS

    monkeypatch.setattr(row_security, "known", known_and_past_it)


def told_alone() -> set[str]:
    """Tables beside cases with columns that are withheld: their rows are for every role that was told."""
    return {
        name for (name,) in ask("select distinct polrelid::regclass::text from pg_policy where polname ~ '^callers'")
    }


@contextmanager
def seeing_as(user: User | None, *, path: str = "/") -> Iterator[None]:
    """The block reads what PostgreSQL shows `user` (None: somebody without an account) in a request for `path`."""
    request: Any = SimpleNamespace(user=user or AnonymousUser(), path=path)
    with row_security.serving(request):
        yield


@contextmanager
def serving_pages(settings: Any) -> Iterator[None]:
    """The session of a process that serves pages: nobody until a request says who calls."""
    before, role = dict(connection.settings_dict["OPTIONS"]), settings.DATABASE_ROLE
    settings.DATABASE_ROLE = ""
    words = before["options"].replace(f"role={roles.STEPS}", "role=none")
    connection.settings_dict["OPTIONS"]["options"] = re.sub(r"statement_timeout=\S+", "statement_timeout=2s", words)
    connection.close()
    try:
        yield
    finally:
        settings.DATABASE_ROLE = role
        connection.close()
        connection.settings_dict["OPTIONS"].update(before)


def ask(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []
