"""Values of what belongs to somebody's jobs at enterprises, by prepared queries: words of their own for each shape that
jobs have, so that an index of one enterprise is found."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from database.prepared import PreparedValues

#: An enterprise, and the branches that somebody works for there; None: all of it.
Job = tuple[int, list[int] | None]


class OfJobs:
    """``build(seen, *values)`` gives a queryset that ends with ``values_list``; ``seen``: those of its rows, by
    ``enterprise_id`` and ``branch_id``, that belong to one of the jobs; ``types``: of the other values."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *types: type) -> None:
        self.build, self.types = build, types
        self._by_shape: dict[tuple[bool, ...], PreparedValues] = {}

    def __call__(self, jobs: Sequence[Job], *values: Any) -> list[tuple[Any, ...]]:
        shape = tuple(branches is not None for _enterprise, branches in jobs)
        if shape not in self._by_shape:
            self._by_shape[shape] = self._made(shape)
        held = [value for job in jobs for value in job if value is not None]
        return self._by_shape[shape](*values, *held)

    def _made(self, shape: tuple[bool, ...]) -> PreparedValues:
        def build(*given: Any) -> QuerySet[Any, Any]:
            left = iter(given[len(self.types) :])
            seen = Q(pk__in=[])
            for has_branches in shape:
                job = Q(enterprise_id=next(left))
                seen |= job & Q(branch_id__any_of=next(left)) if has_branches else job
            return self.build(seen, *given[: len(self.types)])

        kinds = [kind for has_branches in shape for kind in ((int, list) if has_branches else (int,))]
        return PreparedValues(build, *self.types, *kinds)
