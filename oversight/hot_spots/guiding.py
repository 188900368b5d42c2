"""From a hot spot to what is done about it: the judgement, the guidance of an enterprise, its reports, the end.

Every change of a state is made here, behind a lock, together with the deed that says who and when. Who
may ask for it (region, role, enterprise) is the page or the API's business; what may follow what is this file's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.letters import send_to
from accounts.models import User
from oversight.hot_spots.campaign_counts import baseline_of
from oversight.hot_spots.effects import effect_of
from oversight.models import Guidance, GuidanceMeasure, HotSpot, HotSpotAction
from oversight.sending import managers_of
from web.errors import Refusal

Kind = HotSpotAction.Kind
#: Measures of one guidance: more are a programme, not a guidance.
MOST_MEASURES = 20
#: A letter that could not be delivered for so long is no news any more.
OF_USE = timedelta(days=14)
#: Measures of one sweep.
BATCH = 100


class ReductionRefusal(Refusal):
    """Something that may not be done now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMeasure:
    """A measure: what, which post answers for it, by which day; in a campaign the ``figure`` that the portal counts and
    its ``target``, if it is one.
    """

    what: str
    responsible: str
    due_on: date
    figure: str = ""
    target: float | None = None


def dismiss(spot_id: int, *, why: str, by: User, now: datetime) -> HotSpot:
    """Not a cause for action, with the reason. Raises ReductionRefusal where somebody judged otherwise meanwhile."""
    return _judged(spot_id, HotSpot.State.OPEN, HotSpot.State.DISMISSED, Kind.DISMISSED, why=why, by=by, now=now)


def take_over(spot_id: int, *, by: User, now: datetime) -> HotSpot:
    """Whoever takes it over stands for it from now on; once more by the same person changes nothing."""
    with transaction.atomic():
        spot = HotSpot.objects.select_for_update().get(pk=spot_id)
        if spot.owner_id != by.pk:
            spot.owner = by
            spot.save(update_fields=["owner"])
            HotSpotAction.objects.create(hot_spot=spot, kind=Kind.TAKEN, at=now, by=by)
    return spot


def reopen(spot_id: int, *, why: str, by: User, now: datetime) -> HotSpot:
    """It is to be judged after all."""
    return _judged(spot_id, HotSpot.State.DISMISSED, HotSpot.State.OPEN, Kind.REOPENED, why=why, by=by, now=now)


def _judged(spot_id: int, before: str, after: str, kind: str, *, why: str, by: User, now: datetime) -> HotSpot:
    with transaction.atomic():
        spot = HotSpot.objects.select_for_update().get(pk=spot_id)
        if spot.state != before:
            raise ReductionRefusal("moved_on", _("这个热点已经由别人判断过了，请重新打开页面。"))
        spot.state, spot.owner = after, by
        spot.save(update_fields=["state", "owner"])
        HotSpotAction.objects.create(hot_spot=spot, kind=kind, at=now, by=by, text=why)
    return spot


def open_guidance(
    spot_id: int, *, enterprise_id: int, authority_id: int, causes: str, first: WantedMeasure, by: User, now: datetime
) -> Guidance:
    """A draft with its first measure, not seen by the enterprise. Raises ReductionRefusal: opened before."""
    with transaction.atomic():
        spot = HotSpot.objects.select_for_update().get(pk=spot_id)
        try:
            with transaction.atomic():
                guidance = Guidance.objects.create(
                    hot_spot=spot,
                    enterprise_id=enterprise_id,
                    authority_id=authority_id,
                    causes=causes,
                    opened_by=by,
                    opened_at=now,
                )
        except IntegrityError:
            raise ReductionRefusal("opened_before", _("对这家企业已经就这个热点发起过行政指导。")) from None
        spot.state, spot.owner = HotSpot.State.GUIDED, by
        spot.save(update_fields=["state", "owner"])
        note(guidance, Kind.OPENED, by=by, now=now, text=causes)
        _add(guidance, first, by=by, now=now)
    return guidance


def add_measure(guidance_id: int, wanted: WantedMeasure, *, by: User, now: datetime) -> Guidance:
    """One more measure of a draft, or of a campaign before its meeting. Raises ReductionRefusal afterwards."""
    with transaction.atomic():
        guidance = _held_to_change(guidance_id)
        if guidance.measures.count() >= MOST_MEASURES:
            raise ReductionRefusal("too_many", _("一份行政指导最多%(n)s项措施。") % {"n": MOST_MEASURES})
        _add(guidance, wanted, by=by, now=now)
    return guidance


