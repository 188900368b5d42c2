"""What a change of the directory would have done to the cases of late: counted by the routing that will route by it.

The change is really written, in a transaction that is always taken back, and routing reads the directory
from inside of it; so the preview and what comes after an approval cannot differ. Cases are read as of the first day on
which the change makes a difference, once with it and once without. Ids of cases are kept, never a word of theirs.
"""

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.keys import sealed_fields
from authorities.models import Region
from complaints.models import Complaint
from complaints.parties.conditions import Conditions
from complaints.procedure.workflow import Status
from enterprises.directory import changing
from enterprises.directory.change_kinds import ChangeRefused
from enterprises.directory.change_kinds_names import KINDS
from enterprises.directory.spelling import fold_name
from enterprises.models import Brand, BrandHolding, DirectoryChange, SearchName, Succession
from routing.forwarding.forwarding import facts_of, may_go
from routing.rules.directory import rules as all_rules
from routing.rules.directory import snapshot
from routing.rules.facts import Directory, Facts, Match, NoMatch, Rule
from routing.rules.matching import choose, wanted_names

DAYS = 90
#: So many cases are looked at, the newest.
MOST = 100_000
#: Ids that are kept of one way, and ways that are told one by one.
MOST_IDS, MOST_WAYS = 50, 50
PIECE = 1000
#: A sweep begins no change after so many seconds.
SECONDS = 20
LEASE = timedelta(minutes=5)
MOST_TRIES = 3
#: Routing knows whom it was, and that nobody there may have it now.
_KNOWN = frozenset({"not_enrolled", "suspended", "ended", "no_consent"})

