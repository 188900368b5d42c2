"""A person of the demonstration is erased; name, phone and own words are in no table, opened with every key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from complaints.models import Complaint, PersonalText
from complaints.privacy import erasing
from complaints.record.verification import verify
from demo import world
from tests.canaries import forms
from tests.proof.test_erase import opened, states

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db, pytest.mark.full]

UNTIL = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)


def columns_of_all_tables() -> list[tuple[str, bytes]]:
    """Each table as text, with what is stored of sealed values in hexadecimal digits."""
    results = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            cursor.execute(f"select coalesce(string_agg(t::text, chr(10)), '') from {table} t")
            results.append((table, cursor.fetchone()[0].encode()))
    return results


def found(words: list[str]) -> list[str]:
    inside = [f"{place}: {word}" for place, text in [*opened(), *states()] for word in words if word in text]
    rows = columns_of_all_tables()
    plain = [
        f"{table} (as it is stored): {word}"
        for table, content in rows
        for word in words
        for form in forms(word)
        if form in content
    ]
    return sorted({*inside, *plain})


def test_a_person_of_the_demonstration_is_in_no_table(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT, settings.DEMO = tmp_path, True
    world.load(cases=60, seed=11, until=UNTIL)
    held = Complaint.objects.open().values("consumer_key")
    closed = Complaint.objects.filter(status="closed", consumer__isnull=False).exclude(consumer_key__in=held)
    alone = [case for case in closed.order_by("pk") if not case.participants.exists() and case.offers.exists()]
    person = User.objects.get(pk=alone[0].consumer_id)
    own = [row.text for row in PersonalText.objects.filter(key_id=person.person_key, kind="consumer_statement")]
    others = PersonalText.objects.filter(key_id__in=[case.case_key for case in alone if case.consumer_id == person.pk])
    assert others.exists()
    name, phone = person.name, (person.phone or "").removeprefix("+86")
    # A statement that other cases of the demonstration have too says nothing of one person.
    elsewhere = {row.text for row in PersonalText.objects.exclude(key_id=person.person_key)}
    words = [name, phone, *(text for text in own if text not in elsewhere)]
    assert len(found(words)) >= 2
    numbers = list(Complaint.objects.filter(consumer=person).values_list("number", flat=True))
    erasing.erase(person.person_key, now=UNTIL + timedelta(days=1200), reason="by_command")
    erasing.drop_files(now=UNTIL + timedelta(days=1200))
    assert found(words) == []
    assert all(verify(number=number).is_unbroken for number in numbers)
