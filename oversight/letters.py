"""Figures by mail: to directors each week or month, as they choose on /oversight/letters/; to managers each month.

One letter a period and reader, with nothing that this person would not see on the pages today. What cannot be counted
is left for the next sweep; the others do not wait for it. The letters and the mark that says so are one transaction.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext

from accounts.idempotency import redirect_once
from accounts.keys import sealed_fields
from accounts.letters import send_to
from accounts.models import User
from authorities.models import Authority, Officer
from complaints import wording
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import Choice, StepForm
from complaints.models import Heartbeat
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case_people import label_of
from database.row_security import seeing_as
from enterprises.models import Enterprise
from oversight.counters import figures as rollup_figures
from oversight.dashboard import last_week
from oversight.figures import figures
from oversight.figures.definitions import Period, Scope
from oversight.figures.figures import Figure, Measure
from oversight.hot_spots.hotspots import believed, believed_since
from oversight.hot_spots.reduction_forms import line_of
from oversight.mirror import mirror
from oversight.mirror.mirror import Reflection
from oversight.models import DirectorLetter, HotSpot
from oversight.presenting import cards, leagues, letter_pictures, overview
from oversight.presenting.choosing import CHOSEN, before
from oversight.presenting.places import Places
from oversight.presenting.trend import first_shown
from oversight.sending import managers_of
from web.incoming import posted
from web.languages import named
from web.listing import listed
from web.small_numbers import too_few

log = logging.getLogger(__name__)

BATCH = 20
#: So many of the newest hot spots stand in a letter; the page has them all.
HOT = 5
#: From this hour on: people read it at work.
HOUR = 8
#: A letter that could not be delivered for so long is no news any more.
OF_USE = timedelta(days=5)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LetterFigures:
    """What a letter says: where the cases stand now, what happened in the period, what stood out and is not judged;
    ``lines``: the sentence and the pictures of the first page, as text; ``pictures``: what each says, and its SVG.
    """

    places: list[Authority]
    totals: dict[str, int]
    flow: dict[str, Figure]
    hot: list[HotSpot]
    lines: list[str]
    pictures: list[tuple[str, str]]


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
        # A week or month that has not begun was written down by a wrong clock.
        done_for = Q(sent_for__gte=begun(every, today), sent_for__lte=today)
        waiting = DirectorLetter.objects.filter(every=every).exclude(done_for).order_by("pk")
        for letter in waiting.select_related("user")[:BATCH]:
            try:
                done += _write(letter, today, now=now)
            except Exception as error:
                log.error("director %s has no letter: %s", letter.user_id, type(error).__name__)
    return done


def _write(letter: DirectorLetter, today: date, *, now: datetime) -> int:
    """Counted before anything is locked: nobody's work waits for a letter."""
    user, period = letter.user, period_before(letter.every, today)
    shown = letter_figures(user, period, today=today, now=now)
    picture = letter_pictures.drawn(shown.pictures) if shown and shown.pictures else None
    with transaction.atomic():
        first = begun(letter.every, today)
        # Who comes second finds it done.
        if not DirectorLetter.objects.filter(
            Q(sent_for=None) | Q(sent_for__lt=first) | Q(sent_for__gt=today), pk=letter.pk, every=letter.every
        ).update(sent_for=first):
            return 0
        sealed_fields.load_for([user])
        if shown is not None and user.is_active and user.email:
            figures_shown = shown

            def text() -> tuple[str, str]:
                about = {
                    "places": listed([named(place) for place in figures_shown.places]),
                    "period": _period(letter.every, period),
                }
                return _("【12315】%(places)s：%(period)s") % about, _body(figures_shown, period)

            send_to(user, text, now=now, of_use=OF_USE, picture=picture)
    return 1


