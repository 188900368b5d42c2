"""Who was erased: nothing opens, nothing is found, nothing comes back, and the record still verifies."""

import hashlib
import io
import uuid
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import Model, QuerySet

from accounts import key_rotation
from accounts.keys import keyring, keys
from accounts.keys.ciphers import CannotOpen
from accounts.keys.keys import VaultKeys
from accounts.models import CountedTry, OutgoingMessage, PersonKey, SecurityEvent, SignInCode, User
from accounts.sign_in import codes
from accounts.sign_in.contacts import Contact
from complaints.evidence import storing
from complaints.filing import drafts
from complaints.models import (
    Complaint,
    Evidence,
    FilingDraft,
    Offer,
    OfferAnswer,
    PersonalText,
    PersonDigest,
    RecordedName,
)
from complaints.privacy import erasing, my_data
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from complaints.record import house
from complaints.record.person_digests import cases_of
from oversight.portal_state import signs
from tests import given, reloaded
from tests.cast import WEDNESDAY, World
from tests.complaints.pages.at_the_desk import shown, signed_in

DAY = timedelta(days=1)
LATER = WEDNESDAY + timedelta(days=20 * 365)


def test_T82_an_erased_person_is_nowhere_and_a_refusal_keeps_that_it_had_a_reason(world: World, suite: str) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    answer = OfferAnswer.objects.filter(offer__complaint=case).order_by("pk")[0]
    answer.verdict, answer.reason = "refuse", "他自己开通的。"
    answer.save()
    other = given.a_complaint(world, status=Status.CLOSED, consumer_name="陈试")
    key = case.consumer_key
    stolen = dict(PersonalText.objects.filter(complaint=case, kind="consumer_phone").values_list("digest", "sealed"))
    assert cases_of("13800000001")
    erasing.erase(key, now=LATER)
    assert reloaded(answer).reason == ""
    assert all(given.stands(one) for one in (case, other))
    assert not [row for row in PersonalText.objects.filter(key_id=key) if row.text or row.salt]
    assert not [row for row in RecordedName.objects.filter(person_key=key) if row.name]
    assert not [offer for offer in Offer.objects.filter(complaint=case) if offer.message or offer.counter_demand]
    assert [*cases_of("13800000001"), *cases_of("陈试")] == []
    assert not PersonDigest.objects.filter(complaint=case).exists()
    chen = User.objects.get(pk=world.chen.pk)
    assert (chen.name, chen.phone, chen.email, chen.is_active) == ("", None, None, False)
    assert SecurityEvent.objects.filter(kind="person_erased", subject=str(key)).exists()
    # Somebody who had copied the rows before has nothing to open them with.
    assert stolen
    assert not keyring.secrets_of([key])
    assert bytes(PersonKey.objects.get(pk=key).wrapped) == b""
    assert not keyring.secrets_of([key], make=True)


def test_T82_nobody_is_erased_while_a_case_is_open_or_a_term_runs(world: World) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING)
    for text, why in (((), "say --yes"), (("--yes",), "a case is open")):
        with pytest.raises(CommandError, match=why):
            call_command("erase_person", str(case.consumer_key), *text, stdout=StringIO())
    assert PersonalText.objects.filter(complaint=case, kind="consumer_name")[0].text == "陈试"


def test_T82_a_closed_account_is_erased_when_its_term_is_over_and_not_before(world: World) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    (name,) = PersonalText.objects.filter(complaint=case, kind="consumer_name")
    until = my_data.close_account(world.chen, now=WEDNESDAY)
    assert erasing.erase_due(now=until - timedelta(days=1), limit=10) == 0
    with pytest.raises(StepNotAllowed):
        erasing.erase(case.consumer_key, now=until - timedelta(days=1))
    assert reloaded(name).text == "陈试"
    assert erasing.erase_due(now=until + timedelta(days=2), limit=10) == 1
    assert reloaded(name).text == ""
    assert given.stands(case)


