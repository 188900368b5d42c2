"""What publicity is counted by: opened codes, the quiz for people at enterprises, the question who knows the way.

A count of a day each, and nothing of who it was: no cookie, no address, no account. So one person who opens a code
twice counts twice, and whoever likes may answer the question again; pages say so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q, Sum

from complaints.models import PublicCount
from web.small_numbers import ENOUGH, rounded_number, wilson

What = PublicCount.What
#: The answers to the question whether one knows the way.
ANSWERS = (What.USED, What.HEARD_OF, What.UNKNOWN)


def note(what: str, code: str, *, on: date) -> None:
    """One more of the day; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {PublicCount._meta.db_table} as c (what, code, day, n) values (%s, %s, %s, 1)"  # noqa: S608
            " on conflict (what, code, day) do update set n = c.n + 1",
            [what, code[:80], on],
        )


def opened(owners: Iterable[str], *, since: date) -> dict[str, int]:
    """How often codes of these stations and enterprises were opened, by code with its mark. One statement."""
    of_owners = Q(pk=None)
    for owner in owners:
        # "." and what follows it sort between the code and the code with "/" behind it.
        of_owners |= Q(code__gte=owner, code__lt=f"{owner}/")
    rows = PublicCount.objects.filter(of_owners, what=What.OPENED, day__gte=since)
    return dict(rows.order_by().values_list("code").annotate(n=Sum("n")))


def tries(codes: Iterable[str], *, since: date) -> dict[str, tuple[int, int]]:
    """Of enterprises by code: how often the quiz was tried, and how often passed. One statement."""
    rows = PublicCount.objects.filter(what__in=(What.TRIED, What.PASSED), code__in=list(codes), day__gte=since)
    result: dict[str, tuple[int, int]] = {}
    for what, code, n in rows.order_by().values_list("what", "code").annotate(n=Sum("n")):
        tried, passed = result.get(code, (0, 0))
        result[code] = (n, passed) if what == What.TRIED else (tried, n)
    return result


@dataclass(frozen=True, slots=True)
class Knowing:
    """``n`` answers, a multiple of 5; in whole per cent who knows the way, and the 95 % interval of such answers."""

    n: int
    known: int
    low: int
    high: int


def months_over(today: date) -> tuple[date, date]:
    """The twelve months that are over: from the first day to before the second."""
    until = today.replace(day=1)
    return until.replace(year=until.year - 1), until


def knowing(*, since: date, until: date) -> Knowing | None:
    """Of the days from ``since`` to before ``until``; None under thirty answers. One statement."""
    rows = PublicCount.objects.filter(what__in=ANSWERS, day__gte=since, day__lt=until)
    found = dict(rows.order_by().values_list("what").annotate(n=Sum("n")))
    days = f"{since} {until}"
    unknown = rounded_number(found.get(What.UNKNOWN, 0), "knowing", What.UNKNOWN, days)
    known = rounded_number(found.get(What.USED, 0) + found.get(What.HEARD_OF, 0), "knowing", "known", days)
    if known + unknown < ENOUGH:
        return None
    low, high = wilson(known, known + unknown, rounded=1)
    return Knowing(known + unknown, round(100 * known / (known + unknown)), round(100 * low), round(100 * high))
