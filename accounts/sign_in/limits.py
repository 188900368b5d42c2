"""How often something may be tried: per person, per network, by everybody together.

Counts are rows of the database, so they hold when Valkey is away, and they are kept under a digest,
so the table tells nobody's phone. A limit says until when; the door that asks tells it to the person.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from accounts.models import CountedTry

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``most`` of ``kind`` by one ``who`` within ``within``; what ``who`` is depends on the kind."""

    kind: str
    most: int
    within: timedelta


class TooManyTries(Exception):
    """Nothing is done before ``until``; the door says so in a sentence, with the status that ``told`` gives."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until.isoformat())
        self.until = until

    def told(self, request: HttpRequest) -> int:
        """The status of the answer; the shell tells programs the same moment, in ``Retry-After``."""
        request.free_again_at = self.until  # type: ignore[attr-defined]
        return 429


def _digest(kind: str, who: str) -> str:
    return salted_hmac("accounts.limits", f"{kind}\n{who}", algorithm="sha256").hexdigest()


def waits_until(limit: Limit, who: str, *, now: datetime) -> datetime | None:
    """When the next try is free; None if it is free now."""
    times = (
        CountedTry.objects.filter(kind=limit.kind, who_digest=_digest(limit.kind, who), at__gt=now - limit.within)
        .order_by("-at")
        .values_list("at", flat=True)
    )
    nth = list(times[limit.most - 1 : limit.most])
    return nth[0] + limit.within if nth else None


def count(kind: str, *whom: str, now: datetime) -> None:
    """One try more, of each of these."""
    CountedTry.objects.bulk_create(CountedTry(kind=kind, who_digest=_digest(kind, who), at=now) for who in whom)