def asked_on(moment: datetime, person: UUID) -> str:
    """What the command says on that day."""
    out = StringIO()
    with time_machine.travel(moment, tick=False):
        call_command("erase_person", str(person), "--yes", stdout=out)
    return out.getvalue()


def test_T82_asked_before_the_term_is_over_it_is_shown_to_nobody_now_and_destroyed_then(world: World) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    desk, page = signed_in(world.ming), f"/enterprise/cases/{case.number}/"
    with time_machine.travel(WEDNESDAY + DAY, tick=False):
        assert "智家体验包" in shown(desk.get(page))
    with pytest.raises(CommandError, match="may be undone until"):
        asked_on(WEDNESDAY + timedelta(hours=1), case.consumer_key)
    said = asked_on(WEDNESDAY + 30 * DAY, case.consumer_key)
    kept = PersonKey.objects.get(pk=case.consumer_key)
    assert case.closed_at is not None
    assert (kept.destroy_after, kept.destroyed_at) == (case.closed_at + 1096 * DAY, None)
    assert "Restricted on 2026-12-11: shown to nobody from now on. A duty to keep runs: destroyed on 2029-11-11" in said
    # The keys that a page opened a moment ago do not help it now, nor does asking as a step.
    assert reloaded(PersonalText.objects.get(complaint=case, kind="consumer_name")).text == "陈试"
    with time_machine.travel(WEDNESDAY + 30 * DAY, tick=False):
        found = signed_in(world.ming).get(page)
    assert (found.status_code, "智家体验包" in shown(found)) == (200, False)
    assert given.stands(case)
    assert erasing.erase_due(now=WEDNESDAY + 1000 * DAY, limit=10) == 0
    assert erasing.erase_due(now=WEDNESDAY + 1100 * DAY, limit=10) == 1
    assert not keyring.secrets_of([case.consumer_key])


def test_T82_a_key_that_is_nobodys_or_was_erased_is_refused(world: World) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    keyring.secrets_of([stray := uuid.uuid4()], make=True)
    for person in (uuid.uuid4(), stray, keyring.PORTAL):
        with pytest.raises(StepNotAllowed, match="nobody has this key"):
            erasing.erase(person, now=LATER)
    erasing.erase(case.consumer_key, now=LATER)
    with pytest.raises(StepNotAllowed, match="nobody has this key"):
        erasing.erase(case.consumer_key, now=LATER)
    assert not PersonKey.objects.filter(pk=keyring.PORTAL, destroyed_at__isnull=False).exists()


def test_T82_the_record_says_which_key_ended_how_much_lay_under_it_and_why(world: World) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    rows = [
        *PersonalText.objects.filter(key_id=case.consumer_key),
        *RecordedName.objects.filter(person_key=case.consumer_key),
    ]
    digests = sorted(bytes(row.digest) for row in rows)
    erasing.erase(case.consumer_key, now=LATER, reason="by_command")
    (entry,) = [one for one in house.entries("erased") if one.data["key"] == str(case.consumer_key)]
    root = hashlib.sha256(b"".join(digests)).hexdigest()
    expected = {"key": str(case.consumer_key), "reason": "by_command", "texts": len(rows), "root": root, "files": []}
    assert entry.data == expected


