"""What came of one step for many cases: done, or not and why, each by its number.

It is kept as the answer of the form, so that the same form sent again shows the same result.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.idempotency import once


@dataclass(frozen=True, slots=True)
class BulkRun:
    """What came of it: numbers that were done, (number, why not) of the others."""

    do: str
    done: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> BulkRun:
        given = json.loads(text)
        return cls(given["do"], given["done"], [(number, why) for number, why in given["refused"]])

    def title(self) -> str:
        text = {
            "accept": ngettext("已受理%(n)s件", "已受理%(n)s件", len(self.done)),
            "assign": ngettext("已分派%(n)s件", "已分派%(n)s件", len(self.done)),
            "forward": ngettext("已分送%(n)s件", "已分送%(n)s件", len(self.done)),
            "reassign": ngettext("已改派%(n)s件", "已改派%(n)s件", len(self.done)),
            "urge": ngettext("已对%(n)s件发出督办", "已对%(n)s件发出督办", len(self.done)),
            "propose_urge": ngettext(
                "已提请对%(n)s件督办，等第二人批准", "已提请对%(n)s件督办，等第二人批准", len(self.done)
            ),
            "send_back": ngettext("已退回%(n)s件", "已退回%(n)s件", len(self.done)),
            "read": ngettext("已标为已读%(n)s件", "已标为已读%(n)s件", len(self.done)),
        }[self.do] % {"n": len(self.done)}
        if not self.refused:
            return text
        rest = ngettext("%(n)s件没有办", "%(n)s件没有办", len(self.refused)) % {"n": len(self.refused)}
        return _("%(done)s，%(rest)s") % {"done": text, "rest": rest}

    def refusals(self) -> list[tuple[str, list[str]]]:
        """Each reason with the numbers that it holds back, the most frequent first."""
        by_reason: dict[str, list[str]] = {}
        for number, why in self.refused:
            by_reason.setdefault(why, []).append(number)
        return sorted(by_reason.items(), key=lambda item: -len(item[1]))


def run_once(request: HttpRequest, take: Callable[[], BulkRun | None]) -> BulkRun | None:
    """What ``take`` did, at most once; None from it means that the form has errors."""
    with once(request) as attempt:
        if attempt.answered:
            return BulkRun.from_text(attempt.answer.decode())
        run = take()
        if run is not None:
            attempt.reference, attempt.answer = request.path, run.as_text().encode()
        return run