#: What `facts_of` and `may_go` read of a case.
_OF_FACTS = (
    *("number", "consumer_key", "service_region", "handling_region", "picked_enterprise"),
    *("picked_branch", "picked_brand"),
    *("respondent_named", "respondent_details", "object_category", "problem_category", "channel"),
)
_OF_HURDLES = ("contact_verified", "absent", "facts", "returns", "consents", "filed_at")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a case goes: to an enterprise (and who takes it if that fails), to an authority, or to a person's decision.

    ``reason``: why a person decides; then ``enterprise`` is who was meant, if routing knows.
    """

    enterprise: int | None = None
    branch: int | None = None
    authority: int | None = None
    reason: str = ""


def sweep_previews(*, now: datetime) -> int:
    """How many changes were counted. Any number of sweeps may run; each takes what no other one holds."""
    counted, begun = 0, time.monotonic()
    while time.monotonic() < begun + SECONDS and (change := _lease(now=now)) is not None:
        try:
            preview = previewed(change, now=now)
        except OperationalError:
            raise
        except Exception as error:
            # Only its kind: its words may hold what stands in a row. It is tried again when the lease has run out.
            log.error("change %s was not counted: %s", change.pk, type(error).__name__)
            continue
        DirectoryChange.objects.filter(pk=change.pk, preview_wanted_at__isnull=False).update(
            preview=preview, preview_wanted_at=None, preview_leased_until=None
        )
        counted += 1
    return counted


def _lease(*, now: datetime) -> DirectoryChange | None:
    with transaction.atomic():
        DirectoryChange.objects.filter(
            preview_wanted_at__isnull=False, preview_tries__gte=MOST_TRIES, preview_leased_until__lte=now
        ).update(preview_wanted_at=None, preview_leased_until=None, preview=None)
        free = DirectoryChange.objects.filter(
            Q(preview_leased_until=None) | Q(preview_leased_until__lte=now), preview_wanted_at__isnull=False
        )
        free = free.select_for_update(skip_locked=True, of=("self",)).select_related("enterprise")
        change = free.order_by("preview_wanted_at", "id").first()
        if change is not None:
            change.preview_leased_until, change.preview_tries = now + LEASE, change.preview_tries + 1
            change.save(update_fields=["preview_leased_until", "preview_tries"])
    return change


def previewed(change: DirectoryChange, *, now: datetime, most: int = MOST) -> dict[str, Any]:
    """The preview as it is kept: {days, at, from_day, looked_at, is_cut, ways: [{before, after, n, cases}], others}.

    A change that is impossible by now moves nothing and says so: {"impossible": True, …}.
    """
    ids, is_cut = _touched(change, now=now, most=most)
    rules = all_rules()
    result: dict[str, Any] = {"days": DAYS, "at": now.isoformat(), "looked_at": len(ids), "is_cut": is_cut}
    result |= {"impossible": False, "ways": [], "others": 0}
    try:
        day, groups, after, gone, merged = _with_it(change, ids, rules, now=now)
    except ChangeRefused:
        return result | {"impossible": True}
    without = snapshot(groups, rules, suggests=False)
    before = {facts: choose(facts, rules, without) for facts in groups}
    moved = [pk for facts, pks in groups.items() if place_of(before[facts]) != place_of(after[facts]) for pk in pks]
    held_after = _held(moved, day, after, gone, conditions=merged)
    held_before = _held(moved, day, before, without, conditions=Conditions.at(now))
    ways: Counter[tuple[Destination, Destination]] = Counter()
    kept: dict[tuple[Destination, Destination], list[int]] = defaultdict(list)
    for pk in moved:
        way = held_before[pk], held_after[pk]
        # To a person before and after is no other way.
        if way[0] == way[1] or (way[0].reason and way[1].reason):
            continue
        ways[way] += 1
        if len(kept[way]) < MOST_IDS:
            kept[way].append(pk)
    shown = ways.most_common(MOST_WAYS)
    return result | {
        "from_day": day.isoformat(),
        "ways": [{"before": asdict(way[0]), "after": asdict(way[1]), "n": n, "cases": kept[way]} for way, n in shown],
        "others": sum(ways.values()) - sum(n for _way, n in shown),
    }


def _touched(change: DirectoryChange, *, now: datetime, most: int) -> tuple[list[int], bool]:
    """Recent cases that may go elsewhere, newest first: of this enterprise, of its brands, under its names."""
    kind, wish = KINDS[change.kind], changing.wish_of(change, today=timezone.localdate(now))
    enterprises = kind.enterprise_ids(wish)
    names = {fold_name(wish.text(name)) for name in ("name", "name_en")} - {""}
    names |= set(SearchName.objects.filter(enterprise_id__in=enterprises).values_list("folded", flat=True))
    brands = set(BrandHolding.objects.filter(enterprise_id__in=enterprises).values_list("brand_id", flat=True))
    brands |= set(Brand.objects.filter(name=wish.text("name")).values_list("pk", flat=True))
    written = Q(picked_enterprise=None, picked_brand=None) & ~Q(respondent_named="")
    cases = Complaint.objects.exclude(status=Status.DRAFT).filter(
        Q(enterprise_id__in=enterprises)
        | Q(picked_enterprise_id__in=enterprises)
        | Q(picked_brand_id__in=brands)
        | written
    )
    known: dict[str, bool] = {}
    results: list[int] = []
    for pk, holder, enterprise, brand, named in _newest_first(cases, now=now):
        if holder not in enterprises and enterprise is None and brand is None:
            if named not in known:
                known[named] = bool(names & wanted_names(Facts(on=wish.today, named=named)))
            if not known[named]:
                continue
        if len(results) == most:
            return results, True
        results.append(pk)
    return results, False


def _newest_first(cases: QuerySet[Complaint], *, now: datetime) -> Iterator[tuple[Any, ...]]:
    """A day a statement: however many cases a country has, none of them runs into a time limit."""
    rows = cases.order_by("-received_at", "-pk").values_list(
        "pk", "enterprise_id", "picked_enterprise_id", "picked_brand_id", "respondent_named"
    )
    for nth in range(DAYS):
        since = rows.filter(received_at__gt=now - timedelta(days=nth + 1))
        yield from since.filter(received_at__lte=now - timedelta(days=nth)) if nth else since


def _with_it(
    change: DirectoryChange, ids: Sequence[int], rules: Sequence[Rule], *, now: datetime
) -> tuple[date, dict[Facts, list[int]], dict[Facts, Match | NoMatch], Directory, Conditions]:
    """The day, the cases by what routing knows of them, what is chosen with the change, by which directory, and the
    conditions that know whose consent goes on with it. The change is written and taken back before anything is
    counted."""
    today = timezone.localdate(now)
    conditions = Conditions.at(now)
    day = KINDS[change.kind].first_day(changing.wish_of(change, today=today))
    groups: dict[Facts, list[int]] = defaultdict(list)
    for case in cases_of(ids):
        groups[facts_of(case, on=day)].append(case.pk)
    with transaction.atomic():
        changing.write(change, today=today)
        directory = snapshot(groups, rules, suggests=False)
        for enterprise in _with_predecessors(KINDS[change.kind].enterprise_ids(changing.wish_of(change, today=today))):
            conditions.with_successors(enterprise)
        transaction.set_rollback(True)
    return day, groups, {facts: choose(facts, rules, directory) for facts in groups}, directory, conditions


def _with_predecessors(enterprises: set[int]) -> set[int]:
    """These and all whose consent a new successor of theirs would inherit."""
    result, fresh = set(enterprises), set(enterprises)
    while fresh:
        fresh = set(Succession.objects.filter(successor_id__in=fresh).values_list("predecessor_id", flat=True)) - result
        result |= fresh
    return result


def _held(
    ids: Sequence[int],
    day: date,
    chosen: Mapping[Facts, Match | NoMatch],
    directory: Directory,
    *,
    conditions: Conditions,
) -> dict[int, Destination]:
    """Where each case would really go: what was chosen, or to a person where something keeps it."""
    result: dict[int, Destination] = {}
    for piece in _pieces(ids):
        cases = list(cases_of(piece, more=_OF_HURDLES))
        of_case = {case.pk: chosen[facts_of(case, on=day)] for case in cases}
        result |= {pk: place_of(made) for pk, made in may_go(cases, of_case, directory, conditions=conditions).items()}
    return result


def cases_of(ids: Sequence[int], *, more: Sequence[str] = ()) -> Iterator[Complaint]:
    """These cases with what routing reads of them (and ``more``) and their regions; others stay away."""
    regions: dict[int, Region] = {}
    for piece in _pieces(ids):
        cases = list(Complaint.objects.filter(pk__in=piece).only(*_OF_FACTS, *more))
        sealed_fields.load_for(cases)
        wanted = {pk for case in cases for pk in (case.service_region_id, case.handling_region_id) if pk is not None}
        regions |= Region.objects.in_bulk(wanted - regions.keys())
        for case in cases:
            case.service_region = regions[case.service_region_id] if case.service_region_id is not None else None
            case.handling_region = regions[case.handling_region_id]
            yield case


def _pieces(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + PIECE] for start in range(0, len(ids), PIECE))


def place_of(made: Match | NoMatch) -> Destination:
    if isinstance(made, Match):
        return Destination(enterprise=made.enterprise_id, branch=made.branch_id, authority=made.authority_id)
    meant = made.suggestions[0].enterprise_id if made.reason in _KNOWN and made.suggestions else None
    return Destination(enterprise=meant, reason=made.reason)
