"""The file of people's keys carries what is restricted, and one of the older form is still taken."""

import io
import os
import uuid
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
from django.utils import timezone

from accounts.keys import keyring
from accounts.models import PersonKey
from odr_portal.backup import person_keys

pytestmark = pytest.mark.django_db(transaction=True)

OLDER = "person, wrapped, made_at, destroyed_at"


def test_a_restricted_key_comes_back_restricted_and_an_older_file_as_it_was(tmp_path: Path) -> None:
    now = timezone.now()
    person = uuid.uuid4()
    keyring.restrict([person], until=now + timedelta(days=9), now=now)
    before = set(PersonKey.objects.values_list())
    url = os.environ["DATABASE_OWNER_URL"]
    file = person_keys.put(person_keys.write(url, tmp_path, now=now))
    with psycopg2.connect(url) as owner, owner.cursor() as cursor:
        older = io.BytesIO()
        cursor.copy_expert(f"copy {person_keys.TABLE} ({OLDER}) to stdout", older)
    PersonKey.objects.all().delete()
    person_keys.load(url, person_keys.check(file, archive_made_at=now.isoformat(timespec="seconds")))
    assert set(PersonKey.objects.values_list()) == before
    PersonKey.objects.all().delete()
    person_keys.load(url, older.getvalue())
    assert {row[:3] for row in PersonKey.objects.values_list()} == {row[:3] for row in before}
    assert not PersonKey.objects.exclude(restricted_at=None).exists()
