"""What may not be said of few: the rules on small numbers that pages, letters, reports and open data share.

``shown_number`` is for a number that stands alone on a public page and that nothing shown adds up to; what has sums
goes through oversight/figures/suppression.py.
"""

from decimal import Decimal

from django.utils.translation import gettext as _

SMALL = range(1, 5)
#: Of fewer cases there is no share, rank, rate or colour (statistics.md, sections 4 and 5).
ENOUGH = 30
#: A sum of fewer payments is not shown to people outside, nor one that would tell its largest payment to whoever knows
#: the second: the p%-rule with 15 % (statistics.md, section 4; SDC Handbook, chapter 4).
FEWEST_PAYMENTS = 10
LEAST_REST = Decimal("0.15")


def shown_number(number: int) -> str:
    return _("少于5") if number in SMALL else f"{number:,}"


def too_few(n: int) -> str:
    """Why no share stands beside ``n`` cases; nothing where there are enough, or none at all."""
    return _("件数不足%(n)s，不列比率") % {"n": ENOUGH} if 0 < n < ENOUGH else ""


def share_text(part: int, whole: int, *, digits: int = 1) -> str:
    """``part`` of ``whole`` in per cent; of too few the two counts, of none a dash."""
    if not whole:
        return "–"
    return f"{part:,}/{whole:,}" if whole < ENOUGH else f"{100 * part / whole:.{digits}f}%"


def sum_may_be_shown(payments: int, total: Decimal, largest: Decimal, second: Decimal) -> bool:
    """Whether a sum of money may be shown to people outside the place or enterprise that it is of.

    ``largest`` and ``second`` are the two largest of the ``payments`` that add up to ``total``, in one currency. True
    of nothing at all: 0 of no payments tells nothing.
    """
    if not payments:
        return True
    return payments >= FEWEST_PAYMENTS and total - largest - second >= LEAST_REST * largest
