"""When people may be disturbed: quiet hours of short messages and calls, and the digests of people at work.

Pure arithmetic on local time; 08:00 is no longer quiet, 21:00 is quiet again.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from complaints.procedure.working_calendar import SHANGHAI, Calendar

#: What rings or buzzes.
LOUD = frozenset({"sms", "voice"})
_FROM, _UNTIL = time(8), time(21)
#: On working days.
DIGESTS = (time(8, 30), time(14))
#: Reminders fall due at 08:30 sharp: the digest waits until the sweep has written them.
GATHERS = timedelta(minutes=2)


def is_quiet(moment: datetime) -> bool:
    return not _FROM <= moment.astimezone(SHANGHAI).time() < _UNTIL


def not_before(channel: str, moment: datetime) -> datetime:
    """The first instant from ``moment`` on at which this channel may be used."""
    if channel not in LOUD or not is_quiet(moment):
        return moment
    here = moment.astimezone(SHANGHAI)
    day = here.date() + timedelta(days=1) if here.time() >= _UNTIL else here.date()
    return datetime.combine(day, _FROM, SHANGHAI)


def next_digest(moment: datetime, calendar: Calendar) -> datetime:
    """When what is written at ``moment`` is told in a digest: 08:30 or 14:00 of a working day, and two minutes."""
    here = moment.astimezone(SHANGHAI)
    day = here.date()
    if calendar.is_working(day):
        for at in DIGESTS:
            gathered = datetime.combine(day, at, SHANGHAI) + GATHERS
            if here < gathered:
                return gathered
    return datetime.combine(calendar.after(day, 1), DIGESTS[0], SHANGHAI) + GATHERS
