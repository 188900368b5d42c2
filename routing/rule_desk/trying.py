"""A change of the rules tried on the cases of late: by the routing that will route by it, in a worker, piece by piece.

The row of the trial is the queue and the progress. Each piece of cases is one transaction that locks the
row, so a worker that dies loses a piece and no more, two never work on one trial, and memory holds a piece however many
cases there are. A case is judged as of the day on which it came in, by the directory and the rules of that day, once as
they were and once as if the change had held all along. Ids of cases are kept, never a word of theirs.
"""

import hashlib
import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.letters import tell_of_the_end
from authorities.models import Region
from complaints.models import Complaint
from complaints.procedure.workflow import Status
from enterprises.directory.answering import ALWAYS
from routing.directory_changes.previewing import MOST_IDS, Destination
from routing.models import RuleChange, RuleTrial
from routing.rule_desk.judging import Judged, Recorded, TrialRules, is_right, judged
from routing.rule_desk.rule_changing import DAY, as_rule, newest
from routing.rules.directory import rule_of
from routing.rules.directory import rules as all_rules
from routing.rules.facts import Rule

#: So many cases are looked at, the newest; so many a transaction.
MOST, PIECE = 100_000, 2000
#: Ways that are told one by one; what goes elsewhere is counted.
MOST_WAYS = 200
#: A sweep begins no piece after so many seconds.
SECONDS = 20
MOST_TRIES = 3
log = logging.getLogger(__name__)


def sweep_trials(*, now: datetime) -> int:
    """How many trials were finished. Any number of sweeps may run; each takes what no other one holds."""
    finished, begun = 0, time.monotonic()
    broken: set[int] = set()
    known: dict[str, TrialRules] = {}
    while time.monotonic() < begun + SECONDS:
        try:
            with transaction.atomic():
                trial = _next(broken)
                if trial is None:
                    break
                work(trial, now=now, known=known)
                finished += trial.state == RuleTrial.State.DONE
        except OperationalError:
            raise
        except Exception as error:
            # Only its kind: its words may hold what stands in a row.
            log.error("trial %s stopped: %s", trial.pk if trial else "", type(error).__name__)
            if trial is not None:
                broken.add(trial.pk)
                mine = RuleTrial.objects.filter(pk=trial.pk, state=RuleTrial.State.RUNNING)
                mine.update(tries=F("tries") + 1)
                mine.filter(tries__gte=MOST_TRIES).update(state=RuleTrial.State.FAILED)
    return finished


def _next(broken: Collection[int]) -> RuleTrial | None:
    waiting = RuleTrial.objects.filter(state=RuleTrial.State.RUNNING).exclude(pk__in=broken).select_related("change")
    return waiting.order_by("asked_at", "id").select_for_update(skip_locked=True, of=("self",)).first()


def work(
    trial: RuleTrial, *, now: datetime, most: int = MOST, piece: int = PIECE, known: dict[str, TrialRules] | None = None
) -> None:
    """The next piece of cases of a locked trial. ``known``: decisions of earlier pieces, by trial and rules."""
    change = trial.change
    if trial.digest != change.digest:
        trial.state = RuleTrial.State.DROPPED
        trial.save(update_fields=["state"])
        return
    places = _places(change)
    rules = [
        rule
        for rule in all_rules()
        if places is None
        or rule.first is None
        or any(rule.first <= region.last and region.pk <= (rule.last or 0) for region in places)
    ]
    digest = digest_of(rules)
    if trial.rules != digest:
        # Another rule was approved meanwhile: half by these and half by those would be neither.
        trial.rules, trial.looked_at, trial.found, trial.upto_at, trial.upto_id = digest, 0, {}, trial.asked_at + DAY, 0
    memory = {} if known is None else known
    key = f"{trial.pk} {digest}"
    if key not in memory:
        memory.clear()
        memory[key] = TrialRules(change.final_code, rules, rules_with(change, rules))
    scope = _scope(places)
    oldest = trial.asked_at - trial.days * DAY
    cases: list[Recorded] = []
    # A day a statement, so that none of them runs into a time limit; days without a case cost little.
    while len(cases) < piece and trial.upto_at > oldest and trial.looked_at + len(cases) < most:
        low = max(oldest, trial.upto_at - DAY)
        room = min(piece - len(cases), most - trial.looked_at - len(cases))
        rows = [
            Recorded(*row)
            for row in (
                scope.filter(
                    Q(received_at__lt=trial.upto_at) | Q(received_at=trial.upto_at, pk__lt=trial.upto_id),
                    received_at__gte=low,
                )
                .order_by("-received_at", "-pk")
                .values_list(*Recorded._fields)[:room]
            )
        ]
        cases += rows
        trial.upto_at, trial.upto_id = (rows[-1].received_at, rows[-1].pk) if len(rows) == room else (low, 0)
    _count(trial.found, judged(cases, memory[key], now=now))
    trial.looked_at += len(cases)
    if trial.upto_at <= oldest or trial.looked_at >= most:
        trial.state, trial.done_at = RuleTrial.State.DONE, now
        trial.found["is_cut"] = trial.looked_at >= most
        path = reverse("routing:authority-routing-change", args=[change.pk])
        tell_of_the_end(trial.asked_by, gettext_lazy("分送规则的试运行"), path, since=trial.asked_at, now=now)
    trial.save(update_fields=["rules", "looked_at", "found", "upto_at", "upto_id", "state", "done_at"])


