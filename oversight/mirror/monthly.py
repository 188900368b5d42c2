"""The monthly summary: what an enterprise's mirror showed of the month that is over, as a letter to its managers.

One summary a month and enterprise. The letters and the mark that says so are one transaction, so whoever
is killed in the middle begins again with the next sweep, and nobody is written to twice.
"""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage, User
from accounts.roles import Right
from complaints import wording
from complaints.models import Heartbeat
from complaints.parties.conditions import current_calendar
from complaints.procedure.working_calendar import SHANGHAI
from complaints.reading.case_people import label_of
from enterprises.models import Enterprise
from enterprises.team.staffing import at_work
from oversight.figures.figures import Measure
from oversight.figures.scope import Period, Scope
from oversight.mirror import mirror
from oversight.mirror.mirror import Reflection
from oversight.presenting import cards

log = logging.getLogger(__name__)

#: Enterprises of one sweep.
BATCH = 20
#: With the number of the enterprise: who writes its letter.
_LOCK = 0x0F1651
#: From this hour of the first day on: managers read it at work.
HOUR = 8
#: A letter that could not be delivered for so long is no news any more.
OF_USE = timedelta(days=14)
CAUSES = 3


def month_before(day: date) -> Period:
    """The calendar month before the one of ``day``."""
    last = day.replace(day=1) - timedelta(days=1)
    return Period(first=last.replace(day=1), last=last)


def sweep_summaries(*, now: datetime) -> int:
    """How many enterprises were written to; those that have no manager with an address are marked all the same.

    One that cannot be counted is named in the log and tried again with the next sweep; the others do not wait for it.
    """
    here = now.astimezone(SHANGHAI)
    if here.day == 1 and here.hour < HOUR:
        return 0
    begun = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    told = Heartbeat.objects.filter(name__startswith=_MARK, at__gte=begun).values_list("name", flat=True)
    done = {int(name.removeprefix(_MARK)) for name in told}
    waiting = Enterprise.objects.filter(enrolment__in=["enrolled", "suspended"]).exclude(pk__in=done).order_by("pk")
    written = 0
    for enterprise in waiting:
        if written == BATCH:
            break
        try:
            written += _summarise(enterprise, month_before(here.date()), now=now, begun=begun)
        except Exception as error:
            log.error("enterprise %s has no summary of the month: %s", enterprise.pk, type(error).__name__)
    return written


_MARK = "summary of enterprise "


def _summarise(enterprise: Enterprise, period: Period, *, now: datetime, begun: datetime) -> int:
    """Counted before anything is locked: nobody's work waits for a letter."""
    measure = Measure(Scope(enterprise_id=enterprise.pk, is_own=True), period, now, current_calendar())
    was, causes = mirror.reflected(measure), mirror.causes(measure)[:CAUSES]
    with transaction.atomic():
        # Whoever comes second waits here and finds the mark.
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, enterprise.pk])
        if Heartbeat.objects.filter(name=f"{_MARK}{enterprise.pk}", at__gte=begun).exists():
            return 0
        people = managers_of(enterprise.pk, on=now.astimezone(SHANGHAI).date())
        for person in people if was.counts["delivered"] or was.counts["ended"] else ():
            with override(person.language):
                OutgoingMessage.objects.create(
                    channel="email",
                    address=person.email,
                    person_key=person.person_key,
                    created_at=now,
                    useful_until=now + OF_USE,
                    subject=_("【12315】%(month)s办理小结：%(firm)s")
                    % {"month": date_format(period.first, "YEAR_MONTH_FORMAT"), "firm": enterprise},
                    body=_body(was, causes, period),
                )
        Heartbeat.objects.update_or_create(name=f"{_MARK}{enterprise.pk}", defaults={"at": now})
    return 1


def managers_of(pk: int, *, on: date) -> list[User]:
    """Managers of the whole enterprise who can be written to."""
    jobs = at_work(on).filter(enterprise_id=pk, branch=None, role__in=Right.LEAD_ENTERPRISE.posts).values("user_id")
    people = list(User.objects.filter(pk__in=jobs, is_active=True).order_by("pk"))
    sealed_fields.load_for(people)
    return [person for person in people if person.email]


def _body(was: Reflection, causes: list[mirror.CauseLine], period: Period) -> str:
    counts = was.counts
    lines = [
        _("收到%(n)s件，结束%(ended)s件。") % {"n": counts["delivered"], "ended": counts["ended"]},
        _("按时办结率%(share)s（n=%(n)s）；届满仍未结束%(late)s件。")
        % {"share": cards.percent(was.on_time), "n": was.came_due, "late": counts["open_late"]},
        _("和解成功率%(share)s（n=%(n)s）；其中%(silent)s件消费者没有答复。")
        % {"share": cards.percents(was.confirmed, was.upper), "n": was.judged, "silent": counts["unconfirmed"]},
        _("守约率%(share)s（n=%(n)s）。") % {"share": cards.percent(was.kept.value), "n": was.kept.n},
        _("60天内再次投诉%(again)s件；最后一天才结束%(last)s件。")
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
