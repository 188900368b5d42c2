"""Which steps of an enterprise take two persons, by its own setting.

The one rule: of the settings for the branch, for those above it and for the whole enterprise the nearest counts, alone.
"""

from __future__ import annotations

from .house_rules import TwoPersons
from .presence import parents_of, upwards


def setting_for(enterprise_id: int, branch_id: int | None) -> TwoPersons | None:
    """The setting in force where this branch works; one query where there is none, two where branches differ."""
    rows = {row.branch_id: row for row in TwoPersons.objects.filter(enterprise_id=enterprise_id, ended_at=None)}
    if not rows:
        return None
    own = rows.keys() - {None}
    places = upwards(branch_id, parents_of([enterprise_id])) if own and branch_id is not None else [branch_id, None]
    return next((rows[place] for place in places if place in rows), None)
