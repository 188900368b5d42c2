"""New wrapping and index keys: what the old ones closed or digested is done anew, a batch at a time.

Each batch is a transaction of its own and leaves nothing half done, so whoever is killed begins again
where the last batch ended; with both keys in the key file everything can be read at every moment.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from accounts.keys import keyring, row_tags, sealed_fields, sealing
from accounts.keys.ciphers import CannotOpen
from accounts.keys.keys import UnusableKeys
from accounts.keys.sealed_fields import digest_of
from accounts.models import User

BATCH = 500
Tell = Callable[[str, int, int], None]

_OLD_KEYS = "from accounts_personkey where destroyed_at is null and get_byte(wrapped, 1) <> %s"
_OLD_INDEXES = """from accounts_user where (email_index is not null and get_byte(email_index, 0) & 127 <> %(version)s)
 or (phone_index is not null and get_byte(phone_index, 0) & 127 <> %(version)s)
 or (second_phone_index is not null and get_byte(second_phone_index, 0) & 127 <> %(version)s)
 or (own_phone_index is not null and get_byte(own_phone_index, 0) & 127 <> %(version)s)"""


def wrap_anew(*, tell: Tell) -> int:
    """Every person's key under the newest wrapping key; returns how many there were. Raises UnusableKeys where another
    machine has another key under the same number."""
    keys, done = keyring.keys(), 0
    _look_whether_it_is_the_same()
    total = _count(f"select count(*) {_OLD_KEYS}", [keys.wrap_version])
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"select person, wrapped {_OLD_KEYS} order by person limit %s for update", [keys.wrap_version, BATCH]
            )
            rows = cursor.fetchall()
            if not rows:
                return done
            suite = keyring.suite()
            opened = [(person, sealing.unwrap(bytes(wrapped), person=person, keys=keys)) for person, wrapped in rows]
            new = [sealing.wrap(secret, person=person, keys=keys, suite=suite) for person, secret in opened]
            cursor.execute(
                "update accounts_personkey t set wrapped = v.wrapped from unnest(%s::uuid[], %s::bytea[])"
                " as v (person, wrapped) where t.person = v.person",
                [[str(person) for person, _ in rows], new],
            )
        done += len(rows)
        tell("keys of people", done, max(done, total))


def _look_whether_it_is_the_same() -> None:
    keys = keyring.keys()
    with connection.cursor() as cursor:
        cursor.execute(
            "select person, wrapped from accounts_personkey where destroyed_at is null and get_byte(wrapped, 1) = %s"
            " order by made_at desc limit %s",
            [keys.wrap_version, BATCH],
        )
        rows = cursor.fetchall()
    for person, wrapped in rows:
        try:
            sealing.unwrap(bytes(wrapped), person=person, keys=keys)
        except CannotOpen:
            raise UnusableKeys(
                f"wrap {keys.wrap_version} of this machine is not the wrap {keys.wrap_version} of another one: make new"
                " keys on one machine and copy its key file to all. Keep both files until then."
            ) from None


def index_anew(*, tell: Tell) -> int:
    """Every user's indexes under the newest index key; returns how many users there were."""
    version, done = {"version": keyring.keys().index_version}, 0
    total = _count(f"select count(*) {_OLD_INDEXES}", version)
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"select id {_OLD_INDEXES} order by id limit %(limit)s for update", version | {"limit": BATCH}
            )
            users = list(User.objects.filter(pk__in=[row[0] for row in cursor.fetchall()]))
            if not users:
                return done
            sealed_fields.load_for(users)
            cursor.execute(
                "update accounts_user t set email_index = v.email, phone_index = v.phone, own_phone_index = v.own,"
                " second_phone_index = v.second"
                " from unnest(%s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[])"
                " as v (id, email, phone, own, second) where t.id = v.id",
                [
                    [user.pk for user in users],
                    [digest_of("email", user.email or "") for user in users],
                    [digest_of("phone", user.phone or "") for user in users],
                    [digest_of("phone", user.own_phone or "") for user in users],
                    [digest_of("phone", user.second_phone or "") for user in users],
                ],
            )
            cursor.execute(
                "update accounts_housephone t set phone_index = u.own_phone_index from accounts_user u"
                " where u.id = t.user_id and u.own_phone_index is not null and u.id = any(%s)",
                [[user.pk for user in users]],
            )
            # A row that was changed behind our back gets no tag for it.
            row_tags.write(list(User.objects.filter(pk__in=[user.pk for user in users if row_tags.stands(user)])))
        done += len(users)
        tell("addresses of users", done, max(done, total))


def _count(statement: str, values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.fetchone()[0])
