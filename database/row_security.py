"""Row security: while a request is answered, PostgreSQL itself shows only the rows of the caller.

A request is one transaction under the database role of its caller, and what the policies ask (who, for
which enterprises and branches, in which regions) is told by transaction-local `set_config` alone. Whoever says nothing
sees no case. The policies stand in complaints/migrations/0004_row_security.py, the first check in `visible_to`.

What a step must read and write beyond what its caller sees is done `working_as_steps()`: after the case was found under
the caller's role, and only in the places that tests/walls/test_house.py lists.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import date
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone

from database import roles

#: The role of whoever is served now; None where no request is: a sweep, a command, a test.
_CALLER: ContextVar[str | None] = ContextVar("database_role_of_the_caller", default=None)
_CURRENT: ContextVar[RequestTransaction | None] = ContextVar("transaction_of_the_request", default=None)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})

_NOBODY = """
select set_config('role', %(role)s, true), set_config('app.user', '', true), set_config('app.enterprises', '', true),
       set_config('app.branches', '', true), set_config('app.first', '', true), set_config('app.last', '', true),
       set_config('app.regions', '', true), set_config('app.shown', '', true), set_config('app.day', %(day)s, true),
       set_config('app.stations', '', true)"""
# What the tables say today, asked without any of the code of the first check. The widest region stands in first and
# last, which the planner can estimate; regions holds all of them, and is empty for whoever has just one.
_SOMEBODY = """
with recursive day as (select %(day)s::date as day),
offices as (
    select r.id as first, r.last from authorities_officer o, authorities_authority a, authorities_region r, day
    where o.user_id = %(user)s and a.id = o.authority_id and r.id = a.region_id
      and (o.starts_on is null or o.starts_on <= day) and (o.ends_on is null or o.ends_on >= day)),
jobs as (
    select s.enterprise_id, s.branch_id from enterprises_staff s, enterprises_enterprise e, day
    where s.user_id = %(user)s and e.id = s.enterprise_id and e.enrolment <> 'ended' and not e.stays_out
      and (e.enrolment <> 'suspended' or e.finishes_cases)
      and (s.starts_on is null or s.starts_on <= day) and (s.ends_on is null or s.ends_on >= day)),
below as (
    select branch_id as id from jobs where branch_id is not null
    union select b.id from enterprises_branch b, below where b.parent_id = below.id),
who as (select case when exists (select from jobs) and (%(is_at_job)s or not exists (select from offices))
                    then 'portal_enterprise'
                    when exists (select from offices) then 'portal_authority' else 'portal_consumer' end as role),
widest as (select first, last from offices order by last - first desc, first limit 1)
select set_config('role', role, true), set_config('app.user', %(user)s::text, true),
       set_config('app.enterprises', coalesce((select array_agg(distinct enterprise_id)::text from jobs
                                               where branch_id is null), ''), true),
       set_config('app.branches', coalesce((select array_agg(id)::text from below), ''), true),
       set_config('app.first', coalesce((select first::text from widest), ''), true),
       set_config('app.last', coalesce((select last::text from widest), ''), true),
       set_config('app.regions', coalesce((select range_agg(int4range(first, last, '[]'))::text from offices
                                           having count(distinct first) > 1), ''), true),
       set_config('app.shown', '', true), set_config('app.day', %(day)s, true),
       set_config('app.stations', coalesce((select array_agg(p.station_id)::text
                                            from enterprises_stationstaff p, enterprises_station s, day
                                            where p.user_id = %(user)s and s.id = p.station_id
                                              and (p.starts_on is null or p.starts_on <= day)
                                              and (p.ends_on is null or p.ends_on >= day)
                                              and (s.ends_on is null or s.ends_on >= day)), ''), true)
from who"""


def caller() -> str | None:
    """The database role under which rows are read now; None outside of a request, and while steps work."""
    return _CALLER.get()


def known(user: Any, *, day: date, is_at_job: bool = False) -> str:
    """Tell the database who is served from here to the end of the transaction: one statement. Returns the role.

    ``user`` may be anonymous; ``is_at_job`` decides for whoever has both an office and a job.
    """
    values: dict[str, Any] = {"role": roles.CONSUMER, "day": day.isoformat()}
    statement = _NOBODY
    if getattr(user, "is_authenticated", False) and user.is_active:
        statement = _SOMEBODY
        values = {"user": user.pk, "day": day.isoformat(), "is_at_job": is_at_job}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    assert row is not None  # noqa: S101
    _CALLER.set(row[0])
    return str(row[0])


def show(digest: str) -> None:
    """Somebody without an account has shown a secret: what carries its digest may be seen in this transaction.

    ``digest``: hexadecimal, as the row keeps it (tracking token of a case, key of a draft). Outside of a request there
    is nothing to open.
    """
    if caller() is None:
        return
    if not digest or not digest.isalnum():
        raise ValueError("Not the digest of a secret.")
    if (current := _CURRENT.get()) is not None:
        current.shown.append(digest)
    _show(digest)


def _show(digest: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select set_config('app.shown', "
            "(coalesce(nullif(current_setting('app.shown', true), ''), '{}')::text[] || %s::text)::text, true)",
            [digest],
        )


@contextmanager
def seeing_as(user: Any, *, day: date, is_at_job: bool) -> Iterator[None]:
    """A sweep reads what ``user`` may see, after both checks: one transaction under that person's role."""
    if caller() is not None:
        raise RuntimeError("Somebody is served already.")
    before = _CALLER.get()
    with transaction.atomic():
        known(user, day=day, is_at_job=is_at_job)
        try:
            yield
        finally:
            _CALLER.set(before)
            if not connection.needs_rollback:
                with suppress(DatabaseError), connection.cursor() as cursor:
                    cursor.execute(_NOBODY, {"role": settings.DATABASE_ROLE or "none", "day": ""})


