"""A form sent twice takes effect once, whoever sends it and however fast."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, QueryDict
from django.test import RequestFactory

from accounts.idempotency import AlreadyRunning, KeyMissing, SameKeyOtherBody, body_digest, once
from accounts.models import IdempotencyKey, User
from tests import PATIENCE

pytestmark = pytest.mark.django_db

KEY = "0f6c2a7e0f6c2a7e"


def posted(body: dict[str, str] | None = None, *, key: str = KEY) -> HttpRequest:
    named = {"idempotency_key": key} if key else {}
    return RequestFactory().post("/file/", (body or {"text": "多扣费"}) | named)


def effect(request: HttpRequest, *, actor: str = "draft:chen") -> str:
    with once(request, actor=actor) as attempt:
        if not attempt.answered:
            user = User.objects.create_user(f"u{User.objects.count()}@example.org", name="做一次")
            attempt.reference = f"/done/{user.pk}/"
    return attempt.reference


def test_the_second_time_shows_the_first_answer_and_another_body_or_person_gets_none_of_it() -> None:
    first = effect(posted())
    assert (effect(posted()), User.objects.count()) == (first, 1)
    with pytest.raises(SameKeyOtherBody):
        effect(posted({"text": "另一件事"}))
    assert User.objects.count() == 1
    effect(posted({"text": "别人的"}), actor="draft:otto")
    assert User.objects.count() == 2


def test_without_a_reference_or_after_a_refusal_no_key_is_kept_and_one_may_try_again() -> None:
    with once(posted(), actor="draft:chen") as attempt:
        assert not attempt.answered
    assert not IdempotencyKey.objects.exists()

    def refused() -> None:
        with once(posted(), actor="draft:chen"):
            User.objects.create_user("gone@example.org")
            raise LookupError

    with pytest.raises(LookupError):
        refused()
    assert not IdempotencyKey.objects.exists()
    assert not User.objects.exists()
    effect(posted({"text": "改过的"}))
    assert User.objects.count() == 1


def test_a_request_without_a_proper_key_is_refused() -> None:
    for key in ("", "short", "x" * 101, "with space in it"):
        with pytest.raises(KeyMissing):
            effect(posted(key=key))


def test_the_token_of_the_form_is_no_part_of_the_body_and_its_order_counts() -> None:
    first, second = (posted({"text": "一", "csrfmiddlewaretoken": token}) for token in "ab")
    assert body_digest(first) == body_digest(second)
    first, second = posted(), posted()
    first.POST = QueryDict("demand=refund&demand=sorry")  # type: ignore[assignment]
    second.POST = QueryDict("demand=sorry&demand=refund")  # type: ignore[assignment]
    assert body_digest(first) != body_digest(second)


def at_once(count: int, work: Callable[[], Any]) -> list[str]:
    """What each of so many threads is answered, in any order."""
    gate, results = threading.Barrier(count), list[str]()

    def run() -> None:
        gate.wait()
        try:
            results.append(work())
        except AlreadyRunning:
            results.append("409")
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive(), "it must not wait for the lock"
    return results


@pytest.mark.django_db(transaction=True)
def test_while_it_runs_the_same_key_is_turned_away_at_once_and_twenty_at_once_make_one() -> None:
    with once(posted(), actor="draft:chen"):
        assert at_once(1, lambda: effect(posted())) == ["409"]
    results = at_once(20, lambda: effect(posted()))
    assert (len(results), User.objects.count(), IdempotencyKey.objects.count()) == (20, 1, 1)
    assert len(set(results) - {"409"}) == 1
