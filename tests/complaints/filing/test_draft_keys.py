"""A draft lies under a key of its own: when it is filed, over or its person erased, no copy of its row opens."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.keys import keyring, sealing
from accounts.models import PersonKey
from complaints.filing import drafts
from complaints.models import Evidence, FilingDraft
from complaints.privacy import erasing
from complaints.procedure.workflow import Status
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.filing.answers import YOU
from tests.complaints.filing.conftest import Town, town
from tests.complaints.filing.test_drafts import PNG, begin, fill, send, url
from tests.complaints.filing.test_submit import file

__all__ = ["town"]
pytestmark = pytest.mark.django_db

FILE = "我的账单.png"


def filled(client: Client, town: Town) -> FilingDraft:
    draft = begin(client, town)
    send(client, url(draft, "evidence"), {"upload": "1"}, files=SimpleUploadedFile(FILE, PNG))
    fill(client, draft)
    return reloaded(draft)


def copied(draft: FilingDraft) -> tuple[FilingDraft, Evidence]:
    """The rows as a replica, a log or a disk may keep them, with what the vault keys open of them now."""
    keyring.forget()
    kept, (file,) = FilingDraft.objects.get(pk=draft.pk), Evidence.objects.filter(draft=draft)
    return kept, file


def owners(*sealed: Any) -> set[Any]:
    return {sealing.person_of(bytes(one)) for one in sealed}


def end_of_days(draft: FilingDraft, client: Client) -> None:
    assert drafts.throw_away_expired(now=draft.expires_at + timedelta(minutes=1)) == 1


def filing(draft: FilingDraft, client: Client) -> None:
    assert "/receipt/" in file(client, draft).headers["Location"]


def erasure(draft: FilingDraft, client: Client) -> None:
    assert drafts.throw_away_of(None, {YOU["phone"]}) == 1


@pytest.mark.parametrize("end", [end_of_days, filing, erasure])
def test_a_draft_ends_with_its_key(client: Client, town: Town, end: Any) -> None:
    draft = filled(client, town)
    rows = FilingDraft.objects.values_list("data", flat=True), Evidence.objects.values_list("name", flat=True)
    assert owners(*rows[0], *rows[1]) == {draft.pk}
    kept, file_row = copied(draft)
    wrapped = bytes(PersonKey.objects.get(pk=draft.pk).wrapped)
    assert sealing.unwrap(wrapped, person=draft.pk, keys=keyring.keys())
    end(draft, client)
    assert not PersonKey.objects.filter(pk=draft.pk).exists()
    assert keyring.secrets_of([draft.pk]) == {}
    assert (kept.data, file_row.name) == ({}, "")
    for moved in Evidence.objects.all():
        assert moved.name == FILE, "of a filed case it lies under the consumer's key"
        assert owners(*rows[1].all()) == {moved.complaint.consumer_key}  # type: ignore[union-attr]


def test_drafts_go_with_their_person_and_those_of_others_stay_readable(world: World) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    mine, theirs = (drafts.begin(now=WEDNESDAY)[0] for _ in range(2))
    drafts.own(mine, user_id=world.chen.pk, address="a", now=WEDNESDAY)
    drafts.own(theirs, user_id=world.otto.pk, address="b", now=WEDNESDAY)
    erasing.ask(case.consumer_key, now=WEDNESDAY + timedelta(days=9), reason="by_command")
    keyring.forget()
    assert not PersonKey.objects.filter(pk=mine.pk).exists()
    assert reloaded(theirs).data["proven"] == {"address": ["b"]}


def test_a_draft_of_before_opens_and_lies_under_its_own_key_once_it_is_saved(
    client: Client, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = FilingDraft._meta.get_field("data")
    with monkeypatch.context() as patched:
        patched.setattr(data, "whose", "")
        draft, _key = drafts.begin(now=timezone.now())
        drafts.save(draft, step="you", typed={"name": ["陈试"]}, now=timezone.now())
    rows = FilingDraft.objects.values_list("data", flat=True)
    assert owners(*rows) == {keyring.PORTAL}
    keyring.forget()
    draft = reloaded(draft)
    assert draft.data == {"you": {"name": ["陈试"]}}
    drafts.save(draft, step="problem", typed={}, now=timezone.now())
    assert owners(*rows.all()) == {draft.pk}
    assert reloaded(draft).data["you"] == {"name": ["陈试"]}
