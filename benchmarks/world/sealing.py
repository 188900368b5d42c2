"""Sealed texts for rows that SQL made: what the portal itself would have written, with keys of people beside it.

Every value opens where it stands, so that lists, case pages and the verification do all their work.
"""

import io
from collections.abc import Iterable
from itertools import cycle, islice
from typing import Any
from uuid import UUID, uuid4

#: So many people at most own the texts of a benchmark: more than a process keeps keys of.
PEOPLE = 50_000


def make_people(cursor: Any, count: int) -> list[tuple[UUID, bytes]]:
    """New people with their keys, committed with the rest of this cursor's work."""
    from accounts.keys import keyring, sealing

    people = [(uuid4(), sealing.new_secret()) for _ in range(min(count, PEOPLE))]
    keys, suite = keyring.keys(), keyring.suite()
    rows = (
        (str(person), _bytes(sealing.wrap(secret, person=person, keys=keys, suite=suite)), "now")
        for person, secret in people
    )
    _copy(cursor, "accounts_personkey (person, wrapped, made_at)", rows)
    return people


def add_names(cursor: Any, *, first: int, count: int) -> None:
    """The name of the consumer of each case above ``first``."""
    from accounts.keys import keyring, sealing
    from complaints.models import PersonalText
    from complaints.models.record import with_salt

    field: Any = PersonalText._meta.get_field("sealed")
    people, suite, digest = cycle(make_people(cursor, count)), keyring.suite(), b"\x00"
    text = with_salt(bytes(16), "试验人")
    cursor.execute("select id from complaints_complaint where id > %s", [first])
    ids = [row[0] for row in cursor.fetchall()]

    def rows() -> Iterable[tuple[str, ...]]:
        for case, (person, secret) in zip(ids, people, strict=False):
            place = field.place_with([case, "parties", 1, "consumer_name", digest])
            sealed = sealing.seal(text, person=person, secret=secret, place=place, suite=suite)
            yield str(case), str(person), "parties", "1", "consumer_name", _bytes(sealed), _bytes(digest)

    _copy(cursor, "complaints_personaltext (complaint_id, key_id, audience, sequence, kind, sealed, digest)", rows())


def seal_copies(cursor: Any, *, above: int) -> None:
    """Copied texts open where their pattern stands: seal them anew at their own cases, each for a person of its own."""
    from accounts.keys import keyring, sealing
    from complaints.models import PersonalText

    field: Any = PersonalText._meta.get_field("sealed")
    suite = keyring.suite()
    names = "id, complaint_id, audience, sequence, kind, digest, sealed"
    cursor.execute(f"select {names} from complaints_personaltext where complaint_id < %s", [above])
    clear: dict[tuple[Any, ...], str] = {}
    for _, case, audience, sequence, kind, digest, sealed in cursor.fetchall():
        person = sealing.person_of(bytes(sealed))
        secret = keyring.secrets_of([person])[person] if person else b""
        place = field.place_with([case, audience, sequence, kind, digest])
        clear[audience, sequence, kind, bytes(digest)] = sealing.open_sealed(bytes(sealed), secret=secret, place=place)
    # What is sealed for somebody else than the pattern's person is a copy that was sealed before.
    cursor.execute(
        "select id, complaint_id, audience, sequence, kind, digest from complaints_personaltext p"
        " where complaint_id >= %s and sealed = any(select sealed from complaints_personaltext"
        " where complaint_id < %s)",
        [above, above],
    )
    result = cursor.fetchall()
    people = make_people(cursor, len({row[1] for row in result}))
    cursor.execute("create temp table sealed_copy (id bigint, key_id uuid, sealed bytea) on commit preserve rows")

    def rows() -> Iterable[tuple[str, ...]]:
        for pk, case, audience, sequence, kind, digest in result:
            person, secret = people[case // above % len(people)]
            place = field.place_with([case, audience, sequence, kind, digest])
            text = clear[audience, sequence, kind, bytes(digest)]
            yield (
                str(pk),
                str(person),
                _bytes(sealing.seal(text, person=person, secret=secret, place=place, suite=suite)),
            )

    _copy(cursor, "sealed_copy (id, key_id, sealed)", rows())
    cursor.execute(
        "update complaints_personaltext t set sealed = s.sealed, key_id = s.key_id from sealed_copy s where s.id = t.id"
    )
    cursor.execute("drop table sealed_copy")


def _bytes(value: bytes) -> str:
    return f"\\\\x{value.hex()}"


def _copy(cursor: Any, target: str, rows: Iterable[tuple[str, ...]]) -> None:
    """By way of a table of its own: nothing is copied straight into one that row-level security guards."""
    table, _, columns = target.partition(" ")
    cursor.execute(
        f"create temp table incoming on commit preserve rows as select {columns[1:-1]} from {table} with no data"
    )
    left = iter(rows)
    while some := list(islice(left, 20_000)):
        cursor.copy_expert("copy incoming from stdin", io.StringIO("".join("\t".join(row) + "\n" for row in some)))
    cursor.execute(f"insert into {table} {columns} select * from incoming")
    cursor.execute("drop table incoming")
