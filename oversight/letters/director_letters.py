"""The letter to a director: the first figures of the own offices, of the week or the month that is over.

One letter a week or month, only to whoever chose it, with nothing that this person would not see on
/oversight/ today. What cannot be counted is left for the next sweep; the others do not wait for it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage, User
from authorities.models import Authority, Officer
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from database.row_security import seeing_as
from oversight.counters import figures as rollup_figures
from oversight.figures import figures
from oversight.figures.figures import Figure
from oversight.figures.scope import Period, Scope
from oversight.models import DirectorLetter
from oversight.presenting import cards, leagues
from web.languages import named
from web.listing import listed

log = logging.getLogger(__name__)

BATCH = 20
#: From this hour on: people read it at work.
HOUR = 8
#: A letter that could not be delivered for so long is no news any more.
OF_USE = timedelta(days=5)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Told:
    """What a letter says: where the cases stand now, what happened in the period."""

    places: list[Authority]
    totals: dict[str, int]
    flow: dict[str, Figure]


def begun(every: str, day: date) -> date:
    """The first day of the week (Monday) or month that this day lies in."""
    return day - timedelta(days=day.weekday()) if every == "week" else day.replace(day=1)


def period_before(every: str, day: date) -> Period:
    """The week or month before the one of this day."""
    last = begun(every, day) - DAY
    return Period(first=begun(every, last), last=last)


def chosen(user: User) -> str:
    """ "week", "month", or nothing."""
    return DirectorLetter.objects.filter(user=user).values_list("every", flat=True).first() or ""


def choose(user: User, every: str, *, now: datetime) -> None:
    """``every``: week, month, or nothing to get no more of them. The first one comes with the next week or month."""
    if every not in DirectorLetter.EVERY:
        DirectorLetter.objects.filter(user=user).delete()
        return
    DirectorLetter.objects.update_or_create(
        user=user,
        defaults={"every": every, "chosen_at": now, "sent_for": begun(every, now.astimezone(SHANGHAI).date())},
    )


def sweep_director_letters(*, now: datetime) -> int:
    """How many were dealt with; who holds no office any more is passed over without a letter."""
    here = now.astimezone(SHANGHAI)
    if here.hour < HOUR:
        return 0
    today, done = here.date(), 0
    for every in DirectorLetter.EVERY:
        waiting = DirectorLetter.objects.filter(every=every).exclude(sent_for__gte=begun(every, today)).order_by("pk")
        for letter in waiting.select_related("user")[:BATCH]:
            try:
                done += _write(letter, today, now=now)
            except Exception as error:
                log.error("director %s has no letter: %s", letter.user_id, type(error).__name__)
    return done


def _write(letter: DirectorLetter, today: date, *, now: datetime) -> int:
    """Counted before anything is locked: nobody's work waits for a letter."""
    user, period = letter.user, period_before(letter.every, today)
    told = told_to(user, period, today=today, now=now)
    with transaction.atomic():
        first = begun(letter.every, today)
        # Who comes second finds it done.
        if not DirectorLetter.objects.filter(
            Q(sent_for=None) | Q(sent_for__lt=first), pk=letter.pk, every=letter.every
        ).update(sent_for=first):
            return 0
        sealed_fields.load_for([user])
        if told is not None and user.is_active and user.email:
            with override(user.language):
                OutgoingMessage.objects.create(
                    channel="email",
                    address=user.email,
                    person_key=user.person_key,
                    created_at=now,
                    useful_until=now + OF_USE,
                    subject=_("【12315】%(places)s：%(period)s")
                    % {"places": _places(told), "period": _period(letter.every, period)},
                    body=_body(told, period),
                )
    return 1


def told_to(user: User, period: Period, *, today: date, now: datetime) -> Told | None:
    """The figures as this person sees them, behind both walls; None without an office."""
    offices = list(Officer.objects.on(today).filter(user=user).select_related("authority__region").order_by("pk"))
    places = list(dict.fromkeys(office.authority for office in offices))
    if not places:
        return None
    scope = Scope(regions=tuple({place.region_id: place.region for place in places}.values()))
    measure = figures.Measure(scope, period, now, current_calendar())
    with seeing_as(user, day=today, is_at_job=False):
        standing = leagues.standing(measure)
        flow = rollup_figures.flow(measure)
        if flow is None:
            flow = figures.flow_figures(
                measure, figures.stages_of(measure), received=sum(figures.received(measure).values())
            )
    return Told(places, standing.totals, flow)


def _places(told: Told) -> str:
    return listed([named(place) for place in told.places])


def _period(every: str, period: Period) -> str:
    if every == "month":
        return date_format(period.first, "YEAR_MONTH_FORMAT")
    return _("%(first)s至%(last)s这一周") % {"first": period.first.isoformat(), "last": period.last.isoformat()}


def _body(told: Told, period: Period) -> str:
    flow, totals = told.flow, told.totals
    settled, on_time = flow["settled"], flow["on_time"]
    money = flow["recovered"].money.get("CNY", {}).get("confirmed", 0)
    lines = [
        _("现在：逾期%(overdue)s件，2个工作日内到期%(soon)s件，在办%(open)s件。")
        % {"overdue": totals["overdue"], "soon": totals["due_soon"], "open": totals["open"]},
        _("收到%(n)s件。") % {"n": flow["received"].n},
        _("按时办结率%(share)s（n=%(n)s）。") % {"share": cards.percent(on_time.value), "n": on_time.n},
        _("和解成功率%(share)s（n=%(n)s）；其中%(silent)s件消费者没有答复。")
        % {
            "share": cards.percents(settled.value, settled.upper_value),
            "n": settled.n,
            "silent": settled.beside["unconfirmed"],
        },
        _("按时受理率%(share)s（n=%(n)s）。")
        % {"share": cards.percent(flow["review_on_time"].value), "n": flow["review_on_time"].n},
        _("经确认挽回%(amount)s元。") % {"amount": f"{money:,.2f}"},
    ]
    address = (
        f"{settings.SITE_URL}{reverse('oversight:dashboard')}?period=chosen&first={period.first}&last={period.last}"
    )
    return "\n".join(
        [
            *lines,
            "",
            _("每个数背后的案件：%(address)s") % {"address": address},
            _("不想再收到：%(address)s") % {"address": f"{settings.SITE_URL}{reverse('oversight:letters')}"},
        ]
    )
