"""Days in words, without a clock: whoever asks says which day is today.

The one rule: people are told the last day ("12月2日24:00前"), never the first late instant.
"""

from __future__ import annotations

import re
from datetime import date

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WEEKDAYS_ZH = "一二三四五六日"
_BEGINNING = re.compile(r"(?:^|(?<=\. ))[a-z]")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(day: date, *, today: date, chinese: bool, weekday: bool = False) -> str:
    """12月2日（周三） / Wed 2 Dec; the year is added when it is not this year."""
    other_year = day.year != today.year
    if chinese:
        tail = f"（周{_WEEKDAYS_ZH[day.weekday()]}）" if weekday else ""
        return f"{f'{day.year}年' if other_year else ''}{day.month}月{day.day}日{tail}"
    head = f"{_WEEKDAYS[day.weekday()]} " if weekday else ""
    return f"{head}{day.day} {_MONTHS[day.month - 1]}{f' {day.year}' if other_year else ''}"


def before(day: date, *, today: date, chinese: bool, weekday: bool = False) -> str:
    """12月2日24:00前 in Chinese; in English the bare day, which stands after "by"."""
    words = day_words(day, today=today, chinese=chinese, weekday=weekday)
    return f"{words}24:00前" if chinese else words


def number_of_days(number: int, *, chinese: bool) -> str:
    if chinese:
        return f"{number}个工作日"
    return f"{number} working day" if number == 1 else f"{number} working days"


def capitals(text: str) -> str:
    """An English sentence begins with a capital, whatever word was put there."""
    return _BEGINNING.sub(lambda found: found.group().upper(), text)
