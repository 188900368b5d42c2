"""What the rows of a list show of a case besides itself: what its consumer is called, which clocks run.

One query for a page, however many rows it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from accounts.keys import sealed_fields
from accounts.models import User
from complaints.models import Complaint, Deadline, PersonalText
from complaints.reading.case_people import names_given
from database.prepared import CombinedQuery, PreparedQuery


def clocks_live(**cases: Any) -> QuerySet[Deadline]:
    """The live clocks of these cases."""
    return Deadline.objects.filter(ended_at=None, state__in=["running", "paused", "lapsed"], **cases).select_related(
        "obligation"
    )


# By the ids of cases.
CLOCKS = PreparedQuery(lambda cases: clocks_live(complaint_id__any_of=cases), list)
_NAMES = PreparedQuery(lambda cases: names_given(complaint_id__any_of=cases), list)


@dataclass(frozen=True, slots=True)
class Beside:
    """By the id of a case: the name that was given last (not masked), the live clocks."""

    names: dict[int, str]
    clocks: dict[int, list[Deadline]]

    @classmethod
    def of(cls, given: Iterable[PersonalText], live: Iterable[Deadline]) -> Beside:
        """Of the names that were given, the last one last, their keys held, and of the live clocks."""
        clocks: dict[int, list[Deadline]] = defaultdict(list)
        for clock in live:
            clocks[clock.complaint_id].append(clock)
        return cls({text.complaint_id: text.text for text in given}, clocks)


class Reading:
    """What every list shows, with ``more`` that a list shows besides: by the ids of its cases, and by lists of other
    ids.
    """

    def __init__(self, **more: PreparedQuery[Any]) -> None:
        self.names, self.together = tuple(more), CombinedQuery(_NAMES, CLOCKS, *more.values())

    def __call__(self, cases: Sequence[Complaint], *lists: list[int]) -> tuple[Beside, dict[str, list[Any]]]:
        """One query, beside one for keys that are not held yet: of consumers, of who has the cases, of what came
        besides.
        """
        given, live, *more = self.together([case.pk for case in cases], *lists)
        sealed_fields.load_for(
            [*given, *people_of(cases), *(row for rows in more for row in (*rows, *people_of(rows)))]
        )
        return Beside.of(given, live), dict(zip(self.names, more, strict=True))


_READING = Reading()


def beside(cases: Sequence[Complaint]) -> Beside:
    """What every list shows, and nothing more."""
    return _READING(cases)[0]


def people_of(rows: Iterable[Model]) -> list[User]:
    """Who has these cases, and who these officers are, as far as they came with their rows."""
    held = (row._state.fields_cache.get(name) for row in rows for name in ("officer", "handler"))
    return [
        user for one in (*rows, *held) if one is not None and (user := one._state.fields_cache.get("user")) is not None
    ]
