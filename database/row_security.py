"""Row security: while a request is answered, PostgreSQL itself shows only the rows of the caller.

A request is one transaction under the database role of its caller. What the policies ask (who, for which enterprises
and branches, in which regions) stands in a parameter of that transaction, which no caller can set: the database writes
it when it is shown a word that the portal signed (database/request_words.py). Whoever says nothing sees no case, and a
role taken without that word sees nothing either. The policies stand in complaints/migrations/0004_row_security.py and
0021_signed_context.py, the first check in `visible_to`.

What a step must read and write beyond what its caller sees is done `working_as_steps()`: after the case was found under
the caller's role, and only in the places that tests/walls/test_house.py lists.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID
from weakref import WeakSet

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone

from database import request_words, rights, roles, sessions

#: The role of whoever is served now; None where no request is: a sweep, a command, a test.
_CALLER: ContextVar[str | None] = ContextVar("database_role_of_the_caller", default=None)
_CURRENT: ContextVar[RequestTransaction | None] = ContextVar("transaction_of_the_request", default=None)
#: Whether this process has compared the rights of its login.
_looked_at: list[bool] = []
#: Sessions of the database (the driver's connections) in which a request has worked since they were last made fresh.
_left: WeakSet[Any] = WeakSet()
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
#: Said also where a transaction is broken, which takes nothing else.
_OF_SAVEPOINTS = ("SAVEPOINT", "RELEASE", "ROLLBACK")
_FORMS = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


def caller() -> str | None:
    """The database role under which rows are read now; None outside of a request, and while steps work."""
    return _CALLER.get()


def known(user: Any, *, day: date, is_at_job: bool = False) -> str:
    """Tell the database who is served from here to the end of the transaction: one statement, which goes with the next
    one for whoever was read in this transaction and has no work anywhere. Returns the role. ``user`` may be anonymous;
    ``is_at_job`` decides for whoever has both an office and a job."""
    is_somebody = getattr(user, "is_authenticated", False) and user.is_active
    said = (str(user.pk) if is_somebody else "", str(int(is_at_job)), f"{day:%Y%m%d}")
    with connection.cursor() as cursor:
        is_consumer = not (is_somebody and getattr(user, "has_work", True)) and cursor.cursor.connection.has_begun
        # They begin in a fresh session, as a pooler lends it; where one may begin inside of another, in its own.
        sessions.begin(connection)
        role = settings.DATABASE_ROLE or ("none" if settings.DATABASE_POOLED else "")
        words = f"set local role {role}; " if role else sessions.fresh(connection)
        begin = "select set_config('role', begin_request('{}', '{}'), true)"
        words += begin.format(*request_words.signed(cursor, "request", *said))
        if is_consumer:
            connection.say_with_next(words)  # type: ignore[attr-defined]
        else:
            cursor.execute(words)
        result = roles.CONSUMER if is_consumer else str(cursor.fetchone()[0])
    _CALLER.set(result)
    return result


class Opened(NamedTuple):
    """The ids of what carries the digest of a secret: a participant, an answer link, a draft, and of cases the one that
    was asked about."""

    participant: int | None
    link: int | None
    draft: UUID | None
    case: int | None


def show(digest: str, *, number: str = "") -> Opened:
    """Somebody without an account has shown a secret: what carries its digest may be seen in this transaction.

    ``digest``: hexadecimal, as the row keeps it (tracking token of a case, key of a draft). No caller reads it there,
    so the database says what it belongs to; ``number``: of the case about which that is asked. Outside of a request
    there is nothing to open.
    """
    if not digest or not digest.isalnum():
        raise ValueError("Not the digest of a secret.")
    if caller() is None:
        with connection.cursor() as cursor:
            cursor.execute("select * from opened_by(%s, %s)", [digest, number])
            return Opened(*cursor.fetchone())
    if (current := _CURRENT.get()) is not None:
        current.shown.append(digest)
    return _show(digest, number)


def _show(digest: str, number: str = "") -> Opened:
    with connection.cursor() as cursor:
        said = request_words.signed(cursor, "shown", digest, *([number] if number else []))
        cursor.execute("select * from show_secret(%s, %s)", said)
        return Opened(*cursor.fetchone())


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
                with suppress(DatabaseError):
                    _nobody()


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
    word = "back_to_caller()"
    if role == roles.STEPS:
        with connection.cursor() as cursor:
            word = "work_as_steps('{}', '{}', true)".format(*request_words.signed(cursor, "steps"))
    # Not by `set_config`, which callers may not call (database/roles.py).
    connection.say_with_next(f"set local role {role}; select {word}")  # type: ignore[attr-defined]


def _nobody() -> None:
    """From here to the end of the transaction nobody is served."""
    _take(settings.DATABASE_ROLE or "none")


def begin_session(connection: Any, **_: Any) -> None:
    """When a connection is made. By a process that works as the steps: so it does from its first statement on. By one
    that serves pages: the first time it refuses where that login may do more than it should."""
    options = connection.settings_dict["OPTIONS"].get("options", "")
    says_it_each_time = settings.DATABASE_POOLED or "role=none" in options
    if f"role={roles.STEPS}" in options:
        with connection.cursor() as cursor:
            cursor.execute("select work_as_steps(%s, %s, false)", request_words.signed(cursor, "steps"))
    elif says_it_each_time and not _looked_at:
        if wider := rights.wider(connection, connection.settings_dict["USER"]):
            connection.close()
            raise ImproperlyConfigured(
                f"In the database {'; '.join(wider)}. Let an administrator run what `manage.py database_roles` prints,"
                " then `manage.py migrate`."
            )
        _looked_at.append(True)
    others = [one for one in connection.execute_wrappers if one is not _around_each]
    connection.execute_wrappers[:] = [*others, _around_each] if says_it_each_time else others


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
        self._open()

    def _open(self) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        sessions.running[self] = time.monotonic() + settings.LONGEST_TRANSACTION, connection.connection

    def begin(self) -> None:
        """Tell the database who is served. Until then what is asked is asked as by the steps: who is signed in, and
        what they may do. Where it cannot be told, the transaction has ended."""
        try:
            user = self.request.user
            getattr(user, "pk", None)
            _CURRENT.set(self)
            known(user, day=timezone.localdate(), is_at_job=_is_at_job(self.request))
            for digest in self.shown:
                _show(digest)
        except BaseException:
            self.end(*sys.exc_info())
            if not self.is_nested:
                connection.close()
            raise

    def begin_anew(self, *error: Any) -> None:
        """Take everything back and go on with an empty transaction, to answer in."""
        self.end(*error)
        self._open()
        self.begin()

    def end(self, *error: Any) -> None:
        """Commit, or roll back if there is an error (its type, itself, its traceback)."""
        sessions.running.pop(self, None)
        _CALLER.set(self.before[0])
        _CURRENT.set(self.before[1])
        if connection.connection is not None:
            _left.add(connection.connection)
        self.atomic.__exit__(*(error or (None, None, None)))
        if self.is_nested and not error:
            _nobody()


def _around_each(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
    """Around each statement of a process that serves pages. Also what is asked before a request has said for whom it
    works (who is signed in), and after its transaction, has an end, begins in a fresh session, and works as the steps:
    by a word for this statement, or the transaction that it stands in. Behind a pooler each stands in one."""
    connection = context["connection"]
    line, statement = connection.connection, object()
    # Behind a pooler every transaction begins so.
    is_first = not settings.DATABASE_POOLED and line in _left and not line.has_begun
    if settings.DATABASE_POOLED:
        if not connection.in_atomic_block:
            with transaction.atomic(savepoint=False):
                return _around_each(execute, sql, params, many, context)
        sessions.begin(connection)
    before = sessions.fresh(connection) if is_first else ""
    if _CURRENT.get() is None and caller() is None and not str(sql).startswith(_OF_SAVEPOINTS):
        said, mac = request_words.signed(context["cursor"], "steps")
        before += f"set local role {roles.STEPS}; select work_as_steps('{said}', '{mac}', true); "
    # Before what a cursor with a name, many values or parts put together make of it nothing can be said.
    is_alone = many or not isinstance(sql, str) or context["cursor"].cursor.name is not None
    sessions.running[statement] = time.monotonic() + settings.LONGEST_TRANSACTION, line
    try:
        if before and is_alone:
            with transaction.atomic(savepoint=False):
                with connection.wrap_database_errors, line.cursor() as cursor:
                    cursor.execute(before)
                result = execute(sql, params, many, context)
        else:
            result = execute(before + sql if before else sql, params, many, context)
    except DatabaseError:
        if is_first:
            # It was left so that not even this can be asked.
            connection.close()
        raise
    finally:
        sessions.running.pop(statement, None)
    if is_first:
        _left.discard(line)
    return result


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
        current._open()
        current.begin()


@contextmanager
def serving(request: HttpRequest) -> Iterator[None]:
    """One transaction of a view that opens its own (see `opens_its_own`): for what must not wait inside of one."""
    current = RequestTransaction(request)
    current.begin()
    try:
        yield
    except BaseException:
        current.end(*sys.exc_info())
        raise
    current.end()


class RequestTransactions:
    """Middleware around each view and whatever asks who may call it: read what was sent, open the transaction; close it
    after the answer.

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


class RowSecurityMiddleware:
    """Inside of that, when it is known that the view may be called: say who calls."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        current: RequestTransaction | None = getattr(request, "_request_transaction", None)
        if current is None:
            return
        try:
            current.begin()
        except BaseException:
            _transaction_of(request)
            raise


def _is_at_job(request: HttpRequest) -> bool:
    """Who has both an office and a job: what the token was issued for, else the address, else the office."""
    token = getattr(request, "api_token", None)
    return request.path.startswith("/enterprise/") if token is None else token.enterprise_id is not None


def _transaction_of(request: HttpRequest) -> RequestTransaction | None:
    """The transaction of this request, to be closed by whoever asked."""
    current: RequestTransaction | None = request.__dict__.pop("_request_transaction", None)
    return current


def _read(request: HttpRequest) -> None:
    """All of the body, before the transaction begins: a slow line must not hold one open."""
    if request.method in _SAFE:
        return
    is_form = request.method == "POST" and request.content_type in _FORMS
    getattr(request, "POST" if is_form else "body")
