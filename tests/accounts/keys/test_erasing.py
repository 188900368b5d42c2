"""Who was erased: nothing opens, nothing is found, nothing comes back, and the record still verifies."""

import uuid
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts import key_rotation
from accounts.keys import keyring, keys
from accounts.keys.ciphers import CannotOpen
from accounts.keys.keys import VaultKeys
from accounts.models import PersonKey, SecurityEvent, User
from complaints.models import Offer, OfferAnswer, PersonalText, PersonDigest, RecordedName
from complaints.privacy import erasing, my_data
from complaints.procedure.refusals import StepNotAllowed
from complaints.procedure.workflow import Status
from complaints.record.person_digests import cases_of
from complaints.record.verification import verify
from tests import given, reloaded
from tests.cast import WEDNESDAY, World

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
    assert all(verify(number=one.number).is_unbroken for one in (case, other))
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
    assert verify(number=case.number).is_unbroken


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
    assert verify(number=case.number).is_unbroken


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
    user = User.objects.create_user("chen@example.org", name="陈试", phone="+8613800000001")
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
    assert User.objects.with_email("chen@example.org").get() == user
    settings.VAULT_KEYS = old
    keyring.forget()
    with pytest.raises(CannotOpen):
        keyring.secrets_of(people[:1])
    settings.VAULT_KEYS = both
    assert "0 keys of people" in rotate()


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
