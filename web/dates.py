"""Days and moments in words: people are told the last day on which they may act, never the first late instant."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.dateformat import format as formatted
from django.utils.translation import get_language, ngettext, pgettext, pgettext_lazy

_WEEKDAYS = (
    pgettext_lazy("weekday", "周一"),
    pgettext_lazy("weekday", "周二"),
    pgettext_lazy("weekday", "周三"),
    pgettext_lazy("weekday", "周四"),
    pgettext_lazy("weekday", "周五"),
    pgettext_lazy("weekday", "周六"),
    pgettext_lazy("weekday", "周日"),
)
_WEEKDAYS_IN_FULL = (
    pgettext_lazy("weekday in full", "周一"),
    pgettext_lazy("weekday in full", "周二"),
    pgettext_lazy("weekday in full", "周三"),
    pgettext_lazy("weekday in full", "周四"),
    pgettext_lazy("weekday in full", "周五"),
    pgettext_lazy("weekday in full", "周六"),
    pgettext_lazy("weekday in full", "周日"),
)


def written(day: date, *, year: bool, weekday: bool = False, in_full: bool = False) -> str:
    """12月2日（周三） / Wed 2 Dec; ``in_full``: 12月2日（周三） / Wednesday 2 December."""
    return _written(date(day.year, day.month, day.day), year, weekday, in_full, get_language())


@lru_cache(maxsize=2048)
def _written(day: date, year: bool, weekday: bool, in_full: bool, _language: str | None) -> str:
    """A catalogue says by Django's letters for dates how a day is written."""
    if in_full:
        letters = pgettext("date in full", "Y年n月j日") if year else pgettext("date in full", "n月j日")
    else:
        letters = pgettext("date", "Y年n月j日") if year else pgettext("date", "n月j日")
    text = formatted(day, letters)
    if not weekday:
        return text
    names = _WEEKDAYS_IN_FULL if in_full else _WEEKDAYS
    return pgettext("date", "%(day)s（%(weekday)s）") % {"day": text, "weekday": names[day.weekday()]}


def day_text(value: date | datetime, *, weekday: bool = True, today: date | None = None) -> str:
    """12月2日（周三） / Wed 2 Dec; the year is added when it is not this year (that of ``today``)."""
    day = timezone.localtime(value).date() if isinstance(value, datetime) else value
    return written(day, year=day.year != (today or timezone.localdate()).year, weekday=weekday)


def month_text(first: date, *, today: date | None = None) -> str:
    """9月 / September; the year is added when it is not this year (that of ``today``)."""
    is_other_year = first.year != (today or timezone.localdate()).year
    return formatted(first, pgettext("month", "Y年n月") if is_other_year else pgettext("month", "n月"))


def before(day: date, *, today: date, weekday: bool = False) -> str:
    """12月2日24:00前 in Chinese; in English the bare day, which stands after "by"."""
    return pgettext("after “by”", "%(day)s24:00前") % {"day": day_text(day, today=today, weekday=weekday)}


def last_day_text(due_at: datetime, *, weekday: bool = True) -> str:
    """The last day of a deadline in words, from the first instant that is late."""
    late = timezone.localtime(due_at)
    if late.time() == time(0):
        last = day_text(late - timedelta(microseconds=1), weekday=weekday)
        return pgettext("a last day", "%(day)s24:00前") % {"day": last}
    text = day_text(late, weekday=weekday)
    return pgettext("a last day", "%(day)s%(time)s前") % {"day": text, "time": f"{late:%H:%M}"}


def last_day(due_at: datetime | None) -> str:
    """due_at → 12月2日（周三）24:00前 / by the end of Wed 2 Dec."""
    return last_day_text(due_at) if due_at else ""


def last_day_short(due_at: datetime | None) -> str:
    """due_at → 12月2日24:00前 / by the end of 2 Dec."""
    return last_day_text(due_at, weekday=False) if due_at else ""


def day(value: date | datetime | None) -> str:
    """A day with its weekday."""
    return day_text(value) if value else ""


def day_short(value: date | datetime | None) -> str:
    """A day without its weekday."""
    return day_text(value, weekday=False) if value else ""


def moment(value: datetime | None) -> str:
    """11月25日 16:05 / 25 Nov, 16:05."""
    return moment_text(value) if value else ""


def moment_text(value: datetime, *, year: bool = False) -> str:
    """11月25日 16:05 / 25 Nov, 16:05; with ``year`` always with its year."""
    local = timezone.localtime(value)
    day = written(local.date(), year=True) if year else day_text(local.date(), weekday=False)
    return pgettext("date", "%(day)s %(time)s") % {"day": day, "time": f"{local:%H:%M}"}


def working_days(number: int) -> str:
    """5个工作日 / 5 working days."""
    return ngettext("%(n)s个工作日", "%(n)s个工作日", number) % {"n": number}
