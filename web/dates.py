"""Days and moments in words.

The one rule: a deadline is shown as the last day on which one may still act, never as the raw
first late instant.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import get_language

WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS_ZH = "一二三四五六日"


def _local_day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date()
    return value


def day_text(value: date | datetime, *, weekday: bool = True, language: str | None = None) -> str:
    """12月2日（周三） / Wed 2 Dec; the year is added when it is not this year."""
    day = _local_day(value)
    is_other_year = day.year != timezone.localdate().year
    if (language or get_language()) == "en":
        head = f"{WEEKDAYS_EN[day.weekday()]} " if weekday else ""
        tail = f" {day.year}" if is_other_year else ""
        return f"{head}{day.day} {MONTHS_EN[day.month - 1]}{tail}"
    head = f"{day.year}年" if is_other_year else ""
    tail = f"（周{WEEKDAYS_ZH[day.weekday()]}）" if weekday else ""
    return f"{head}{day.month}月{day.day}日{tail}"


def last_day_text(due_at: datetime, *, weekday: bool = True) -> str:
    """The last day of a deadline in words, from the first instant that is late."""
    late = timezone.localtime(due_at)
    is_english = get_language() == "en"
    if late.time() == time(0):
        last = day_text(late - timedelta(microseconds=1), weekday=weekday)
        return f"by the end of {last}" if is_english else f"{last}24:00前"
    text = day_text(late, weekday=weekday)
    return f"by {late:%H:%M} on {text}" if is_english else f"{text}{late:%H:%M}前"


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
    if not value:
        return ""
    local, language = timezone.localtime(value), get_language()
    separator = ", " if language == "en" else " "
    return f"{day_text(local.date(), weekday=False, language=language)}{separator}{local:%H:%M}"
