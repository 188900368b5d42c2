"""One random key a person, wrapped by a key that is not in the database; opened keys are held for a while.

A key is held in the memory of a process for a minute, so that what was destroyed or restricted elsewhere is unreadable
here soon after, and only once it is committed. A key made in a transaction that is
then rolled back would seal values that nobody could ever open; until the commit it lives with the transaction.

Ask for the keys of a page at once (``secrets_of``, ``load_for``): one query, not one a row. Written in SQL, so that
migrations use it too.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from accounts.keys import ciphers, sealing
from accounts.keys.ciphers import CannotOpen
from accounts.keys.keys import UnusableKeys, VaultKeys
from database.request_words import Word
from database.roles import CALLERS
from database.row_security import caller, working_as_steps

#: Whose key closes what belongs to nobody known: sessions, drafts, codes on their way.
PORTAL = UUID(int=0)
#: Opened keys in one process; the one that was not used for longest goes.
MOST = 20_000
#: Seconds for which an opened key is held.
HELD_FOR = 60

#: When it was read (seconds of the monotonic clock), and the key.
_held: OrderedDict[UUID, tuple[float, bytes]] = OrderedDict()
_lock = Lock()

_READ = """select person, wrapped, restricted_at is not null from accounts_personkey
where person = any(%s::uuid[]) and destroyed_at is null"""
# No caller reads the keys by itself: the database gives them for a signed word, and none that is restricted. The steps,
# sweeps, commands and verification read those too.
_READ_FOR_CALLERS = "select person, wrapped, is_restricted from keys_of(%s, %s::uuid[])"
_EXAMINE = "select person, wrapped, destroyed_at is not null from accounts_personkey where person = any(%s::uuid[])"
_MAKE = """
with made as (
    insert into accounts_personkey (person, wrapped, made_at)
    select person, wrapped, now() from unnest(%s::uuid[], %s::bytea[]) as new (person, wrapped)
    on conflict (person) do nothing returning person)
select person, ''::bytea, false, true from made union all select *, false from ({read}) known"""
# The portal's own key is never restricted, and is made when keys could not be restricted yet.
_READ_OF_PORTAL = _READ.replace("restricted_at is not null", "false")


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
    key; nor is whose key is restricted, where a page asks.
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
            read_by, values = _reading(missing)
            cursor.execute(read_by, values)
            rows = cursor.fetchall()
        read = {person: _unwrapped(person, wrapped) for person, wrapped, _ in rows}
        if hold:
            # A restricted key is held by nobody: the next one who asks may be a page.
            _hold({person: read[person] for person, _, is_restricted in rows if not is_restricted})
        result |= read
    return result


def secret_of(person: UUID) -> bytes | None:
    """The key of one person, as `secrets_of` gives it."""
    with _lock:
        held = _held.get(person)
        if held is not None and held[0] > monotonic() - HELD_FOR:
            _held.move_to_end(person)
            return held[1]
    return secrets_of([person]).get(person)


def examined(persons: Iterable[UUID]) -> tuple[dict[UUID, bytes], dict[UUID, str]]:
    """The keys as their rows are now, past the memory; and of whom none opens: missing, destroyed or unreadable."""
    wanted = sorted(set(persons))
    opened: dict[UUID, bytes] = {}
    wrong = dict.fromkeys(wanted, "missing")
    with connection.cursor() as cursor:
        cursor.execute(_EXAMINE, [[str(person) for person in wanted]])
        for person, wrapped, is_destroyed in cursor.fetchall():
            if is_destroyed:
                wrong[person] = "destroyed"
                continue
            try:
                opened[person] = _unwrapped(person, wrapped)
                del wrong[person]
            except CannotOpen:
                wrong[person] = "unreadable"
    return opened, wrong


def destroy(persons: Iterable[UUID], *, now: datetime) -> int:
    """Destroy the keys of these people for good: nothing that was sealed with them opens again."""
    gone = sorted(set(persons) - {PORTAL})
    with working_as_steps(), connection.cursor() as cursor:
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


def restrict(persons: Iterable[UUID], *, until: datetime, now: datetime) -> None:
    """From now on nothing that these keys close is shown; after ``until`` they may be destroyed, never before."""
    keys = sorted(set(persons) - {PORTAL})
    secrets_of(keys, make=True)
    with working_as_steps(), connection.cursor() as cursor:
        cursor.execute(
            "update accounts_personkey set restricted_at = coalesce(restricted_at, %s),"
            " destroy_after = greatest(destroy_after, %s) where person = any(%s::uuid[]) and destroyed_at is null",
            [now, until, [str(person) for person in keys]],
        )
    forget(keys)


def lift(persons: Iterable[UUID]) -> None:
    """What these keys close is shown again; the day before which they may not be destroyed stays."""
    with working_as_steps(), connection.cursor() as cursor:
        cursor.execute(
            "update accounts_personkey set restricted_at = null where person = any(%s::uuid[])",
            [[str(person) for person in sorted(set(persons))]],
        )


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


def _reading(persons: list[UUID]) -> tuple[str, list[Any]]:
    """The statement by which these keys are read as whom this works for now, and its values."""
    names = [str(person) for person in persons]
    if caller() in CALLERS:
        return _READ_FOR_CALLERS, [Word("keys"), names]
    return _READ_OF_PORTAL if persons == [PORTAL] else _READ, [names]


def _in_memory(persons: set[UUID]) -> dict[UUID, bytes]:
    result: dict[UUID, bytes] = {}
    oldest = monotonic() - HELD_FOR
    with _lock:
        for person in persons:
            held = _held.get(person)
            if held is not None and held[0] > oldest:
                _held.move_to_end(person)
                result[person] = held[1]
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
        read_by, values = _reading(persons)
        cursor.execute(_MAKE.replace("{read}", read_by), [names, wrapped, *values])
        rows = cursor.fetchall()
    fresh = {person: new[person] for person, _, _, is_new in rows if is_new}
    if fresh:
        _until_commit(fresh)
    known = {person: _unwrapped(person, sealed) for person, sealed, _, is_new in rows if not is_new}
    _hold({person: known[person] for person, _, is_restricted, is_new in rows if not is_new and not is_restricted})
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
    read_at = monotonic()
    with _lock:
        _held.update({person: (read_at, secret) for person, secret in secrets.items()})
        while len(_held) > MOST:
            _held.popitem(last=False)
