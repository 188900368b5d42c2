"""The numbers in force at one place, in the words of the reader's language: ``limits["review"]`` is 7个工作日.

No sentence has a number of the law typed into it; it has a hole, which these numbers fill
(tests/numbers). In a template: ``{% blocktranslate with review=limits.review %}``; in Python: ``text % limits``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext, ngettext

from authorities.policies import Policies, PolicyMissing

#: What is shown where nobody set a number.
UNKNOWN = "–"


def measured(number: int, unit: str) -> str:
    """A number of a policy or of a clock with its unit, as people say it; whole years as years."""
    if unit == "flag":
        return gettext("是") if number else gettext("否")
    if unit == "CD" and number and number % 365 == 0:
        years = number // 365
        return ngettext("%(n)s年", "%(n)s年", years) % {"n": years}
    words = {
        "WD": ngettext("%(n)s个工作日", "%(n)s个工作日", number),
        "CD": ngettext("%(n)s天", "%(n)s天", number),
        "minutes": ngettext("%(n)s分钟", "%(n)s分钟", number),
        "count": "%(n)s",
    }
    return words[unit] % {"n": number}


class Limits(Mapping[str, str]):
    """The policies of one day as they hold in one region (None: the national ones), by name."""

    def __init__(self, policies: Policies, region_id: int | None = None) -> None:
        self.policies, self.region_id = policies, region_id

    def __getitem__(self, name: str) -> str:
        try:
            found = self.policies.number(name, self.region_id)
        except PolicyMissing:
            return UNKNOWN
        return measured(found.number, found.unit)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.policies.names))

    def __len__(self) -> int:
        return len(self.policies.names)
