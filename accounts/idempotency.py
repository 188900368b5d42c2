"""A form sent twice takes effect once.

The key is written in the same transaction as the effect, behind a lock on (actor,
key) that is tried, never waited for. What was refused leaves no key, so it can be tried again.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib import messages
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext

from accounts.keys.sealed_fields import stored_columns
from accounts.models import IdempotencyKey
from database.prepared import PreparedQuery, statement_of
from database.row_security import working_as_steps
from web.errors import Refusal

KEY_FIELD = "idempotency_key"
KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[A-Za-z0-9._:-]{8,100}")
# The token changes with each rendering of the same form.
_NOT_PART_OF_THE_BODY = {"csrfmiddlewaretoken", KEY_FIELD}


_EARLIER = PreparedQuery(lambda actor, key: IdempotencyKey.objects.filter(actor=actor, key=key), str, str)
_KEEP = statement_of(
    "insert into accounts_idempotencykey (actor, key, body_digest, reference, answer, created_at)"
    " values (%s, %s, %s, %s, %s, %s)",
    about="insert into accounts_idempotencykey",
)
_ANSWER = IdempotencyKey._meta.get_field("answer")


class AlreadyRunning(Refusal):
    def __init__(self) -> None:
        super().__init__("already_running", gettext("同样的请求正在办理，请稍等片刻再看结果。"))


class SameKeyOtherBody(Refusal):
    """The key was used for something else: a changed form sent again after it took effect."""

    status = 422

    def __init__(self) -> None:
        super().__init__("same_key_other_body", gettext("这张表单已经提交过，内容与这次不同。请重新打开页面再填。"))


class KeyMissing(Refusal):
    status = 400

    def __init__(self) -> None:
        super().__init__("key_missing", gettext("这次提交不完整。请重新打开页面再试。"))


@dataclass(slots=True)
class Attempt:
    """`answered`: it took effect before; `reference`: the address that shows the result; `answer`: the
    answer itself, for programs, which get it again byte for byte."""

    reference: str = ""
    answer: bytes = b""
    answered: bool = False


def actor_of(request: HttpRequest) -> str:
    """Whose keys these are; keys of different people never meet."""
    if request.user.is_authenticated:
        return f"user:{request.user.pk}"
    if not request.session.session_key:
        raise ValueError("Somebody without a session must be named by the caller: once(request, actor=…).")
    # A digest: the key itself is what the cookie says.
    return f"session:{hashlib.sha256(request.session.session_key.encode()).hexdigest()}"


def body_digest(request: HttpRequest) -> str:
    """A digest of what was asked: address, fields and the content of files."""
    digest = hashlib.sha256()
    digest.update(request.path.encode())
    for name in sorted(request.POST):
        if name in _NOT_PART_OF_THE_BODY:
            continue
        for value in request.POST.getlist(name):
            digest.update(f"\0{name}\1{value}".encode())
    for name in sorted(request.FILES):
        for upload in request.FILES.getlist(name):
            if upload is None:
                continue
            digest.update(f"\0{name}\2{upload.name}".encode())
            for chunk in upload.chunks():
                digest.update(chunk)
            upload.seek(0)
    if not request.POST and not request.FILES:
        digest.update(request.body)
    return digest.hexdigest()


def key_of(request: HttpRequest) -> str:
    key = request.POST.get(KEY_FIELD, "") or request.headers.get(KEY_HEADER, "")
    if not _KEY.fullmatch(key):
        raise KeyMissing
    return key


@contextmanager
def once(request: HttpRequest, *, actor: str = "", savepoint: bool = True) -> Iterator[Attempt]:
    """Carry out the block at most once for this actor and key, in one transaction.

    ``savepoint`` off: the page or the API is inside a transaction of its own, which ends with any refusal.

    The block must do nothing if ``attempt.answered``, and must set ``attempt.reference`` when it took effect; without a
    reference, or after an exception, no key is stored. Raises AlreadyRunning, SameKeyOtherBody, KeyMissing.
    """
    whose = actor or actor_of(request)
    key = key_of(request)
    digest = body_digest(request)
    with transaction.atomic(savepoint=savepoint):
        with connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_xact_lock(hashtextextended(%s, 1))", [f"{whose}\n{key}"])
            row = cursor.fetchone()
        if row is None or not row[0]:
            raise AlreadyRunning
        earlier = _EARLIER.first(whose, key)
        if earlier is not None:
            with working_as_steps():
                before = earlier.body_digest
            if before != digest:
                raise SameKeyOtherBody
            yield Attempt(reference=earlier.reference, answer=(earlier.answer or "").encode("latin-1"), answered=True)
            return
        attempt = Attempt()
        yield attempt
        if attempt.reference:
            _keep(whose, key, digest, attempt)


def _keep(whose: str, key: str, digest: str, attempt: Attempt) -> None:
    answer = attempt.answer.decode("latin-1") or None
    (sealed,) = stored_columns([IdempotencyKey(actor=whose, key=key, answer=answer)], _ANSWER)
    with connection.cursor() as cursor:
        _KEEP.run_by(cursor, [whose, key, digest, attempt.reference, sealed, timezone.now()])


def redirect_once(request: HttpRequest, act: Callable[[], tuple[str, str]]) -> HttpResponseBase:
    """Carry out ``act`` at most once, and go on to the address of the result that it returns with what to tell of it.

    Raises what ``once`` and ``act`` raise.
    """
    with once(request) as attempt:
        if not attempt.answered:
            attempt.reference, text = act()
            if text:
                messages.success(request, text, extra_tags="ok")
    return redirect(attempt.reference)
