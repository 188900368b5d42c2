"""Fifty people of the demonstration are erased; names, phones and own words are in no table, opened with every key."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from complaints.models import Complaint, Participant, PersonalText, RecordedName
from complaints.privacy import erasing
from complaints.record.verification import verify
from demo import world
from tests.canaries import forms
from tests.proof.test_erase import opened, states

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db, pytest.mark.full]

CASES, PEOPLE = 300, 50
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


def closed_alone() -> list[User]:
    """People whose cases are all closed, with an offer in one of them, and without anybody beside them."""
    held = Complaint.objects.open().values("consumer_key")
    closed = Complaint.objects.filter(status="closed", consumer__isnull=False).exclude(consumer_key__in=held)
    people = {case.consumer_id for case in closed if not case.participants.exists() and case.offers.exists()}
    joined = Participant.objects.filter(person__in=people).values("person")
    return list(User.objects.filter(pk__in=people).exclude(pk__in=joined).order_by("pk"))


def words_of(person: User) -> list[str]:
    """Name, phone and what he said himself."""
    own = PersonalText.objects.filter(key_id=person.person_key, kind="consumer_statement")
    return [person.name, (person.phone or "").removeprefix("+86"), *(row.text for row in own)]


def test_fifty_people_of_the_demonstration_are_in_no_table(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT, settings.DEMO = tmp_path, True
    world.load(cases=CASES, seed=11, until=UNTIL)
    people = Random(19).sample(closed_alone(), PEOPLE)
    stay = [one for one in User.objects.filter(complaints__status="closed") if one not in people][:5]
    words = {person.pk: words_of(person) for person in [*people, *stay]}
    cases = Complaint.objects.filter(consumer__in=people)
    theirs = {person.person_key for person in people} | {case.case_key for case in cases}
    # Names and sentences of the demonstration come again; what others say too says nothing of one person.
    others = [row.text for row in PersonalText.objects.exclude(key_id__in=theirs)]
    others += [row.name for row in RecordedName.objects.exclude(person_key__in=theirs)]
    others += [one.name for one in User.objects.exclude(pk__in=[person.pk for person in people])]
    said = "\n".join(others)
    gone = {word for person in people for word in words[person.pk] if word not in said}
    assert len(gone) > 2 * PEOPLE
    before = {one.rpartition(": ")[2] for one in found(sorted(gone))}
    assert before == gone, "the search sees what is to go"
    numbers = list(cases.values_list("number", flat=True))
    for person in people:
        erasing.erase(person.person_key, now=UNTIL + timedelta(days=1200), reason="by_command")
    erasing.drop_files(now=UNTIL + timedelta(days=1200))
    assert found(sorted(gone)) == []
    for person in stay:
        assert found(words[person.pk]), "who was not erased is still there"
    assert all(verify(number=number).is_unbroken for number in numbers)
