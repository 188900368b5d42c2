"""Which steps of an enterprise take two persons, by its own setting.

The settings for the branch, for those above it and for the whole enterprise count together, the strictest
of each: a lower place can only add.
"""

from __future__ import annotations

from collections.abc import Sequence

from enterprises.models.work_rules import TwoPersons
from enterprises.team.presence import parents_of, upwards


def setting_for(enterprise_id: int, branch_id: int | None) -> TwoPersons | None:
    """The setting in force where this branch works; one query where there is none, two where branches differ."""
    rows = {row.branch_id: row for row in TwoPersons.objects.filter(enterprise_id=enterprise_id, ended_at=None)}
    if not rows:
        return None
    own = rows.keys() - {None}
    places = upwards(branch_id, parents_of([enterprise_id])) if own and branch_id is not None else [branch_id, None]
    return _together([rows[place] for place in dict.fromkeys(places) if place in rows])


def _together(rows: Sequence[TwoPersons]) -> TwoPersons | None:
    """One row as it is; of several what they come to, which is no row of the database."""
    if len(rows) < 2:
        return rows[0] if rows else None
    amounts = [row.offers_above for row in rows if row.offers_above is not None]
    return TwoPersons(
        enterprise_id=rows[0].enterprise_id,
        branch_id=rows[0].branch_id,
        offers_above=min(amounts, default=None),
        refusals=any(row.refusals for row in rows),
        failures=any(row.failures for row in rows),
        returns=any(row.returns for row in rows),
    )
