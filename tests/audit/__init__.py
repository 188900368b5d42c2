"""What the portal says, counted again by code that shares nothing with it.

``core`` counts from raw rows and imports nothing of the package oversight (test_core.py walks its imports).
``compare`` asks the portal, one module an area, and holds both numbers side by side. Tests call it on random worlds;
``python -m tests.audit`` (``make audit``) calls it on a running installation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: So far may numbers lie apart that were divided.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Pair:
    """One number as the portal says it and as it was counted again.

    ``figure`` is its name, ``scope`` says of whom, ``period`` of when. ``apart``: how far they may lie apart as a share
    of the auditor's, where the portal itself says "about".
    """

    figure: str
    scope: str
    period: str
    portal: Any
    auditor: Any
    apart: float = 0.0

    @property
    def differs(self) -> bool:
        if isinstance(self.portal, float) or isinstance(self.auditor, float):
            if self.portal is None or self.auditor is None:
                return True
            return bool(abs(self.portal - self.auditor) > max(self.apart, ROUNDING) * max(abs(self.auditor), 1))
        return bool(self.portal != self.auditor)

    def __str__(self) -> str:
        return f"{self.figure} | {self.scope} | {self.period} | portal {self.portal} | auditor {self.auditor}"


Pairs = Iterator[Pair]
