"""Perfunctory answers of an enterprise: which share of its offers went out with findings that were seen and left, in
words that went to others before, or as complete refusals without any material. For the enterprise itself and the
authority alone: nothing of it is published."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from complaints.listening.answer_patterns import answer_patterns
from complaints.models import Evidence, HandlingStep, Offer
from complaints.procedure.workflow import Audience
from enterprises.models import Staff
from oversight.figures.figures import Measure
from web.small_numbers import ENOUGH, share_text, wilson

#: The newest offers of the period that are looked at.
MOST = 1000
COPIED, NO_MATERIAL = "copied", "no_material"
OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True)
class PerfunctoryShare:
    """``part`` of ``whole`` offers."""

    code: str
    part: int
    whole: int

    @property
    def title(self) -> str:
        return {
            OVERRIDDEN: _("发送前有提示，没有改"),
            COPIED: _("与对别人的答复几乎一样"),
            NO_MATERIAL: _("全部不同意，没有任何材料"),
        }[self.code]

    @property
    def share(self) -> str:
        return share_text(self.part, self.whole)

    @property
    def interval(self) -> str:
        """The 95 % interval in per cent; empty where too few are counted for a share."""
        if self.whole < ENOUGH:
            return ""
        low, high = wilson(self.part, self.whole)
        return f"{100 * low:.1f}–{100 * high:.1f}%"


def shares(measure: Measure) -> list[PerfunctoryShare]:
    """The three shares of the offers made in the period of ``measure``, of one enterprise; empty without any. Three
    statements."""
    found = Offer.objects.filter(measure.during("made_at"), engagement__in=measure.stages())
    newest = found.order_by("-made_at", "-pk")[:MOST]
    offers = list(newest.values_list("complaint_id", "number", "grants_nothing", "enterprise_id"))
    if not offers:
        return []
    codes = _codes({case for case, *_rest in offers})
    refused = {case for case, _number, grants_nothing, _enterprise in offers if grants_nothing}
    shown = _with_material(refused, {enterprise for *_rest, enterprise in offers}) if refused else set()
    read = {kind.code for kind in answer_patterns().kinds}
    counts = {OVERRIDDEN: 0, COPIED: 0, NO_MATERIAL: 0}
    for case, number, grants_nothing, _enterprise in offers:
        mine = codes.get((case, number), frozenset())
        counts[OVERRIDDEN] += bool(mine & read)
        counts[COPIED] += COPIED in mine
        counts[NO_MATERIAL] += grants_nothing and case not in shown
    return [PerfunctoryShare(code, part, len(offers)) for code, part in counts.items()]


def _codes(cases: Iterable[int]) -> dict[tuple[int, Any], frozenset[str]]:
    """(Case, number of the offer) → what was found when it was sent."""
    entries = HandlingStep.objects.filter(
        complaint_id__in=list(cases), audience=Audience.PARTIES, step__in=("make_offer", "replace_offer")
    ).values_list("complaint_id", "data")
    return {
        (case, data.get("offer")): frozenset(one["code"] for one in data.get("advice", [])) for case, data in entries
    }


def _with_material(cases: Iterable[int], enterprises: Iterable[int]) -> set[int]:
    """Those in which a file lies that somebody of the enterprise sent."""
    theirs = Staff.objects.filter(enterprise_id__in=list(enterprises)).values("user_id")
    files = Evidence.objects.filter(complaint_id__in=list(cases), audience=Audience.PARTIES, uploaded_by__in=theirs)
    return set(files.values_list("complaint_id", flat=True))
