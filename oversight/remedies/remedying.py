"""A remedy from the demand on: proposed, agreed, reported, listed; public by two persons. The end: verifying.py.

Every change of a state is made here, behind a lock, together with the deed that says who and when. Who may ask for it
(region, role, enterprise) is the page's business; what may follow what is this file's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.letters import send_to
from accounts.models import User
from accounts.sign_in import persons
from enterprises.models import Enterprise
from oversight.hot_spots.guiding import OF_USE, ReductionRefusal
from oversight.models import Campaign, HotSpot, HotSpotAction, Remedy, RemedyReport, RemedySample
from oversight.remedies import affected
from oversight.remedies.affected import Line
from oversight.sending import managers_of

State, Publicity = Remedy.State, Campaign.Publicity
Kind = HotSpotAction.Kind
#: Letters of one sweep.
BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a demand is about: a hot spot, a campaign or a case, and which complaints that are."""

    spot: HotSpot | None = None
    campaign: Campaign | None = None
    case_number: str = ""
    sector: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What an enterprise reports: people, and yuan."""

    population: int
    remedied: int
    unreachable: int
    declined: int
    money: Decimal | None
    evidence: str
    explained: str
    why_moved: str


def demand(
    source: Source,
    *,
    enterprise_id: int,
    authority_id: int,
    region_id: int,
    cause: str,
    first: date,
    last: date,
    by: User,
    now: datetime,
) -> Remedy:
    """The enterprise reads it at once; its managers get a letter."""
    with transaction.atomic():
        remedy = Remedy.objects.create(
            authority_id=authority_id,
            region_id=region_id,
            enterprise_id=enterprise_id,
            hot_spot=source.spot,
            campaign=source.campaign,
            case_number=source.case_number,
            sector=source.sector,
            problem=source.problem,
            cause=cause,
            first=first,
            last=last,
            opened_by=by,
            opened_at=now,
        )
        note(remedy, Kind.DEMANDED, by=by, now=now, text=cause)
        tell(
            remedy,
            lambda: (
                _("【12315】%(authority)s要求为全部受影响的人补救") % {"authority": remedy.authority},
                _("%(authority)s要求%(firm)s为同一原因影响到的所有人补救，没有投诉的也算。请提出办法：%(link)s")
                % {"authority": remedy.authority, "firm": remedy.enterprise, "link": link_of(remedy)},
            ),
            now=now,
        )
    return remedy


def offer(
    enterprise: Enterprise,
    *,
    problem: str,
    cause: str,
    first: date,
    last: date,
    affected: str,
    how: str,
    due_on: date,
    by: User,
    now: datetime,
) -> Remedy:
    """What an enterprise proposes of its own accord, to the authority that enrolled it. Raises ReductionRefusal where
    none did.
    """
    authority = enterprise.enrolled_by
    if authority is None:
        raise ReductionRefusal("not_enrolled", _("企业入驻以后才能提出。"))
    with transaction.atomic():
        remedy = Remedy.objects.create(
            authority=authority,
            region_id=authority.region_id,
            enterprise=enterprise,
            problem=problem,
            cause=cause,
            first=first,
            last=last,
            affected=affected,
            how=how,
            due_on=due_on,
            state=State.PROPOSED,
            opened_by=by,
            opened_at=now,
        )
        note(remedy, Kind.OFFERED, by=by, now=now, text=_proposed(remedy))
    return remedy


def _proposed(remedy: Remedy) -> str:
    return f"{remedy.affected}\n{remedy.how}\n{remedy.due_on}"


def propose(remedy_id: int, *, affected: str, how: str, due_on: date, by: User, now: datetime) -> Remedy:
    """Who is affected, what they get, and the last day; it waits for the authority."""
    with transaction.atomic():
        remedy = held(remedy_id, State.ASKED, State.PROPOSED)
        remedy.affected, remedy.how, remedy.due_on = affected, how, due_on
        remedy.state = State.PROPOSED
        remedy.save(update_fields=["affected", "how", "due_on", "state"])
        note(remedy, Kind.OFFERED, by=by, now=now, text=_proposed(remedy))
    return remedy


def agree(remedy_id: int, *, seen: str, by: User, now: datetime) -> Remedy:
    """``seen``: the number of the newest deed that the officer read. Raises ReductionRefusal where there is a newer
    proposal.
    """
    with transaction.atomic():
        remedy = held(remedy_id, State.PROPOSED)
        if seen != mark_of(remedy):
            raise ReductionRefusal("moved_on", _("企业刚改了办法，请重新打开页面再看一遍。"))
        remedy.state = State.AGREED
        remedy.save(update_fields=["state"])
        note(remedy, Kind.AGREED, by=by, now=now)
        tell(
            remedy,
            lambda: (
                _("【12315】补救办法已同意"),
                _("%(authority)s同意了%(firm)s的补救办法。请补救，上传受影响的名单，并报告：%(link)s")
                % {"authority": remedy.authority, "firm": remedy.enterprise, "link": link_of(remedy)},
            ),
            now=now,
        )
    return remedy


def return_(remedy_id: int, *, why: str, by: User, now: datetime) -> Remedy:
    """Not like this; the enterprise proposes again."""
    with transaction.atomic():
        remedy = held(remedy_id, State.PROPOSED)
        remedy.state = State.ASKED
        remedy.save(update_fields=["state"])
        note(remedy, Kind.RETURNED, by=by, now=now, text=why)
        tell(
            remedy,
            lambda: (
                _("【12315】补救办法被退回"),
                _("%(authority)s退回了%(firm)s的补救办法：%(why)s 请修改后再提出：%(link)s")
                % {"authority": remedy.authority, "firm": remedy.enterprise, "why": why, "link": link_of(remedy)},
            ),
            now=now,
        )
    return remedy


def report(remedy_id: int, said: Reported, *, by: User, now: datetime) -> RemedyReport:
    """How far the enterprise is. Raises ReductionRefusal where the population moved meanwhile and no reason is
    given.
    """
    with transaction.atomic():
        remedy = held(remedy_id, State.AGREED, State.RUNNING)
        before = newest_report(remedy)
        if before is not None and before.population != said.population and not said.why_moved:
            raise ReductionRefusal("moved_on", _("受影响的人数和上一次报告的不同，请写明为什么。"))
        values = {name: getattr(said, name) for name in Reported.__slots__}
        made = RemedyReport.objects.create(remedy=remedy, by=by, at=now, **values)
        if remedy.state == State.AGREED:
            remedy.state = State.RUNNING
            remedy.save(update_fields=["state"])
        note(remedy, Kind.REMEDIED, by=by, now=now, text=said.evidence)
    return made


def take_list(remedy_id: int, lines: list[Line], *, by: User, now: datetime) -> Remedy:
    """In place of the one before. Raises ReductionRefusal while a sample of that one is looked at."""
    with transaction.atomic():
        remedy = held(remedy_id, State.AGREED, State.RUNNING)
        if open_sample(remedy) is not None:
            raise ReductionRefusal("sampled", _("监管部门正在抽查现在的名单，抽查完才能换。"))
        affected.keep(remedy, lines, now=now)
        remedy.save(update_fields=list(affected.KEPT))
        note(remedy, Kind.LISTED, by=by, now=now, said=f"{remedy.listed_remedied}/{remedy.listed}")
    return remedy


def newest_report(remedy: Remedy) -> RemedyReport | None:
    return remedy.reports.order_by("-pk").first()


def newest_sample(remedy: Remedy) -> RemedySample | None:
    return remedy.samples.order_by("-pk").first()


def open_sample(remedy: Remedy) -> RemedySample | None:
    """Drawn, and not looked at."""
    return remedy.samples.filter(checked_at=None).order_by("-pk").first()


def was_sampled(remedy: Remedy) -> bool:
    """Whether lines of the present list were drawn."""
    sample = newest_sample(remedy)
    return sample is not None and sample.listed_at == remedy.listed_at


def sweep(*, now: datetime) -> int:
    """Lists (affected.py), and letters about what is late; how many."""
    return affected.sweep(now=now) + _remind(now=now)


def _remind(*, now: datetime) -> int:
    """Tell enterprises, once a remedy, that its last day is over; how many."""
    with transaction.atomic():
        rows = Remedy.objects.filter(late(timezone.localdate(now)), reminded_at=None)
        rows = rows.select_related("authority", "enterprise").order_by("due_on", "pk")
        waiting = list(rows.select_for_update(skip_locked=True, of=("self",))[:BATCH])
        for remedy in waiting:
            note(remedy, Kind.CHASED, by=None, now=now)
            tell(
                remedy,
                lambda remedy=remedy: (  # type: ignore[misc]
                    _("【12315】补救已逾期"),
                    _("%(firm)s答应%(authority)s的补救已过最后一天。请补救完，并报告：%(link)s")
                    % {"authority": remedy.authority, "firm": remedy.enterprise, "link": link_of(remedy)},
                ),
                now=now,
            )
        Remedy.objects.filter(pk__in=[remedy.pk for remedy in waiting]).update(reminded_at=now)
    return len(waiting)


def late(on: date) -> Q:
    """Agreed, past the last day, and not verified."""
    return Q(due_on__lt=on, state__in=[State.AGREED, State.RUNNING])


# --- in public ------------------------------------------------------------------------------------------------------

_SHOWN = (State.AGREED, State.RUNNING, State.VERIFIED)


def ask_to_publish(remedy_id: int, *, by: User, now: datetime) -> Remedy:
    """It waits for a second person."""
    with transaction.atomic():
        remedy = held(remedy_id, *_SHOWN, publicity=(Publicity.NONE,))
        persons.ask(persons.matter_of(remedy), by, now=now, error=ReductionRefusal)
        remedy.publicity, remedy.proposed_by = Publicity.PROPOSED, by
        remedy.save(update_fields=["publicity", "proposed_by"])
        note(remedy, Kind.ASKED, by=by, now=now)
    return remedy


def publish(remedy_id: int, *, by: User, now: datetime) -> Remedy:
    """Public from now on. Raises ReductionRefusal for whoever proposed it."""
    with transaction.atomic():
        remedy = held(remedy_id, *_SHOWN, publicity=(Publicity.PROPOSED,))
        first = [remedy.proposed_by_id]
        persons.decide(persons.matter_of(remedy), by, asked=first, now=now, error=ReductionRefusal)
        remedy.publicity, remedy.decided_by, remedy.published_at = Publicity.PUBLISHED, by, now
        remedy.save(update_fields=["publicity", "decided_by", "published_at"])
        note(remedy, Kind.MADE_PUBLIC, by=by, now=now)
    return remedy


def send_back(remedy_id: int, *, why: str, by: User, now: datetime) -> Remedy:
    """Not public like this; the reason stands in its history."""
    with transaction.atomic():
        remedy = held(remedy_id, *_SHOWN, publicity=(Publicity.PROPOSED,))
        remedy.publicity, remedy.proposed_by = Publicity.NONE, None
        remedy.save(update_fields=["publicity", "proposed_by"])
        note(remedy, Kind.NOT_YET, by=by, now=now, text=why)
    return remedy


def withdraw(remedy_id: int, *, why: str, by: User, now: datetime) -> Remedy:
    """Its page stays and says that it was withdrawn, and why."""
    with transaction.atomic():
        remedy = held(remedy_id, *_SHOWN, publicity=(Publicity.PUBLISHED,))
        remedy.publicity, remedy.withdrawn_at, remedy.withdrawn_why = Publicity.WITHDRAWN, now, why
        remedy.save(update_fields=["publicity", "withdrawn_at", "withdrawn_why"])
        note(remedy, Kind.HIDDEN, by=by, now=now, text=why)
    return remedy


def mark_of(remedy: Remedy) -> str:
    """What changes with everything that is done to it."""
    return str(remedy.actions.order_by("-pk").values_list("pk", flat=True).first())


def link_of(remedy: Remedy) -> str:
    return f"{settings.SITE_URL}{reverse('oversight:enterprise-remedy', args=[remedy.pk])}"


def held(remedy_id: int, *states: str, publicity: Sequence[str] = ()) -> Remedy:
    """Locked, if it is in one of these states still."""
    rows = Remedy.objects.select_for_update(of=("self",)).select_related("authority", "enterprise")
    remedy = rows.get(pk=remedy_id)
    if remedy.state not in states or (publicity and remedy.publicity not in publicity):
        label = State(remedy.state).label
        raise ReductionRefusal("moved_on", _("这件事现在是“%(state)s”，请重新打开页面。") % {"state": label})
    return remedy


def note(remedy: Remedy, kind: str, *, by: User | None, now: datetime, **more: Any) -> None:
    HotSpotAction.objects.create(remedy=remedy, kind=kind, at=now, by=by, **more)


def tell(remedy: Remedy, text: Callable[[], tuple[str, str]], *, now: datetime) -> None:
    """A letter to each manager of the whole enterprise, in the own language."""
    for person in managers_of(remedy.enterprise_id, on=timezone.localdate(now)):
        send_to(person, text, now=now, of_use=OF_USE)