def test_T82_what_waits_for_a_person_goes_and_what_waits_for_another_stays(world: World) -> None:
    """Found by the phone alone: drafts, codes, messages and tries of somebody who was not signed in."""
    case = given.a_complaint(world, status=Status.CLOSED)

    def waiting() -> dict[type[Model], int]:
        tries = CountedTry.objects.filter(kind=codes.OF_CONTACT.kind)
        rows: dict[type[Model], QuerySet[Any]] = {CountedTry: tries}
        rows |= {model: model._default_manager.all() for model in (SignInCode, OutgoingMessage, FilingDraft)}
        return {model: rows[model].count() for model in rows}

    before = waiting()
    for phone in ("+8613800000001", "+8613800000009"):
        asker = codes.Asker(flow=phone, address="192.0.2.7")
        codes.send_code(contact=Contact("sms", phone), purpose="filing", language="zh-hans", asker=asker, now=WEDNESDAY)
        draft, _ = drafts.begin(now=WEDNESDAY)
        drafts.save(draft, step="you", typed={"phone": [phone.removeprefix("+86")]}, now=WEDNESDAY)
    OutgoingMessage.objects.create(channel="sms", address="+8613800000001", body="请确认", created_at=WEDNESDAY)
    assert waiting() == {model: count + 2 + (model is OutgoingMessage) for model, count in before.items()}
    erasing.erase(case.consumer_key, now=LATER)
    assert waiting() == {model: count + 1 for model, count in before.items()}
    (draft,) = FilingDraft.objects.all()
    assert draft.data == {"you": {"phone": ["13800000009"]}}
    assert OutgoingMessage.objects.get(pk=OutgoingMessage.objects.latest("pk").pk).address == "+8613800000009"


def test_T82_files_of_evidence_go_from_the_store_and_their_rows_keep_the_digest(world: World, settings: Any) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    twin = given.filed(world)
    Complaint.objects.filter(pk=twin.pk).update(consumer=world.otto, consumer_key=world.otto.person_key)
    twin.refresh_from_db()
    kept = [storing.keep(io.BytesIO(content), ending=".txt") for content in (b"one", b"two")]
    rows = [
        Evidence.objects.create(
            complaint=where,
            name="账单.txt",
            path=path,
            sha256=digest,
            size=size,
            media_type="text/plain",
            uploaded_at=WEDNESDAY,
        )
        for where, (path, digest, size) in ((case, kept[0]), (case, kept[1]), (twin, kept[1]))
    ]
    erasing.erase(case.consumer_key, now=LATER)
    assert storing.compared(kept[0][0], kept[0][1]) == "", "the files go when the erasure is committed"
    # Whoever was killed before: the daily sweep does it, as the record says.
    assert erasing.drop_files(now=LATER + DAY) == 2
    assert [storing.compared(path, digest) for path, digest, _ in kept] == ["missing", ""]
    assert [(row.path, row.sha256, row.name) for row in Evidence.objects.order_by("pk")] == [
        ("", kept[0][1], ""),
        ("", kept[1][1], ""),
        (kept[1][0], kept[1][1], "账单.txt"),
    ]
    assert erasing.drop_files(now=LATER + DAY) == 0
    assert [row.pk for row in rows] == [*Evidence.objects.order_by("pk").values_list("pk", flat=True)]


