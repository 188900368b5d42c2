"""A number that stands alone on a public page: one from 1 to 4 is put in words that do not tell it.

Only for numbers that nothing shown adds up to; what has sums goes through
oversight/figures/suppression.py.
"""

from django.utils.translation import gettext as _

SMALL = range(1, 5)


def shown_number(number: int) -> str:
    return _("少于5") if number in SMALL else f"{number:,}"