def digest_of(rules: Iterable[Rule]) -> str:
    """Of all rules that hold at some time."""
    known = sorted((rule.code, rule.version, str(rule.period.ends_on)) for rule in rules)
    return hashlib.sha256(repr(known).encode()).hexdigest()


def rules_with(change: RuleChange, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules as if the change had held all along."""
    others = [rule for rule in rules if rule.code != change.code]
    if change.kind == RuleChange.Kind.END:
        return tuple(others)
    return (*others, replace(rule_of(as_rule(change)), period=ALWAYS))


def _places(change: RuleChange) -> list[Region] | None:
    """Where the rule holds, as it was and as it is to be; None: in the whole country."""
    base = newest(change.code)
    wanted = [Region.objects.get(pk=change.region_id) if change.region_id is not None else None]
    if base is not None:
        wanted.append(base.region)
    regions = [region for region in wanted if region is not None]
    return regions if len(regions) == len(wanted) else None


def _scope(places: Sequence[Region] | None) -> QuerySet[Complaint]:
    cases = Complaint.objects.exclude(status=Status.DRAFT)
    if places is None:
        return cases
    there = Q()
    for region in places:
        there |= Q(service_region_id__gte=region.pk, service_region_id__lte=region.last)
        there |= Q(service_region=None, handling_region_id__gte=region.pk, handling_region_id__lte=region.last)
    return cases.filter(there)


NUMBERS = (
    *("touched", "matched", "moved", "unmatched", "newly", "consent", "known"),
    *("before_decided", "before_right", "after_decided", "after_right"),
)


def _count(result: dict[str, Any], touched: Iterable[Judged]) -> None:
    """Add a piece to what was found: {name of NUMBERS: n, ways: {way: [n, ids]}, others}. Whether the old version
    decided a case or another rule: where nothing comes of the change it is not counted."""
    for name in (*NUMBERS, "others"):
        result.setdefault(name, 0)
    ways: dict[str, list[Any]] = result.setdefault("ways", {})
    for one in touched:
        before, after, moves = one.made.before, one.made.after, one.made.moves
        result["touched"] += 1
        result["matched"] += one.made.is_by_rule
        result["moved"] += moves
        result["unmatched"] += not before.reason and bool(after.reason)
        result["newly"] += bool(before.reason) and not after.reason
        result["consent"] += one.needs_consent
        if one.right is not None:
            result["known"] += 1
            for side, made in (("before", before), ("after", after)):
                verdict = is_right(made, one.right)
                result[f"{side}_decided"] += verdict is not None
                result[f"{side}_right"] += bool(verdict)
        if moves:
            _keep(result, ways, f"{_written(before)}>{_written(after)}", one.pk)


def _keep(result: dict[str, Any], ways: dict[str, list[Any]], way: str, pk: int) -> None:
    if way not in ways:
        if len(ways) >= MOST_WAYS:
            result["others"] += 1
            return
        ways[way] = [0, []]
    ways[way][0] += 1
    if len(ways[way][1]) < MOST_IDS:
        ways[way][1].append(pk)


def _written(place: Destination) -> str:
    return "|".join(str(part or "") for part in (place.enterprise, place.branch, place.authority, place.reason))


def ways_of(result: Mapping[str, Any]) -> list[tuple[Destination, Destination, int, list[int]]]:
    """(from, to, cases, ids of some), most first."""
    shown = []
    for way, (n, ids) in result.get("ways", {}).items():
        before, _arrow, after = way.partition(">")
        shown.append((_read(before), _read(after), n, ids))
    return sorted(shown, key=lambda one: -one[2])


def _read(written: str) -> Destination:
    enterprise, branch, authority, reason = written.split("|")
    firm, place, office = (int(part) if part else None for part in (enterprise, branch, authority))
    return Destination(firm, place, office, reason)


def progress(trial: RuleTrial) -> int:
    """Per cent of the way, by days or by cases, whichever is further."""
    if trial.state == RuleTrial.State.DONE:
        return 100
    gone = (trial.asked_at - trial.upto_at) / timedelta(days=trial.days)
    return max(0, min(99, int(100 * max(gone, trial.looked_at / MOST))))