def test_a_key_is_held_for_a_minute_so_that_what_ended_elsewhere_ends_here(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = given.a_complaint(world, status=Status.CLOSED)
    now = [1000.0]
    monkeypatch.setattr(keyring, "monotonic", lambda: now[0])
    keyring.forget()
    assert keyring.secrets_of([case.consumer_key])
    # As another process does it.
    PersonKey.objects.filter(pk=case.consumer_key).update(wrapped=b"", destroyed_at=LATER)
    now[0] += keyring.HELD_FOR + 1
    assert not keyring.secrets_of([case.consumer_key])


MOVES = {
    "another case": "update complaints_personaltext set complaint_id = %(other)s where complaint_id = %(case)s"
    " and kind = 'consumer_name'",
    "another kind": "update complaints_personaltext set kind = 'consumer_address' where complaint_id = %(case)s"
    " and kind = 'consumer_name'",
    "another text": "update complaints_personaltext t set sealed = s.sealed from complaints_personaltext s"
    " where t.complaint_id = %(case)s and t.kind = 'consumer_name'"
    " and s.complaint_id = %(case)s and s.kind = 'consumer_address'",
    "the name of a file": "update complaints_offer t set message = s.sealed from complaints_personaltext s"
    " where t.complaint_id = %(case)s and s.complaint_id = %(case)s and s.kind = 'consumer_name'",
}


def read(cases: list[int]) -> list[str]:
    texts = [row.text for row in PersonalText.objects.filter(complaint__in=cases)]
    return texts + [offer.message for offer in Offer.objects.filter(complaint__in=cases)]


@pytest.mark.django_db(transaction=True)
def test_T75_a_text_that_was_moved_does_not_open(suite: str, world: World, superuser_connection: Any) -> None:
    for move in MOVES.values():
        case, other = given.a_complaint(world, status=Status.CLOSED), given.filed(world)
        with superuser_connection.cursor() as cursor:
            cursor.execute("set session_replication_role = replica")
            cursor.execute(move, {"case": case.pk, "other": other.pk})
            assert cursor.rowcount > 0
        keyring.forget()
        with pytest.raises(CannotOpen):
            read([case.pk, other.pk])


def test_T75_plain_words_where_a_name_is_sealed_are_refused(world: World) -> None:
    plain = "update accounts_user set name = '\\x00'::bytea || convert_to('别人', 'UTF8') where id = %s"
    with connection.cursor() as cursor:
        cursor.execute(plain, [world.chen.pk])
    with pytest.raises(CannotOpen):
        User.objects.get(pk=world.chen.pk).name  # noqa: B018


def test_free_texts_stay_readable_where_the_portal_was_told_so(world: World, settings: Any) -> None:
    settings.ENCRYPT_FREE_TEXTS = False
    case = given.a_complaint(world, status=Status.CLOSED)
    with connection.cursor() as cursor:
        cursor.execute("select kind, sealed from complaints_personaltext where complaint_id = %s", [case.pk])
        stored = {kind: bytes(sealed) for kind, sealed in cursor.fetchall()}
    assert "智家体验包".encode() in stored["consumer_statement"]
    assert b"13800000001" not in stored["consumer_phone"]
    settings.ENCRYPT_FREE_TEXTS = True
    assert "智家体验包" in PersonalText.objects.get(complaint=case, kind="consumer_statement").text
    assert given.stands(case)


PEOPLE = 10_000


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def with_newer(known: VaultKeys) -> VaultKeys:
    newer = keys.parse(keys.fresh(wrap=known.wrap_version + 1, index=known.index_version + 1))
    return VaultKeys(wrap={**known.wrap, **newer.wrap}, index={**known.index, **newer.index}, entry=known.entry)


def newest_alone(known: VaultKeys) -> VaultKeys:
    wrap, index = known.wrap_version, known.index_version
    return VaultKeys(wrap={wrap: known.wrap[wrap]}, index={index: known.index[index]}, entry=known.entry)


def versions() -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("select distinct get_byte(wrapped, 1) from accounts_personkey where wrapped <> ''")
        return {row[0] for row in cursor.fetchall()}


def test_T75_ten_thousand_keys_are_wrapped_anew_though_it_is_killed_in_the_middle(
    suite: str, db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [uuid.uuid4() for _ in range(PEOPLE)]
    before = keyring.secrets_of(people, make=True)
    numbers = {"phone": "+8613800000001", "second_phone": "+8613800000009"}
    user = User.objects.create_user("chen@example.org", name="陈试", **numbers)
    old = settings.VAULT_KEYS
    settings.VAULT_KEYS = both = with_newer(old)
    shown: list[int] = []

    def killed(what: str, done: int, total: int) -> None:
        shown.append(done)
        if len(shown) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        key_rotation.wrap_anew(tell=killed)
    assert (shown, versions()) == ([500, 1000, 1500], {old.wrap_version, both.wrap_version})
    keyring.forget()
    assert keyring.secrets_of(people) == before
    assert f"of {PEOPLE}" not in rotate().split("\n")[0]
    assert versions() == {both.wrap_version}
    settings.VAULT_KEYS = newest_alone(both)
    keyring.forget()
    assert keyring.secrets_of(people) == before
    assert User.objects.with_phone("13800000001").get().name == "陈试"
    assert User.objects.with_email("chen@example.org").get() == User.objects.with_phone("13800000009").get() == user
    settings.VAULT_KEYS = old
    keyring.forget()
    with pytest.raises(CannotOpen):
        keyring.secrets_of(people[:1])
    settings.VAULT_KEYS = both
    assert "0 keys of people" in rotate()


def test_a_wrapping_key_that_is_in_use_for_more_than_a_month_is_an_alarm_until_a_new_one_wraps_all(
    db: None, settings: Any
) -> None:
    made_at = PersonKey.objects.get(pk=keyring.PORTAL).made_at
    assert "keys_old" not in signs.read(now=made_at + 34 * DAY).alarms
    assert "keys_old" in signs.read(now=made_at + 36 * DAY).alarms
    with time_machine.travel(made_at + 36 * DAY, tick=False):
        rotate()
    assert "keys_old" not in signs.read(now=made_at + 37 * DAY).alarms
    with time_machine.travel(made_at + 80 * DAY, tick=False):
        # The same key again is no new one.
        rotate()
    assert "keys_old" in signs.read(now=made_at + 80 * DAY).alarms
    settings.VAULT_KEYS = with_newer(settings.VAULT_KEYS)
    with time_machine.travel(made_at + 80 * DAY, tick=False):
        rotate()
    assert "keys_old" not in signs.read(now=made_at + 81 * DAY).alarms


def test_cases_are_found_before_while_and_after_the_index_key_changes(world: World, settings: Any) -> None:
    cases = {given.filed(world).pk for _ in range(3)}
    settings.VAULT_KEYS = both = with_newer(settings.VAULT_KEYS)
    later = given.filed(world).pk
    assert set(cases_of("138 0000 0001")) == cases | {later}
    count = PersonDigest.objects.count()
    rotate()
    settings.VAULT_KEYS = newest_alone(both)
    keyring.forget()
    assert (set(cases_of("+8613800000001")), set(cases_of("陈 试"))) == (cases | {later}, cases | {later})
    assert PersonDigest.objects.count() == count
    assert PersonalText.objects.filter(kind="consumer_name").first().text == "陈试"  # type: ignore[union-attr]


def test_a_newer_key_is_added_beside_the_older_ones_and_a_missing_one_is_said(
    tmp_path: Any, db: None, settings: Any
) -> None:
    file = tmp_path / "keys"
    call_command("make_vault_keys", str(file), stdout=StringIO())
    assert file.stat().st_mode & 0o777 == 0o600
    first = keys.read(file)
    with pytest.raises(CommandError, match="never overwritten"):
        call_command("make_vault_keys", str(file), stdout=StringIO())
    call_command("make_vault_keys", str(file), "--next", stdout=StringIO())
    second = keys.read(file)
    assert (second.wrap[1], second.index[1]) == (first.wrap[1], first.index[1])
    assert (second.wrap_version, second.index_version, second.entry_version) == (2, 2, 2)
    # A file from before entries had tags is told so, and gets the key that it lacks.
    file.write_text("".join(line for line in keys.fresh().splitlines(keepends=True) if not line.startswith("entry")))
    with pytest.raises(keys.UnusableKeys, match="--next"):
        keys.read(file)
    call_command("make_vault_keys", str(file), "--next", stdout=StringIO())
    assert (keys.read(file).wrap_version, keys.read(file).entry_version) == (1, 1)
    assert file.stat().st_mode & 0o777 == 0o600
    keyring.secrets_of([uuid.uuid4()], make=True)
    before = set(PersonKey.objects.values_list("person", "made_at"))
    settings.VAULT_KEYS = keys.parse(keys.fresh(wrap=9, index=9))
    with pytest.raises(CommandError, match="put the wrapping keys used until now back"):
        rotate()
    assert set(PersonKey.objects.values_list("person", "made_at")) == before
