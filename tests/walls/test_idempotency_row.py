"""One effect a key: the database itself refuses the second, whatever the code before it thought."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import IdempotencyKey


@pytest.mark.django_db
def test_T87_a_key_is_written_down_once_for_an_actor() -> None:
    row = {"key": "0f6c2a7e0f6c2a7e", "body_digest": "0" * 64, "reference": "/done/", "created_at": timezone.now()}
    IdempotencyKey.objects.create(actor="user:1", **row)
    IdempotencyKey.objects.create(actor="user:2", **row)
    with pytest.raises(IntegrityError, match="one_effect_per_key"), transaction.atomic():
        IdempotencyKey.objects.create(actor="user:1", **row)
