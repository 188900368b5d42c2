"""What it costs to distribute 200 cases at once, beside distributing them one by one.

`python -m benchmarks.triage`: cases that wait for a person, each forwarded to its own first suggestion as the page of
triage does it (ranked anew, judged for itself, an entry of the record and two notices each), in slices that alternate
with the page's step for single cases.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from accounts.roles import Role
from benchmarks import ground
from benchmarks.measuring import Figure, arguments, compared, publish, tell, timed
from benchmarks.world.copies import STRIDE, multiply
from benchmarks.world.patterns import Pattern

ZONE = ZoneInfo("Asia/Shanghai")
ALONE = 20


def measure(*, quick: bool) -> list[Figure]:
    at_once, rounds = (100, 3) if quick else (200, 9)
    with ground.database("benchmark_triage") as base:
        ground.set_up(base)
        pattern = Pattern(datetime.now(ZONE))
        _wait(pattern)
        tell(f"triage: making {(at_once + ALONE) * (rounds + 1)} waiting cases")
        multiply(base, (at_once + ALONE) * (rounds + 1))
        return _figures(pattern, at_once, rounds)


def _wait(pattern: Pattern) -> None:
    """One case that waits for a person, with a suggestion."""
    from complaints.handling.steps import authority
    from complaints.parties.actors import SYSTEM

    candidate = {"enterprise_id": pattern.enterprise.pk, "branch_id": pattern.branch.pk, "score": 90, "why": []}
    pattern.take(
        pattern.file(),
        authority.refer_to_triage(
            reason="ambiguous",
            explanation={"rule": "", "version": None, "confidence": "", "why": [], "candidates": [candidate]},
        ),
        SYSTEM,
    )


def _figures(pattern: Pattern, at_once: int, rounds: int) -> list[Figure]:
    from django.http import QueryDict

    from accounts.models import User
    from authorities.models import Authority, Officer
    from complaints.desks.authority_workspace import workspace_for
    from complaints.models import Complaint, HandlingStep
    from complaints.pages.authority.triage import forward as authority_bulk

    user = User.objects.create(email="triage@example.com", name="分送")
    place = Complaint.objects.filter(status="triage").first()
    if place is None:
        raise SystemExit("nothing waits")
    Officer.objects.create(
        user=user, authority=Authority.objects.get(pk=place.handling_authority_id), role=Role.INTAKE.post
    )
    waiting = iter(
        Complaint.objects.filter(pk__gt=STRIDE, status="triage").order_by("pk").values_list("number", flat=True)
    )
    held: list[float] = []

    def send(number: int) -> None:
        given = QueryDict(mutable=True)
        given.setlist("case", [next(waiting) for _ in range(number)])
        given["target"] = authority_bulk.OWN
        workspace = workspace_for(user, now=datetime.now(ZONE))
        form = authority_bulk.BatchForm(given, targets=[])
        if not form.is_valid():
            raise SystemExit(form.errors.as_text())
        run = authority_bulk.distribute(form, workspace.cases(), workspace)
        if run is None or len(run.done) != number:
            raise SystemExit(f"not all were done: {run}")

    def many() -> None:
        begun = time.perf_counter()
        send(at_once)
        held.append((time.perf_counter() - begun) * 1000)

    def alone() -> None:
        for _ in range(ALONE):
            send(1)

    many()
    alone()
    held.clear()
    rates, floors = [], []
    for _ in range(rounds):
        rates.append(at_once / timed(many))
        floors.append(ALONE / timed(alone))
    entries = HandlingStep.objects.filter(step="forward").values("complaint").distinct().count()
    if entries != (rounds + 1) * (at_once + ALONE):
        raise SystemExit(f"{entries} entries of the record")
    return [
        compared(
            rates,
            floors,
            benchmark="triage",
            what=f"distribute {at_once} cases",
            unit="/s",
            floor_is="/s, one by one",
            goal=("≥", 8),
            more={"milliseconds": [min(held), max(held)]},
        )
    ]


if __name__ == "__main__":
    sys.exit(publish("triage", measure(quick=arguments(__doc__).quick)))