def letter_figures(user: User, period: Period, *, today: date, now: datetime) -> LetterFigures | None:
    """The figures as this person sees them, under row security too; None without an office."""
    offices = list(Officer.objects.on(today).filter(user=user).select_related("authority__region").order_by("pk"))
    places = list(dict.fromkeys(office.authority for office in offices))
    if not places:
        return None
    regions = tuple({place.region_id: place.region for place in places}.values())
    scope = Scope(regions=regions)
    measure = figures.Measure(scope, period, now, current_calendar())
    with seeing_as(user, day=today, is_at_job=False):
        open_now = leagues.open_now(measure)
        flow = rollup_figures.flow_of(measure)
        hot = believed(regions).filter(last__gte=period.first, last__lte=period.last)[:HOT]
        spots = believed_since(regions, first_shown(today))
        seen = overview.read(scope, Places(regions, None, (), None), [period, before(period, CHOSEN)], measure=measure)
        # Said while it is counted, so in the language of whoever will read it.
        with override(user.language):
            lines = last_week.in_letter(seen, spots, scope)
            pictures = last_week.pictures_of(seen, measure.calendar, today)
        return LetterFigures(places, open_now, flow, list(hot), lines, pictures)


def _period(every: str, period: Period) -> str:
    if every == "month":
        return date_format(period.first, "YEAR_MONTH_FORMAT")
    return _("%(first)s至%(last)s这一周") % {"first": period.first.isoformat(), "last": period.last.isoformat()}


def _body(shown: LetterFigures, period: Period) -> str:
    flow, totals = shown.flow, shown.totals
    settled, on_time = flow["settled"], flow["on_time"]
    money = flow["recovered"].money.get("CNY", {}).get("confirmed", 0)
    lines = [
        *([*shown.lines, ""] if shown.lines else []),
        _("现在：逾期%(overdue)s件，2个工作日内到期%(soon)s件，在办%(open)s件。")
        % {"overdue": totals["overdue"], "soon": totals["due_soon"], "open": totals["open"]},
        _("收到%(n)s件。") % {"n": flow["received"].n},
        _("按时办结率%(share)s。") % {"share": _share(on_time)},
        _("和解成功率%(share)s；其中%(silent)s件消费者没有答复。")
        % {"share": _share(settled), "silent": settled.beside["unconfirmed"]},
        _("按时受理率%(share)s。") % {"share": _share(flow["review_on_time"])},
        _("经确认挽回%(amount)s元。") % {"amount": f"{money:,.2f}"},
    ]
    if shown.hot:
        lines += ["", _("新的热点，还没有判断："), *map(_hot_line, shown.hot)]
        lines.append(_("全部热点：%(address)s") % {"address": f"{settings.SITE_URL}{reverse('oversight:hot-spots')}"})
    days = f"period=chosen&first={period.first}&last={period.last}"
    cases = {"address": f"{settings.SITE_URL}{reverse('oversight:dashboard')}?{days}"}
    choice = {"address": f"{settings.SITE_URL}{reverse('oversight:letters')}"}
    lines += ["", _("每个数背后的案件：%(address)s") % cases, _("不想再收到：%(address)s") % choice]
    return "\n".join(lines)


def _hot_line(spot: HotSpot) -> str:
    """Of a run of weeks since when; of a week or day which."""
    line = line_of(spot, url="")
    about = {"whose": line["whose"], "what": line["what"], "when": line["run"] or f"{line['kind']} {line['span']}"}
    counts = {"n": spot.observed, "usual": line["usual"]}
    return _("%(whose)s · %(what)s：%(when)s，收到%(n)s件，平时%(usual)s件") % (about | counts)


def _share(figure: Figure) -> str:
    """62.5%（n=48）; of too few 5/8（件数不足30，不列比率）."""
    about = {"share": cards.share_of(figure), "n": too_few(figure.n) or cards.n_of(figure)}
    return pgettext("a share and its number of cases", "%(share)s（%(n)s）") % about


EVERY: list[tuple[str, Any]] = [
    ("none", gettext_lazy("不寄")),
    ("week", gettext_lazy("每周一早上，上一周的")),
    ("month", gettext_lazy("每月1日早上，上个月的")),
]


class LettersForm(StepForm):
    """How often."""

    every = Choice(label=gettext_lazy("多久寄一次"), choices=EVERY, widget=forms.RadioSelect)