def drop_measure(guidance_id: int, number: int, *, by: User, now: datetime) -> Guidance:
    """A measure of a draft, or of a campaign before its meeting, that is not wanted after all."""
    with transaction.atomic():
        guidance = _held_to_change(guidance_id)
        measure = guidance.measures.filter(number=number).first()
        if measure is None:
            raise ReductionRefusal("moved_on", _("这项措施已经删去了。"))
        measure.delete()
        note(guidance, Kind.MEASURE_DROPPED, by=by, now=now, measure=number, text=measure.what)
    return guidance


def send(guidance_id: int, *, by: User, now: datetime) -> Guidance:
    """The enterprise sees it from now on; its managers get a letter. Raises ReductionRefusal without a measure."""
    with transaction.atomic():
        guidance = _held(guidance_id, Guidance.State.DRAFT)
        if not guidance.measures.exists():
            raise ReductionRefusal("no_measure", _("请先至少提出一项措施，再送达企业。"))
        guidance.state, guidance.sent_at = Guidance.State.SENT, now
        guidance.save(update_fields=["state", "sent_at"])
        note(guidance, Kind.SENT, by=by, now=now)
        tell(
            guidance,
            lambda: (
                _("【12315】%(authority)s发来行政指导") % {"authority": guidance.authority},
                _("%(authority)s就一类投诉的增多向%(firm)s发出行政指导，请按期采取措施并报告进展：%(link)s")
                % {"authority": guidance.authority, "firm": guidance.enterprise, "link": link_of(guidance)},
            ),
            now=now,
        )
    return guidance


def report(
    guidance_id: int,
    number: int,
    *,
    state: str,
    text: str,
    evidence: str = "",
    put_file: Callable[[GuidanceMeasure], None] | None = None,
    by: User,
    now: datetime,
) -> Guidance:
    """How far the enterprise is with one measure, and where that can be seen; ``put_file`` puts a file with it. Raises
    ReductionRefusal once the guidance is closed, and where the portal itself counts whether it is done.
    """
    with transaction.atomic():
        guidance = _held(guidance_id, Guidance.State.SENT)
        measure = guidance.measures.select_for_update().filter(number=number).first()
        if measure is None:
            raise ReductionRefusal("no_such_measure", _("没有这项措施，请重新打开页面。"))
        if measure.figure and (state == GuidanceMeasure.State.DONE) != (measure.state == GuidanceMeasure.State.DONE):
            raise ReductionRefusal(
                "counted",
                _("这项措施是数字，由平台到期计算是否达到，不能自己改成或改掉“已经完成”。请选另一项并写明进展。"),
            )
        if not measure.figure:
            measure.done_on = timezone.localdate(now) if state == GuidanceMeasure.State.DONE else None
        measure.state, measure.evidence = state, evidence or measure.evidence
        measure.save(update_fields=["state", "done_on", "evidence"])
        if put_file is not None:
            put_file(measure)
        if evidence:
            text = _("%(text)s\n证据：%(evidence)s") % {"text": text, "evidence": evidence}
        note(guidance, Kind.REPORTED, by=by, now=now, measure=number, text=text, said=state)
    return guidance


def close(guidance_id: int, *, verdict: str, why: str, by: User, now: datetime) -> Guidance:
    """Whether it helped, with the reason; what was counted stands still from here on. Raises ReductionRefusal where it
    is to be called a success and the counts do not say so.
    """
    with transaction.atomic():
        guidance = _held(guidance_id, Guidance.State.SENT)
        effect = effect_of(guidance)
        if verdict == Guidance.Verdict.EFFECTIVE and not (effect is not None and effect.is_success):
            raise ReductionRefusal(
                "not_shown", _("前后对比的结果是“低于平常”的，才能选“起了作用”。请另选一项，或者等到满28天、56天再看。")
            )
        guidance.state, guidance.verdict, guidance.closed_at = Guidance.State.CLOSED, verdict, now
        guidance.save(update_fields=["state", "verdict", "closed_at"])
        note(guidance, Kind.CLOSED, by=by, now=now, text=why, said=verdict)
        tell(
            guidance,
            lambda: (
                _("【12315】行政指导已结束"),
                _("%(authority)s对%(firm)s的行政指导已经结束，判断：%(verdict)s。%(link)s")
                % {
                    "authority": guidance.authority,
                    "firm": guidance.enterprise,
                    "link": link_of(guidance),
                    "verdict": Guidance.Verdict(verdict).label,
                },
            ),
            now=now,
        )
    return guidance