@contextmanager
def working_as_steps() -> Iterator[None]:
    """The block reads and writes as the procedure itself; after it the caller's role is back.

    Stands around the transaction of the step, not in it. Changes nothing where nobody is served.
    """
    role = caller()
    if role is None:
        yield
        return
    _take(roles.STEPS)
    before = _CALLER.set(None)
    try:
        yield
    except BaseException:
        # Where the transaction is broken, going back to its savepoint brings the role back as well.
        if not connection.needs_rollback:
            with suppress(DatabaseError):
                _take(role)
        raise
    else:
        _take(role)
    finally:
        _CALLER.reset(before)


def _take(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('role', %s, true)", [role])


def opens_its_own(view: Any) -> bool:
    """Marked by `django.db.transaction.non_atomic_requests`: the view says itself when it begins (`serving`)."""
    return "default" in getattr(view, "_non_atomic_requests", set())


class RequestTransaction:
    """The transaction of one request, from the first row read to the last."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        # Only tests stand in a transaction already; there nothing ends by itself.
        self.is_nested = connection.in_atomic_block
        self.before = _CALLER.get(), _CURRENT.get()
        self.shown: list[str] = []
        self._begin()

    def _begin(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        try:
            known(self.request.user, day=timezone.localdate(), is_at_job=_is_at_job(self.request))
            for digest in self.shown:
                _show(digest)
            _CURRENT.set(self)
        except BaseException:
            self.end(*sys.exc_info())
            raise

    def begin_anew(self, *error: Any) -> None:
        """Take everything back and go on with an empty transaction, to answer in."""
        self.end(*error)
        self._begin()

    def end(self, *error: Any) -> None:
        """Commit, or roll back if there is an error (its type, itself, its traceback)."""
        _CALLER.set(self.before[0])
        _CURRENT.set(self.before[1])
        self.atomic.__exit__(*(error or (None, None, None)))
        if self.is_nested and not error:
            with connection.cursor() as cursor:
                cursor.execute(_NOBODY, {"role": settings.DATABASE_ROLE or "none", "day": ""})


@contextmanager
def nothing_held() -> Iterator[None]:
    """Around something slow inside a view (a file that is looked into): no transaction is open meanwhile.

    What was written until here stays; afterwards the caller is told anew. Inside a transaction of the view's own, or of
    a test, nothing can be let go: the block just runs.
    """
    current = _CURRENT.get()
    if current is None or current.is_nested or connection.savepoint_ids or caller() is None:
        yield
        return
    current.end()
    try:
        yield
    finally:
        current._begin()


@contextmanager
def serving(request: HttpRequest) -> Iterator[None]:
    """One transaction of a view that opens its own (see `opens_its_own`): for what must not wait inside of one."""
    current = RequestTransaction(request)
    try:
        yield
    except BaseException:
        current.end(*sys.exc_info())
        raise
    current.end()


class RowSecurityMiddleware:
    """Around each view: read what was sent, open the transaction, say who calls; close it after the answer.

    What a view refuses (409, 404, 403, 400) is an answer like any other: what was counted or lapsed until then stays,
    as its own transactions left it. Anything else that it raises takes everything back.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.get_response(request)
        except BaseException:
            # No view: those are answered below. The process is being ended.
            if current := _transaction_of(request):
                current.end(*sys.exc_info())
            raise
        if current := _transaction_of(request):
            current.end()
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        if opens_its_own(view):
            return None
        try:
            _read(request)
        except UnreadablePostError:
            # Whoever sent it has gone: nobody reads this.
            return HttpResponse(status=400)
        request._request_transaction = RequestTransaction(request)  # type: ignore[attr-defined]
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        current: RequestTransaction | None = getattr(request, "_request_transaction", None)
        if current is None:
            return
        is_answer = getattr(error, "refusal", False) or isinstance(
            error, Http404 | PermissionDenied | SuspiciousOperation
        )
        broken = (type(error), error, error.__traceback__)
        if not is_answer:
            _transaction_of(request)
            current.end(*broken)
        elif connection.needs_rollback:
            current.begin_anew(*broken)


def _is_at_job(request: HttpRequest) -> bool:
    """Who has both an office and a job: what the token was issued for, else the address, else the office."""
    token = getattr(request, "api_token", None)
    if token is not None:
        return token.enterprise_id is not None
    return request.path.startswith("/enterprise/")


def _transaction_of(request: HttpRequest) -> RequestTransaction | None:
    """The transaction of this request, to be closed by whoever asked."""
    current: RequestTransaction | None = request.__dict__.pop("_request_transaction", None)
    return current


def _read(request: HttpRequest) -> None:
    """All of the body, before the transaction begins: a slow line must not hold one open."""
    if request.method in _SAFE:
        return
    if request.method == "POST" and request.content_type in _FORMS:
        request.POST  # noqa: B018
    else:
        request.body  # noqa: B018
