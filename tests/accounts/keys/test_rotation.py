"""New keys while everything goes on, killed in the middle, and the old ones gone afterwards."""

import uuid
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
from accounts.models import PersonKey, User
from complaints.models import PersonalText, PersonDigest
from complaints.record.person_digests import cases_of
from tests import given
from tests.cast import World

PEOPLE = 10_000


def rotate() -> str:
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    return out.getvalue()


def with_newer(known: VaultKeys) -> VaultKeys:
    newer = keys.parse(keys.fresh(wrap=known.wrap_version + 1, index=known.index_version + 1))
    return VaultKeys(wrap={**known.wrap, **newer.wrap}, index={**known.index, **newer.index})


def newest_alone(known: VaultKeys) -> VaultKeys:
    return VaultKeys(
        wrap={known.wrap_version: known.wrap[known.wrap_version]},
        index={known.index_version: known.index[known.index_version]},
    )


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
    text = rotate()
    assert f"of {PEOPLE}" not in text.split("\n")[0]
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
    assert "0 keys of people" in _again(settings, both)


def _again(settings: Any, both: VaultKeys) -> str:
    settings.VAULT_KEYS = both
    return rotate()


def test_cases_are_found_before_while_and_after_the_index_key_changes(world: World, settings: Any) -> None:
    cases = {given.filed(world).pk for _ in range(3)}
    old = settings.VAULT_KEYS
    settings.VAULT_KEYS = both = with_newer(old)
    later = given.filed(world).pk
    assert set(cases_of("138 0000 0001")) == cases | {later}
    count = PersonDigest.objects.count()
    rotate()
    settings.VAULT_KEYS = newest_alone(both)
    keyring.forget()
    assert (set(cases_of("+8613800000001")), set(cases_of("陈 试"))) == (cases | {later}, cases | {later})
    assert PersonDigest.objects.count() == count
    assert PersonalText.objects.filter(kind="consumer_name").first().text == "陈试"  # type: ignore[union-attr]


def test_a_key_that_is_missing_is_said_and_changes_nothing(db: None, settings: Any) -> None:
    keyring.secrets_of([uuid.uuid4()], make=True)
    before = set(PersonKey.objects.values_list("person", "made_at"))
    settings.VAULT_KEYS = keys.parse(keys.fresh(wrap=9, index=9))
    with pytest.raises(CommandError, match="put the wrapping keys used until now back"):
        rotate()
    assert set(PersonKey.objects.values_list("person", "made_at")) == before


def test_a_newer_key_is_added_beside_the_older_ones(tmp_path: Any) -> None:
    file = tmp_path / "keys"
    call_command("make_vault_keys", str(file), stdout=StringIO())
    assert file.stat().st_mode & 0o777 == 0o600
    first = keys.read(file)
    with pytest.raises(CommandError, match="never overwritten"):
        call_command("make_vault_keys", str(file), stdout=StringIO())
    call_command("make_vault_keys", str(file), "--next", stdout=StringIO())
    second = keys.read(file)
    assert (second.wrap[1], second.index[1]) == (first.wrap[1], first.index[1])
    assert (second.wrap_version, second.index_version) == (2, 2)
    assert file.stat().st_mode & 0o777 == 0o600
