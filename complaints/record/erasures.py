"""Erasures in the house chain: what was destroyed may be empty, and nothing else may.

An entry ``erased`` says: ``key`` of a person or a case, ``reason`` (a code), how many ``texts`` and names lay under it,
``root``, the SHA-256 over their digests in order, and ``files`` that went with it, each [case, SHA-256]."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from complaints.models import PersonalText, RecordedName
from complaints.record import house

_UNTOLD = """
select k.person from accounts_personkey k
where k.destroyed_at is not null
  and (exists (select from complaints_personaltext t where t.key_id = k.person)
       or exists (select from complaints_recordedname n where n.person_key = k.person)
       or exists (select from complaints_complaint c where c.consumer_key = k.person))
order by k.person"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What the house chain says is gone: keys, and files as (number of the case, SHA-256)."""

    keys: frozenset[str] = frozenset()
    files: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, said: Iterable[dict[str, Any]]) -> "Erased":
        """Of what entries ``erased`` say."""
        listed = list(said)
        files = [one for data in listed for one in data.get("files") or [] if isinstance(one, list) and len(one) == 2]
        return cls(
            frozenset(str(data.get("key", "")) for data in listed) - {""},
            frozenset((str(case), str(sha256)) for case, sha256 in files),
        )


def note(keys: Iterable[UUID], *, reason: str, by: UUID | str, now: datetime) -> None:
    """One entry a key, in the transaction that destroys them. ``reason``: a code."""
    for key in sorted(set(keys)):
        digests = [
            *PersonalText.objects.filter(key_id=key).values_list("digest", flat=True),
            *RecordedName.objects.filter(person_key=key).values_list("digest", flat=True),
        ]
        root = hashlib.sha256(b"".join(sorted(map(bytes, digests)))).hexdigest()
        data = {"key": str(key), "reason": reason, "texts": len(digests), "root": root, "files": []}
        house.write("erased", data, by=by, now=now)


def note_untold(*, reason: str, by: UUID | str, now: datetime) -> int:
    """Entries for keys that are destroyed while no entry says so: of former times, and after a restore whose archive is
    older than the keys. How many."""
    told = {row.data.get("key") for row in house.entries("erased")}
    with connection.cursor() as cursor:
        cursor.execute(_UNTOLD)
        untold = [key for (key,) in cursor.fetchall() if str(key) not in told]
    note(untold, reason=reason, by=by, now=now)
    return len(untold)
