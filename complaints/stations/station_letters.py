"""What became of the complaints that a station wrote down: one letter a working day to those who work there.

It says numbers and statuses of what the station may still follow (complaints/stations/stations.py), and nothing of a
person or of what it is about. Where nothing moved nobody is written to."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.keys import sealed_fields
from accounts.models import OutgoingMessage, User
from authorities.periods import holds_on
from complaints import wording
from complaints.models import Complaint
from complaints.parties.conditions import current_calendar
from complaints.procedure.workflow import Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.stations import stations
from enterprises.models import StationStaff
from web.languages import named

BATCH = 200
#: From this hour on: people read it at work.
HOUR = 8
#: A letter that could not be delivered for so long is no news any more.
OF_USE = timedelta(days=2)
#: Of one letter; the rest stands in the list of the station.
MOST = 50


def sweep_station_letters(*, now: datetime) -> int:
    """How many people were dealt with; who left, and what moved before somebody came, is told to nobody."""
    here, calendar = now.astimezone(SHANGHAI), current_calendar()
    today = here.date()
    if here.hour < HOUR or not calendar.is_working(today):
        return 0
    begun = calendar.moment(today)
    with transaction.atomic():
        posts = list(
            StationStaff.objects.filter(
                Q(told_at=None) | Q(told_at__lt=begun), holds_on(today), holds_on(today, prefix="station__")
            )
            .select_for_update(of=("self",), skip_locked=True)
            .select_related("user", "station")
            .order_by("pk")[:BATCH]
        )
        if not posts:
            return 0
        sealed_fields.load_for([post.user for post in posts])
        # The first letter tells of the day before it.
        since = {post.pk: post.told_at or begun - timedelta(days=1) for post in posts}
        news: dict[int, list[Complaint]] = defaultdict(list)
        for station in {post.station_id: post.station for post in posts}.values():
            first = min(since[post.pk] for post in posts if post.station_id == station.pk)
            news[station.pk] = list(
                stations.cases_of(station)
                .filter(status_since__gt=first, status_since__lte=now)
                .exclude(status=Status.FILED)
                .order_by("-status_since", "-pk")
            )
        for post in posts:
            moved = [case for case in news[post.station_id] if case.status_since > since[post.pk]]
            if moved and post.user.is_active and post.user.email:
                _write(post, post.user, moved, now=now)
            post.told_at = now
        StationStaff.objects.bulk_update(posts, ["told_at"])
    return len(posts)


def _write(post: StationStaff, user: User, moved: list[Complaint], *, now: datetime) -> None:
    with override(user.language):
        lines = [
            _("%(number)s：%(status)s")
            % {
                "number": case.number,
                "status": wording.label(case.outcome or case.status, kind="outcome" if case.outcome else "status"),
            }
            for case in moved[:MOST]
        ]
        OutgoingMessage.objects.create(
            channel="email",
            address=user.email,
            person_key=user.person_key,
            created_at=now,
            useful_until=now + OF_USE,
            subject=_("【12315】%(station)s代为提交的投诉有进展：%(n)s件")
            % {"station": named(post.station), "n": len(moved)},
            body="\n".join(
                [
                    *lines,
                    "",
                    _("全部：%(address)s") % {"address": f"{settings.SITE_URL}{reverse('complaints:station-cases')}"},
                ]
            ),
        )
