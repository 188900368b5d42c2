"""Why it came to a complaint, as the enterprise sees it itself: the causes, and which fit which problem.

A cause is for the enterprise alone. Whatever the problem, every general cause may be chosen, and for a problem of a
sector that sector's own; those that are usual for it come first. They stand in the files of the sectors.
"""

from __future__ import annotations

from complaints.procedure.categories import SECTORS
from complaints.procedure.sector_files import GENERAL, Cause, begins_with

_ALL: tuple[Cause, ...] = tuple(cause for sector in SECTORS for cause in sector.causes)
#: Code → beginnings of the problem categories for which it is usual; none: for any.
CAUSES: dict[str, tuple[str, ...]] = {
    cause.code: (*cause.usual_for, *(start for sector in SECTORS for start in sector.usual_causes.get(cause.code, ())))
    for cause in _ALL
}
CAUSE_LABELS = {cause.code: cause.label for cause in _ALL}
_SECTOR_OF = {cause.code: sector.code for sector in SECTORS for cause in sector.causes}


def fitting_causes(problem: str) -> tuple[list[str], list[str]]:
    """The causes that are usual for this problem, in the order of the table, and all the others that may be chosen."""
    usual = [cause.code for cause in _ALL if cause.is_active and begins_with(problem, CAUSES[cause.code])]
    own = (GENERAL, problem.partition(".")[0])
    others = [
        cause.code for cause in _ALL if cause.is_active and _SECTOR_OF[cause.code] in own and cause.code not in usual
    ]
    return usual, others
