"""What may not be said of few: the rules on small numbers that pages, letters, reports and open data share.

``shown_number`` is for a number that stands alone on a public page and that nothing shown adds up to, from
``ROUNDED_FROM`` on ``rounded_number``; what has sums goes through oversight/figures/suppression.py and rounding.py.
"""

from datetime import date
from decimal import Decimal
from math import sqrt

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

SMALL = range(1, 5)
#: Public counts of this month and all later ones are multiples of 5 (docs/decisions/0010-rounded-to-five.md).
ROUNDED_FROM, MULTIPLE_OF = date(2026, 12, 1), 5
#: Of fewer cases there is no share, rank, rate or colour (statistics.md, sections 4 and 5).
ENOUGH = 30
#: A sum of fewer payments is not shown to people outside, nor one that would tell its largest payment to whoever knows
#: the second: the p%-rule with 15 % (statistics.md, section 4; SDC Handbook, chapter 4).
FEWEST_PAYMENTS = 10
LEAST_REST = Decimal("0.15")
#: Of the standard normal distribution: 95 % lie within it.
Z = 1.959963984540054


def shown_number(number: int) -> str:
    return _("少于5") if number in SMALL else f"{number:,}"


def is_rounded(month: date) -> bool:
    """Whether public counts that tell something of this month are rounded."""
    return month >= ROUNDED_FROM


def rounded_number(number: int, *cell: str) -> int:
    """A neighbouring multiple of 5, up as often as the rest says, so that it is right on average.

    By HMAC of the secret of the installation, of ``cell`` (what is counted) and the number: the same count of one cell
    is always told the same, so asking again and again gives nothing away.
    """
    rest = number % MULTIPLE_OF
    digest = salted_hmac("web.small_numbers.rounded", repr((cell, number)), algorithm="sha256").digest()
    is_up = int.from_bytes(digest[:6]) / 2**48 * MULTIPLE_OF < rest
    return number - rest + (MULTIPLE_OF if is_up else 0)


def too_few(n: int) -> str:
    """Why no share stands beside ``n`` cases; nothing where there are enough, or none at all."""
    return _("件数不足%(n)s，不列比率") % {"n": ENOUGH} if 0 < n < ENOUGH else ""


def share_text(part: int, whole: int, *, digits: int = 1) -> str:
    """``part`` of ``whole`` in per cent; of too few the two counts, of none a dash."""
    if not whole:
        return "–"
    return f"{part:,}/{whole:,}" if whole < ENOUGH else f"{100 * part / whole:.{digits}f}%"


def wilson(part: int, whole: int, *, rounded: int = 0) -> tuple[float, float]:
    """The 95 % interval of a share; (0, 1) where nothing was counted.

    ``rounded``: of how many rounded numbers part and whole are sums; each adds 8 to the variance of the count
    (oversight/figures/rounding.py).
    """
    if not whole:
        return 0.0, 1.0
    p, z2 = part / whole, Z * Z
    middle = (p + z2 / (2 * whole)) / (1 + z2 / whole)
    half = Z * sqrt(p * (1 - p) / whole + z2 / (4 * whole * whole)) / (1 + z2 / whole)
    half = sqrt(half * half + z2 * 8 * rounded / (whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def sum_may_be_shown(payments: int, total: Decimal, largest: Decimal, second: Decimal) -> bool:
    """Whether a sum of money may be shown to people outside the place or enterprise that it is of.

    ``largest`` and ``second`` are the two largest of the ``payments`` that add up to ``total``, in one currency. True
    of nothing at all: 0 of no payments tells nothing.
    """
    if not payments:
        return True
    return payments >= FEWEST_PAYMENTS and total - largest - second >= LEAST_REST * largest
