"""How long something took, in words."""

from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from oversight.figures.figures import Figure


def number(value: float) -> str:
    """At most one decimal, none where it is whole."""
    return f"{value:,.1f}".removesuffix(".0")


def working_time(minutes: float) -> tuple[str, str]:
    """(number, unit): minutes under an hour, else hours."""
    if minutes < 60:
        return number(round(minutes)), _("分钟")
    return number(minutes / 60), _("工作小时")


def time_within(minutes: float) -> tuple[str, str]:
    """The same, rounded up: nobody who took no longer lies beyond what is said."""
    return working_time(ceil(minutes) if minutes < 60 else ceil(minutes / 6 - 1e-9) * 6)


def about(text: str, figure: Figure) -> str:
    """Said to be so where it was read from buckets."""
    return _("约%(value)s") % {"value": text} if figure.is_about else text


def with_unit(value: str, unit: str) -> str:
    return pgettext("a number and its unit", "%(value)s%(unit)s") % {"value": value, "unit": unit}


def days(value: float) -> str:
    return ngettext("%(n)s天", "%(n)s天", 1 if value == 1 else 2) % {"n": number(value)}
