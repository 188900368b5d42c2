"""Entries that were refused a leaf, as two persons see to them: each says that it was looked into and counts for
nothing. It stays in the database, is never signed, and alarms no more."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from complaints.record import house, log

#: So many persons agree.
PERSONS = 2


@dataclass(frozen=True, slots=True)
class Refused:
    """``entry`` and ``code`` as in NotAdmitted; ``digest``: the hash of the entry as it stands, or "" where it is gone;
    ``agreed``: the keys of who set it aside so far."""

    entry: str
    code: str
    found_at: datetime
    digest: str
    agreed: frozenset[str]


def waiting() -> list[Refused]:
    """What somebody must see to, the oldest first."""
    said = [(entry.data["entry"], entry.data["hash"], entry.by) for entry in house.proven("set_aside")]
    results = []
    for row, digest in log.not_admitted():
        agreed = frozenset(by for entry, seen, by in said if (entry, seen) == (row.entry, digest))
        results.append(Refused(row.entry, row.code, row.found_at, digest, agreed))
    return results


def agree(entry: str, digest: str, *, person: UUID, now: datetime) -> None:
    """``person`` sets aside what was shown. Raises LookupError where that waits no more, or is another one by now."""
    refused = next((one for one in waiting() if (one.entry, one.digest) == (entry, digest)), None)
    if refused is None:
        raise LookupError(entry)
    if str(person) not in refused.agreed:
        house.write("set_aside", {"entry": entry, "hash": digest, "code": refused.code}, by=person, now=now)
