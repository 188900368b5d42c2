"""Erasures in the house chain: what was destroyed may be empty, and nothing else may.

An entry ``erased`` says: ``key`` of a person or a case, ``reason`` (a code), how many ``texts`` and names lay under it,
``root``, the SHA-256 over their digests in order, and ``files`` that went with it, each [case, SHA-256]."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.models import PersonKey
from complaints.models import Complaint, PersonalText, RecordedName
from complaints.record import house

#: The reason in entries that a migration wrote.
FORMER = "before_the_house"
_UNTOLD = """
select k.person from accounts_personkey k
where k.destroyed_at is not null
  and (exists (select from complaints_personaltext t where t.key_id = k.person)
       or exists (select from complaints_recordedname n where n.person_key = k.person)
       or exists (select from complaints_complaint c where c.consumer_key = k.person))
order by k.person"""


@dataclass(frozen=True, slots=True)
class Erased:
    """What the house chain says is gone: keys, and files as (number of the case, SHA-256). ``former``: those keys
    that ended before there was a house chain; then, with a filer went what others wrote, too."""

    keys: frozenset[str] = frozenset()
    files: frozenset[tuple[str, str]] = frozenset()
    former: frozenset[str] = frozenset()

    @classmethod
    def of(cls, said: Iterable[dict[str, Any]]) -> "Erased":
        """Of what entries ``erased`` say."""
        listed = list(said)
        files = [one for data in listed for one in data.get("files") or [] if isinstance(one, list) and len(one) == 2]
        return cls(
            frozenset(str(data.get("key", "")) for data in listed) - {""},
            frozenset((str(case), str(sha256)) for case, sha256 in files),
            frozenset(str(data.get("key", "")) for data in listed if data.get("reason") == FORMER) - {""},
        )


Files = list[list[str]]


def note(
    keys: Iterable[UUID], *, reason: str, by: UUID | str, now: datetime, files: Mapping[UUID, Files] | None = None
) -> None:
    """One entry a key, in the transaction that destroys them. ``reason``: a code; ``files``: what goes with a key."""
    for key in sorted(set(keys)):
        digests = [
            *PersonalText.objects.filter(key_id=key).values_list("digest", flat=True),
            *RecordedName.objects.filter(person_key=key).values_list("digest", flat=True),
        ]
        root = hashlib.sha256(b"".join(sorted(map(bytes, digests)))).hexdigest()
        data: dict[str, Any] = {"key": str(key), "reason": reason, "texts": len(digests), "root": root}
        data["files"] = (files or {}).get(key, [])
        house.write("erased", data, by=by, now=now)


def note_untold(*, reason: str, by: UUID | str, now: datetime) -> int:
    """Entries for keys that are destroyed while no entry says so: of former times, and after a restore whose archive is
    older than the keys. How many."""
    told = {row.data.get("key") for row in house.entries("erased")}
    with connection.cursor() as cursor:
        cursor.execute(_UNTOLD)
        untold = [key for (key,) in cursor.fetchall() if str(key) not in told]
    note(untold, reason=reason, by=by, now=now, files=_files_of(untold))
    return len(untold)


def files_of(cases: Iterable[Complaint]) -> dict[UUID, Files]:
    """The files of evidence that go with the key of each of these cases."""
    return {case.case_key: [[case.number, row.sha256] for row in case.evidence.order_by("pk")] for case in cases}


def _files_of(keys: Collection[UUID]) -> dict[UUID, Files]:
    """The same for those of these keys that are of cases."""
    cases = Complaint.objects.filter(consumer_key__in=PersonKey.objects.filter(destroyed_at__isnull=False).values("pk"))
    return files_of(case for case in cases.iterator(chunk_size=500) if case.case_key in keys)