@officer_page("GET", "POST")
def letters(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    form = LettersForm(posted(request), initial={"every": chosen(workspace.user) or "none"})
    if form.is_bound and form.is_valid():

        def kept() -> tuple[str, str]:
            choose(workspace.user, form.cleaned_data["every"], now=workspace.now)
            return request.path, _("已保存。")

        return redirect_once(request, kept)
    sealed_fields.load_for([workspace.user])
    context = {"form": form, "address": workspace.user.email}
    return render(request, "oversight/letters.html", context, status=422 if form.is_bound else 200)


#: With the number of the enterprise: who writes its letter.
_LOCK = 0x0F1651
#: A letter that could not be delivered for so long is no news any more.
MONTHLY_OF_USE = timedelta(days=14)
CAUSES = 3


def sweep_summaries(*, now: datetime) -> int:
    """How many enterprises were written to; those that have no manager with an address are marked all the same.

    One that cannot be counted is named in the log and tried again with the next sweep; the others do not wait for it.
    """
    here = now.astimezone(SHANGHAI)
    if here.day == 1 and here.hour < HOUR:
        return 0
    begun = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    shown = Heartbeat.objects.since(begun, now=now).filter(name__startswith=_MARK).values_list("name", flat=True)
    done = {int(name.removeprefix(_MARK)) for name in shown}
    waiting = Enterprise.objects.filter(enrolment__in=["enrolled", "suspended"]).exclude(pk__in=done).order_by("pk")
    written = 0
    for enterprise in waiting:
        if written == BATCH:
            break
        try:
            written += _summarise(enterprise, period_before("month", here.date()), now=now, begun=begun)
        except Exception as error:
            log.error("enterprise %s has no summary of the month: %s", enterprise.pk, type(error).__name__)
    return written


_MARK = "summary of enterprise "


def _summarise(enterprise: Enterprise, period: Period, *, now: datetime, begun: datetime) -> int:
    """Counted before anything is locked: nobody's work waits for a letter."""
    measure = Measure(Scope(enterprise_id=enterprise.pk, is_own=True), period, now, current_calendar())
    was, causes = mirror.reflected(measure), mirror.causes(measure)[:CAUSES]

    def text() -> tuple[str, str]:
        about = {"month": date_format(period.first, "YEAR_MONTH_FORMAT"), "firm": enterprise}
        return _("【12315】%(month)s办理小结：%(firm)s") % about, _monthly_body(was, causes, period)

    with transaction.atomic():
        # Whoever comes second waits here and finds the mark.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, enterprise.pk % 2**31])
        if Heartbeat.objects.since(begun, now=now).filter(name=f"{_MARK}{enterprise.pk}").exists():
            return 0
        people = managers_of(enterprise.pk, on=now.astimezone(SHANGHAI).date())
        for person in people if was.counts["delivered"] or was.counts["ended"] else ():
            send_to(person, text, now=now, of_use=MONTHLY_OF_USE)
        Heartbeat.objects.update_or_create(name=f"{_MARK}{enterprise.pk}", defaults={"at": now})
    return 1


def _monthly_body(was: Reflection, causes: list[mirror.CauseLine], period: Period) -> str:
    counts = was.counts
    most = counts["settled"] + counts["unconfirmed"]
    settled = figures.part_of("settled", counts["settled"], was.judged, upper=most)
    lines = [
        _("送达%(n)s件，结束%(ended)s件。") % {"n": counts["delivered"], "ended": counts["ended"]},
        _("按时办结率%(share)s；届满仍未结束%(late)s件。")
        % {"share": _share(figures.part_of("on_time", counts["in_time"], was.came_due)), "late": counts["open_late"]},
        _("和解成功率%(share)s；其中%(silent)s件消费者没有答复。")
        % {"share": _share(settled), "silent": counts["unconfirmed"]},
        _("守约率%(share)s。") % {"share": _share(was.kept)},
        _("60天内再次投诉%(again)s件；最后一天才办结%(last)s件。")
        % {"again": counts["again"], "last": counts["ended_last_day"]},
    ]
    if causes:
        lines += ["", _("最常见的原因：")]
        lines += [
            _("· %(problem)s：%(cause)s，%(n)s件")
            % {"problem": label_of(one.problem), "cause": wording.label(one.cause, kind="root_cause"), "n": one.n}
            for one in causes
        ]
    if counts["untagged"]:
        lines.append(_("还有%(n)s件没有标记原因。") % {"n": counts["untagged"]})
    address = f"{settings.SITE_URL}{reverse('oversight:performance')}?first={period.first}&last={period.last}"
    return "\n".join([*lines, "", _("每个数背后的案件：%(address)s") % {"address": address}])
