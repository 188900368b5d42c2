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


def posted(body: dict[str, str] | None = None, *, key: str = KEY, path: str = "/file/") -> HttpRequest:
    fields = dict(body or {"text": "多扣费"})
    if key:
        fields["idempotency_key"] = key
    return RequestFactory().post(path, fields)


def effect(request: HttpRequest, *, actor: str = "draft:chen", name: str = "做一次") -> str:
    with once(request, actor=actor) as attempt:
        if not attempt.answered:
            user = User.objects.create_user(f"u{User.objects.count()}@example.org", name=name)
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


@pytest.mark.parametrize("key", ["", "short", "x" * 101, "with space in it"])
def test_a_request_without_a_proper_key_is_refused(key: str) -> None:
    with pytest.raises(KeyMissing):
        effect(posted(key=key))


def test_the_token_of_the_form_is_no_part_of_the_body_and_its_order_counts() -> None:
    first, second = (
        posted({"text": "一", "csrfmiddlewaretoken": "a"}),
        posted({"text": "一", "csrfmiddlewaretoken": "b"}),
    )
    assert body_digest(first) == body_digest(second)
    first, second = posted(), posted()
    first.POST = QueryDict("demand=refund&demand=sorry")  # type: ignore[assignment]
    second.POST = QueryDict("demand=sorry&demand=refund")  # type: ignore[assignment]
    assert body_digest(first) != body_digest(second)


@pytest.mark.django_db(transaction=True)
def test_while_it_runs_the_same_key_is_turned_away_at_once() -> None:
    seen: list[type[BaseException] | None] = []

    def second() -> None:
        try:
            effect(posted())
            seen.append(None)
        except AlreadyRunning:
            seen.append(AlreadyRunning)
        finally:
            connection.close()

    with once(posted(), actor="draft:chen") as attempt:
        other = threading.Thread(target=second)
        other.start()
        other.join(PATIENCE)
        assert not other.is_alive(), "it must not wait for the lock"
        attempt.reference = "/done/"
    assert seen == [AlreadyRunning]


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one() -> None:
    results: list[Any] = []
    gate = threading.Barrier(20)

    def run(work: Callable[[], str]) -> None:
        gate.wait()
        try:
            results.append(work())
        except AlreadyRunning:
            results.append("409")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(lambda: effect(posted()),)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert (len(results), User.objects.count()) == (20, 1)
    assert len({result for result in results if result != "409"}) == 1
    assert IdempotencyKey.objects.count() == 1
