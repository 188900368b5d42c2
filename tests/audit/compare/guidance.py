"""What is said of the effect of each guidance, beside the same found anew from the cases."""

from __future__ import annotations

from dataclasses import astuple

from oversight.hot_spots import effects
from oversight.models import Guidance, HotSpot
from tests.audit import Pair, Pairs
from tests.audit.compare import Audit
from tests.audit.core import guided
from tests.audit.core.record import local

APART = 1e-6


def compared(audit: Audit) -> Pairs:
    every = (
        Guidance.objects.filter(campaign=None).exclude(sent_at=None).select_related("hot_spot__region").order_by("pk")
    )
    for guidance in audit.some(list(every)):
        now = guidance.closed_at or audit.now
        told = effects.counted(guidance, now=now)
        own = guided.of(audit.rows, asked_of(guidance), local(now).date())
        about = (f"guidance {guidance.pk}", f"of {guidance.hot_spot.first}, sent {local(guidance.sent_at).date()}")
        yield Pair("effect: usual days", *about, told.days_before, own.days_before)
        yield Pair("effect: control group", *about, told.control_group.kind, own.kind)
        yield Pair("effect: counts so far", *about, astuple(told.so_far), astuple(own.so_far))
        yield Pair("effect: counts at the looks", *about, [*map(astuple, told.looks)], [*map(astuple, own.looks)])
        yield Pair("effect: phi", *about, told.known.phi, own.phi, APART)
        yield Pair("effect: df", *about, told.known.df, own.df, APART)
        yield Pair("effect: trend", *about, told.trend, own.trend, APART)
        yield Pair("effect: verdict", *about, told.verdict, own.verdict)
        shown = told.ratio
        yield Pair("effect: has a ratio", *about, shown is not None, own.ratio is not None)
        if shown is not None and own.ratio is not None:
            for name, one, other in zip(("ratio", "low", "high"), astuple(shown), own.ratio, strict=True):
                yield Pair(f"effect: {name}", *about, one / other, 1.0, APART)


def asked_of(guidance: Guidance) -> guided.Guided:
    spot = guidance.hot_spot
    cell = {"enterprise": spot.enterprise_id, "region": spot.region_id, "facet": spot.facet}
    older = HotSpot.objects.filter(**cell, first__lt=spot.first).values_list("first", "last")
    assert guidance.sent_at is not None
    return guided.Guided(
        enterprise=guidance.enterprise_id,
        sent=local(guidance.sent_at).date(),
        first=spot.first,
        facet=spot.facet,
        region=spot.region_id,
        place=spot.place,
        older=list(older),
    )