def late(on: date) -> Q:
    """Measures whose last day is over and that are not done."""
    return Q(due_on__lt=on) & ~Q(state=GuidanceMeasure.State.DONE)


def sweep_reminders(*, now: datetime) -> int:
    """Tell enterprises, once a measure, that its last day is over; how many."""
    today = timezone.localdate(now)
    with transaction.atomic():
        rows = GuidanceMeasure.objects.filter(late(today), reminded_at=None, guidance__state=Guidance.State.SENT)
        # The portal counts a figure first, up to its last day.
        rows = rows.filter(Q(figure="") | Q(counted_to__gte=F("due_on")))
        rows = rows.select_related("guidance__enterprise", "guidance__authority").order_by("due_on", "pk")
        waiting = list(rows.select_for_update(skip_locked=True, of=("self",))[:BATCH])
        for measure in waiting:
            guidance = measure.guidance
            note(guidance, Kind.REMINDED, by=None, now=now, measure=measure.number, text=measure.what)
            tell(
                guidance,
                lambda guidance=guidance, measure=measure: (  # type: ignore[misc]
                    _("【12315】行政指导的一项措施已逾期"),
                    _(
                        "%(authority)s对%(firm)s的行政指导：措施%(n)s“%(what)s”的期限已过，还没有报告完成。请报告进展：%(link)s"
                    )
                    % {
                        "authority": guidance.authority,
                        "firm": guidance.enterprise,
                        "n": measure.number,
                        "what": measure.what,
                        "link": link_of(guidance),
                    },
                ),
                now=now,
            )
        GuidanceMeasure.objects.filter(pk__in=[measure.pk for measure in waiting]).update(reminded_at=now)
    return len(waiting)


def _held(guidance_id: int, *states: str) -> Guidance:
    """Locked, if it is in one of these states still."""
    related = ("enterprise", "authority", "hot_spot", "campaign")
    guidance = Guidance.objects.select_for_update(of=("self",)).select_related(*related).get(pk=guidance_id)
    if guidance.state not in states:
        label = Guidance.State(guidance.state).label
        raise ReductionRefusal("moved_on", _("这份行政指导已是“%(state)s”，请重新打开页面。") % {"state": label})
    return guidance


def _held_to_change(guidance_id: int) -> Guidance:
    """Locked, if its measures may still be changed: a draft, or in a campaign whose meeting was not yet."""
    guidance = _held(guidance_id, Guidance.State.DRAFT, Guidance.State.SENT)
    campaign = guidance.campaign
    if campaign is not None:
        # As it is now that nobody else changes the guidance.
        campaign.refresh_from_db(fields=["state"])
    is_open = guidance.state == Guidance.State.DRAFT if campaign is None else campaign.state == campaign.State.CALLED
    if not is_open:
        raise ReductionRefusal("moved_on", _("措施已经定下来，不能再改，请重新打开页面。"))
    return guidance


def _add(guidance: Guidance, wanted: WantedMeasure, *, by: User, now: datetime) -> None:
    # A number that was given once is not given again: actions name measures by it.
    used = guidance.actions.aggregate(Max("measure"))["measure__max"] or 0
    baseline: tuple[float | None, int | None] = (None, None)
    if wanted.figure and guidance.campaign is not None:
        baseline = baseline_of(guidance.campaign, guidance.enterprise_id, wanted.figure)
    GuidanceMeasure.objects.create(
        guidance=guidance,
        number=used + 1,
        what=wanted.what,
        responsible=wanted.responsible,
        due_on=wanted.due_on,
        figure=wanted.figure,
        target=wanted.target if wanted.figure else None,
        baseline=baseline[0],
        baseline_n=baseline[1],
    )
    note(guidance, Kind.MEASURE_ADDED, by=by, now=now, measure=used + 1, text=wanted.what)


def note(guidance: Guidance, kind: str, *, by: User | None, now: datetime, **more: Any) -> None:
    """``more``: measure, text, said."""
    about = {"hot_spot_id": guidance.hot_spot_id, "campaign_id": guidance.campaign_id, "guidance": guidance}
    HotSpotAction.objects.create(**about, kind=kind, at=now, by=by, **more)


def link_of(guidance: Guidance) -> str:
    return f"{settings.SITE_URL}{reverse('oversight:enterprise-guidance', args=[guidance.pk])}"


def tell(guidance: Guidance, text: Callable[[], tuple[str, str]], *, now: datetime) -> None:
    """A letter to each manager of the whole enterprise, in the own language."""
    for person in managers_of(guidance.enterprise_id, on=timezone.localdate(now)):
        send_to(person, text, now=now, of_use=OF_USE)
