"""Days of the lunar calendar (农历) by which people date things: 腊月初八, 大年初五, 端午."""

from datetime import date, timedelta

#: Lunar year → its first day, the month after which a leap month stands (0: none), its months: L of 30 days, s of 29.
#: Between 2018 and 2035; by the rules of GB/T 33661-2017.
_YEARS = {
    2018: (date(2018, 2, 16), 0, "sLsLssLsLsLL"),
    2019: (date(2019, 2, 5), 0, "LsLsLssLssLL"),
    2020: (date(2020, 1, 25), 4, "sLLLsLssLsLsL"),
    2021: (date(2021, 2, 12), 0, "sLLsLsLsLsLs"),
    2022: (date(2022, 2, 1), 0, "LsLsLLsLsLsL"),
    2023: (date(2023, 1, 22), 2, "sLssLLsLLsLsL"),
    2024: (date(2024, 2, 10), 0, "sLssLsLLsLLs"),
    2025: (date(2025, 1, 29), 6, "LsLssLsLsLLLs"),
    2026: (date(2026, 2, 17), 0, "LsLssLssLLLs"),
    2027: (date(2027, 2, 6), 0, "LLsLssLssLLs"),
    2028: (date(2028, 1, 26), 5, "LLLsLssLssLLs"),
    2029: (date(2029, 2, 13), 0, "LLsLsLsLssLL"),
    2030: (date(2030, 2, 3), 0, "sLsLLsLsLsLs"),
    2031: (date(2031, 1, 23), 3, "sLLsLsLLsLsLs"),
    2032: (date(2032, 2, 11), 0, "LssLsLLsLLsL"),
    2033: (date(2033, 1, 31), 11, "sLssLsLsLLLsL"),
    2034: (date(2034, 2, 19), 0, "sLssLsLsLLsL"),
    2035: (date(2035, 2, 8), 0, "LsLssLssLLsL"),
}


def solar_day(year: int, month: int, day: int) -> date | None:
    """The day of this lunar year, month and day (-1: the last of the month); none where the table has none. Of a leap
    month nobody speaks without saying so."""
    first, leap, months = _YEARS.get(year, (date.min, 0, ""))
    place = month - 1 + (1 if leap and month > leap else 0)
    if not 0 <= place < len(months):
        return None
    length = 30 if months[place] == "L" else 29
    if day == -1:
        day = length
    if not 1 <= day <= length:
        return None
    return first + timedelta(days=sum(30 if one == "L" else 29 for one in months[:place]) + day - 1)


def newest_day(month: int, day: int, today: date, *, year: int | None = None) -> date | None:
    """The newest such day not after today; ``year``: of this lunar year."""
    for one in (year,) if year else (today.year, today.year - 1, today.year - 2):
        told = solar_day(one, month, day)
        if told and told <= today:
            return told
    return None
