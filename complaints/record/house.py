"""The house chain: what happens to the record itself, in entries of the same form, hashed, chained, tagged and sealed
as those of cases are. Number and audience of its entries are ``house``.

Steps: ``key_handed_over`` ``key_revoked`` (of keys that sign) · ``erased`` ``hold`` ``released`` (of people and
cases) · ``archived`` ``returned`` (of cases whose record is moved: moved/named.py) · ``restored`` ``clock_confirmed``
``set_aside`` ``state_taken_over`` (of the whole) · ``directory``
(what firms and authorities are called: beside/directory.py) · ``duty_asked`` ``duty_agreed`` ``duty_stopped``
``duty_ended`` (of who runs the platform) · ``call_backs_sealed`` ``call_backs_drawn`` (beside/draws.py). What an entry
says are ids, codes, numbers and digests, never anything of a person."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from accounts.keys import tags
from complaints.models import HouseEntry
from complaints.record.record import FORM, TAG_KIND, canonical, chained, stamp

NAME = "house"
STEPS = frozenset(
    {
        *("key_handed_over", "key_revoked", "erased", "hold", "released", "restored", "archived", "returned"),
        *("clock_confirmed", "set_aside", "state_taken_over", "directory"),
        *("duty_asked", "duty_agreed", "duty_stopped", "duty_ended"),
        *("call_backs_sealed", "call_backs_drawn"),
    }
)
#: Whoever writes to the chain waits for whoever writes to it: it is short and seldom grows.
_LOCK = 0x40053


def write(step: str, data: dict[str, Any], *, by: UUID | str, now: datetime) -> HouseEntry:
    """Append one entry in the caller's transaction, or in one of its own. ``by``: a person's key, or a code such as
    ``system`` or ``command``."""
    if step not in STEPS:
        raise ValueError(f"{step} is no step of the house chain")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
        last = HouseEntry.objects.order_by("-sequence").first()
        sequence, previous = (last.sequence + 1, bytes(last.hash)) if last else (1, b"")
        head = {"form": FORM, "case": NAME, "audience": NAME, "sequence": sequence}
        body = canonical(head | {"step": step, "written": stamp(now), "by": str(by), "data": data})
        digest = chained(previous, body)
        return HouseEntry.objects.create(
            sequence=sequence,
            step=step,
            at=now,
            body=body,
            previous_hash=previous,
            hash=digest,
            tag=tags.tag_of(TAG_KIND, digest),
        )


def is_ours(entry: HouseEntry) -> bool:
    """Whether what stands in this entry was hashed and tagged by the portal; says nothing of the chain before it."""
    digest = chained(bytes(entry.previous_hash), entry.body)
    return bytes(entry.hash) == digest and tags.is_tagged(TAG_KIND, digest, bytes(entry.tag))


def entries(*steps: str) -> QuerySet[HouseEntry]:
    """The entries of these steps, or all, the oldest first."""
    rows = HouseEntry.objects.order_by("sequence")
    return rows.filter(step__in=steps) if steps else rows


def proven(*steps: str) -> list[HouseEntry]:
    """The same without what nobody with an entry key wrote, or what was changed since: for whoever acts on what they
    say. Verification names the others."""
    return [entry for entry in entries(*steps) if is_ours(entry)]
