"""The tabs above an officers' list: each with its number, and the pages of the one that is open.

What a tab counts and what it shows are one and the same condition; the address names it by ``view``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from complaints.desks import keyset


@dataclass(frozen=True, slots=True)
class Tab:
    """``tone`` is that of a number above nought; ``empty`` says why there is nothing to see."""

    code: str
    title: Any
    tone: str
    empty: Any


def chosen(tabs: Sequence[Tab], asked: Mapping[str, str]) -> Tab:
    """The tab that the address names, else the first."""
    return next((tab for tab in tabs if tab.code == asked.get("view")), tabs[0])


def url_of(address: str, tab: Tab) -> str:
    return f"{address}?view={tab.code}"


def shown(
    tabs: Sequence[Tab], tab: Tab, counts: Mapping[str, int], page: keyset.Page[Any], *, address: str
) -> dict[str, Any]:
    """What the template needs of the tabs and of the pages of ``tab``."""
    here = url_of(address, tab)
    return {
        "tab": tab,
        "counts": {code: keyset.in_words(count) for code, count in counts.items()},
        "tabs": [
            {
                "title": one.title,
                "value": counts[one.code],
                "words": keyset.in_words(counts[one.code]),
                "is_current": one is tab,
                "tone": one.tone if counts[one.code] else "neutral",
                "url": url_of(address, one),
            }
            for one in tabs
        ],
        "previous_url": f"{here}&before={page.before}" if page.before else "",
        "next_url": f"{here}&after={page.after}" if page.after else "",
    }
