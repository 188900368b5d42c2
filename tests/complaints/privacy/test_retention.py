"""What is thrown away once a day, and what stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import BrowserSession, CountedTry, IdempotencyKey, SignInCode
from complaints.filing import drafts
from complaints.models import Complaint, FilingDraft, HandlingStep, Heartbeat, PersonalText, TrackingTry
from complaints.privacy import erasing
from complaints.tasks import sweep_expired
from odr_portal.celery import beats
from tests.cast import World
from tests.given import filed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def code(*, made: datetime, used: datetime | None = None) -> SignInCode:
    return SignInCode.objects.create(
        purpose="sign_in",
        address_digest=b"\x01" + bytes(16),
        code_digest="x",
        created_at=made,
        expires_at=made + timedelta(minutes=10),
        used_at=used,
    )


def key(made: datetime) -> IdempotencyKey:
    return IdempotencyKey.objects.create(actor="a", key=str(made), body_digest="x", reference="/", created_at=made)


def session(name: str, until: datetime) -> BrowserSession:
    return BrowserSession.objects.create(session_key=name, session_data="", expire_date=until)


@pytest.mark.django_db
def test_what_is_over_goes_and_what_still_counts_stays() -> None:
    now = timezone.now()
    old_draft, _ = drafts.begin(now=now - 8 * DAY)
    kept = {
        FilingDraft: [drafts.begin(now=now - 6 * DAY)[0].pk],
        IdempotencyKey: [key(now - 29 * DAY).pk],
        SignInCode: [code(made=now - 23 * HOUR).pk, code(made=now - 25 * HOUR, used=now - 23 * HOUR).pk],
        CountedTry: [CountedTry.objects.create(kind="x", at=now - HOUR).pk],
        TrackingTry: [TrackingTry.objects.create(at=now - timedelta(minutes=59)).pk],
        BrowserSession: [session("open", now + HOUR).pk],
    }
    key(now - 31 * DAY)
    code(made=now - 25 * HOUR)
    code(made=now - 26 * HOUR, used=now - 25 * HOUR)
    CountedTry.objects.create(kind="x", at=now - 2 * DAY)
    TrackingTry.objects.create(at=now - timedelta(minutes=61))
    session("ended", now - HOUR)
    erasing.sweep_expired(now=now)
    left = {model: sorted(model.objects.values_list("pk", flat=True)) for model in kept}
    assert left == {model: sorted(rows) for model, rows in kept.items()}
    assert not FilingDraft.objects.filter(pk=old_draft.pk).exists()


@pytest.mark.django_db
def test_it_is_the_work_of_a_day_and_whoever_comes_first_does_it() -> None:
    now = timezone.now()
    key(now - 31 * DAY)
    assert erasing.sweep_expired(now=now) == 1
    assert not Heartbeat.objects.filter(name="retention").exists(), "only an empty sweep says that it is done"
    assert erasing.sweep_expired(now=now) == 0
    key(now - 40 * DAY)
    assert erasing.sweep_expired(now=now + 23 * HOUR) == 0
    assert erasing.sweep_expired(now=now + 25 * HOUR) == 1


@pytest.mark.django_db
def test_a_backlog_is_swept_in_batches_until_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "BATCH", 100)
    made = timezone.now() - 31 * DAY
    IdempotencyKey.objects.bulk_create(
        IdempotencyKey(actor="a", key=f"key-{n}", body_digest="x", reference="/", created_at=made) for n in range(250)
    )
    assert sweep_expired() == 250
    assert not IdempotencyKey.objects.exists()


def test_no_case_is_ever_touched(world: World) -> None:
    now = timezone.now()
    filed(world, now=now)
    before: Any = [list(model.objects.values()) for model in (Complaint, HandlingStep, PersonalText)]
    erasing.sweep_expired(now=now + 4000 * DAY)
    assert before == [list(model.objects.values()) for model in (Complaint, HandlingStep, PersonalText)]


@pytest.mark.django_db
def test_beat_and_watch_both_ask_for_it() -> None:
    assert beats(5)["complaints.tasks.sweep_expired"]["schedule"] <= 86400
    key(timezone.now() - 31 * DAY)
    call_command("watch", "--once")
    assert not IdempotencyKey.objects.exists()
