"""What an enterprise reads of itself: of all of it from the counters, of each branch from its lists."""

from collections import defaultdict
from collections.abc import Collection

from oversight.figures.definitions import Period
from oversight.mirror import mirror
from tests.audit import Pairs
from tests.audit.compare import Audit, paired
from tests.audit.core import counting, naming
from tests.audit.core.rows import Case


def compared(audit: Audit) -> Pairs:
    firms: dict[int, dict[int, Case]] = defaultdict(dict)
    branches: dict[tuple[int, int], dict[int, Case]] = defaultdict(dict)
    for case in audit.rows.cases.values():
        for stage in case.stages:
            firms[stage.enterprise_id][case.row.pk] = case
            if stage.branch_id is not None:
                branches[stage.enterprise_id, stage.branch_id][case.row.pk] = case
    for name, period in audit.periods.items():
        for firm in audit.some(firms):
            yield from _of_one(audit, name, period, firms[firm].values(), firm)
        for firm, branch in audit.some(branches):
            yield from _of_one(audit, name, period, branches[firm, branch].values(), firm, branch)


def _of_one(
    audit: Audit, name: str, period: Period, cases: Collection[Case], firm: int, branch: int | None = None
) -> Pairs:
    ids = None if branch is None else frozenset({branch})
    measure = audit.measure(period, enterprise_id=firm, branch_ids=ids, is_own=True)
    scope = f"mirror of enterprise {firm}" + (f", branch {branch}" if branch else "")
    earlier = mirror.before(measure)
    for title, asked in ((name, measure), (f"before {name}", earlier)):
        if asked is earlier and name == "all":
            continue
        world = counting.World(
            audit.book, asked.period.first, asked.period.last, asked.now, cases, enterprise=firm, branch=branch
        )
        seen = mirror.reflected(asked)
        auditor = naming.mirror(world)
        if asked is earlier:
            # "Not yet responded" is asked of today's rows in the one place and of that day in the other: no figure
            # of the page shows it of the days before.
            auditor.pop("unanswered")
        portal = {code: seen.counts[code] for code in auditor if code in seen.counts}
        portal |= {"kept.due": seen.kept.denominator, "kept.kept": seen.kept.numerator}
        portal |= {f"kept.{code}": n for code, n in seen.kept.beside.items()}
        yield from paired(portal, auditor, scope, title)
