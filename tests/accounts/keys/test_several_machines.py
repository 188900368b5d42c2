"""Vault keys on several machines: the key file must be the same on all."""

import uuid
from typing import Any

import pytest
from django.core.management.base import CommandError

from accounts.keys import keyring
from tests.accounts.keys.test_erasing import rotate, versions, with_newer


def test_T75_another_key_of_the_same_number_on_another_machine_is_told_and_nothing_is_wrapped(
    db: None, settings: Any
) -> None:
    old = settings.VAULT_KEYS
    person, later = uuid.uuid4(), uuid.uuid4()
    keyring.secrets_of([person], make=True)
    here, there = with_newer(old), with_newer(old)
    settings.VAULT_KEYS = there
    keyring.secrets_of([later], make=True)
    settings.VAULT_KEYS = here
    with pytest.raises(CommandError, match="make new keys on one machine and copy its key file to all"):
        rotate()
    assert versions() == {old.wrap_version, here.wrap_version}
    settings.VAULT_KEYS = there
    rotate()
    assert versions() == {there.wrap_version}
    assert "0 keys of people" in rotate(), "every night by a timer: nothing to do changes nothing"
