"""One random key a person, wrapped by a key that is not in the database; opened keys are held for a while.

A key is held in the memory of a process only once it is committed. A key made in a transaction that is
then rolled back would seal values that nobody could ever open; until the commit it lives with the transaction.

Ask for the keys of a page at once (``secrets_of``, ``load_for``): one query, not one a row. Written in SQL, so that
migrations use it too.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts.keys import ciphers, sealing
from accounts.keys.keys import UnusableKeys, VaultKeys

#: Whose key closes what belongs to nobody known: sessions, drafts, codes on their way.
PORTAL = UUID(int=0)
#: Opened keys in one process; the one that was not used for longest goes.
MOST = 20_000

_held: OrderedDict[UUID, bytes] = OrderedDict()
_lock = Lock()

_READ = "select person, wrapped from accounts_personkey where person = any(%s::uuid[]) and destroyed_at is null"
_MAKE = """
with made as (
    insert into accounts_personkey (person, wrapped, made_at)
    select person, wrapped, now() from unnest(%s::uuid[], %s::bytea[]) as new (person, wrapped)
    on conflict (person) do nothing returning person, wrapped, true as is_new)
select * from made union all
select person, wrapped, false from accounts_personkey where person = any(%s::uuid[]) and destroyed_at is null
"""


class _Fresh:
    """Keys that this transaction made. Lives in its list of commit hooks, so it ends with it or its savepoint."""

    def __init__(self, secrets: dict[UUID, bytes]) -> None:
        self.secrets = secrets

    def __call__(self) -> None:
        _hold(self.secrets)


def keys() -> VaultKeys:
    """The keys of this process; raises UnusableKeys where it was given none."""
    result: VaultKeys | None = settings.VAULT_KEYS
    if result is None:
        raise UnusableKeys("VAULT_KEY_FILE is not set: `make run` makes one, or use `manage.py make_vault_keys`.")
    return result


def suite() -> int:
    """What new values are written with."""
    return ciphers.SUITES[settings.VAULT_CIPHER]


def secrets_of(persons: Iterable[UUID], *, make: bool = False, hold: bool = True) -> dict[UUID, bytes]:
    """The keys of these people. ``make``: those who never had one get one.

    ``hold`` off: for who walks past everybody once. Whoever was erased is not among the answer, and never gets another
    key.
    """
    wanted = set(persons)
    result = _in_memory(wanted)
    missing = sorted(wanted - result.keys())
    if not missing:
        return result
    if make:
        result |= _made(missing)
        missing = [person for person in missing if person not in result]
    if missing:
        with connection.cursor() as cursor:
            cursor.execute(_READ, [[str(person) for person in missing]])
            read = {person: _unwrapped(person, wrapped) for person, wrapped in cursor.fetchall()}
        if hold:
            _hold(read)
        result |= read
    return result


def destroy(persons: Iterable[UUID], *, now: datetime) -> int:
    """Destroy the keys of these people for good: nothing that was sealed with them opens again."""
    gone = sorted(set(persons) - {PORTAL})
    with connection.cursor() as cursor:
        # Also for who never had one: whoever is erased gets none later.
        cursor.execute(
            "insert into accounts_personkey (person, wrapped, made_at, destroyed_at)"
            " select person, ''::bytea, %s, %s from unnest(%s::uuid[]) as gone (person)"
            " on conflict (person) do update set wrapped = ''::bytea, destroyed_at = excluded.destroyed_at"
            " where accounts_personkey.destroyed_at is null",
            [now, now, [str(person) for person in gone]],
        )
        count = cursor.rowcount
    forget(gone)
    return int(count)


def forget(persons: Iterable[UUID] | None = None) -> None:
    """Drop opened keys from memory: those of these people, or all."""
    with _lock:
        if persons is None:
            _held.clear()
        else:
            for person in persons:
                _held.pop(person, None)
    for fresh in _fresh():
        for person in list(fresh.secrets) if persons is None else persons:
            fresh.secrets.pop(person, None)


def _in_memory(persons: set[UUID]) -> dict[UUID, bytes]:
    result: dict[UUID, bytes] = {}
    with _lock:
        for person in persons:
            secret = _held.get(person)
            if secret is not None:
                _held.move_to_end(person)
                result[person] = secret
    if len(result) < len(persons):
        for fresh in _fresh():
            result |= {person: fresh.secrets[person] for person in persons & fresh.secrets.keys()}
    return result


def _fresh() -> list[_Fresh]:
    """Django takes a hook out of this list when its savepoint or its transaction is rolled back."""
    return [hook for _, hook, *_ in connection.run_on_commit if isinstance(hook, _Fresh)]


def _made(persons: list[UUID]) -> dict[UUID, bytes]:
    """Sorted, so that two who make the same keys wait for each other and do not lock each other out."""
    new = {person: sealing.new_secret() for person in persons}
    wrapped = [sealing.wrap(secret, person=person, keys=keys(), suite=suite()) for person, secret in new.items()]
    names = [str(person) for person in persons]
    with connection.cursor() as cursor:
        cursor.execute(_MAKE, [names, wrapped, names])
        rows = cursor.fetchall()
    fresh = {person: new[person] for person, _, is_new in rows if is_new}
    if fresh:
        _until_commit(fresh)
    known = {person: _unwrapped(person, sealed) for person, sealed, is_new in rows if not is_new}
    _hold(known)
    return fresh | known


def _until_commit(secrets: dict[UUID, bytes]) -> None:
    """One hook a savepoint, however many keys are made in it."""
    here = set(connection.savepoint_ids)
    for savepoints, hook, *_ in connection.run_on_commit:
        if isinstance(hook, _Fresh) and savepoints == here:
            hook.secrets |= secrets
            return
    transaction.on_commit(_Fresh(dict(secrets)))


def _unwrapped(person: UUID, wrapped: Any) -> bytes:
    return sealing.unwrap(bytes(wrapped), person=person, keys=keys())


def _hold(secrets: dict[UUID, bytes]) -> None:
    with _lock:
        _held.update(secrets)
        while len(_held) > MOST:
            _held.popitem(last=False)
