"""Perfunctory answers of an enterprise: which share of its offers went out with findings that were seen and left, in
words that went to others before, or as complete refusals without any material. For the enterprise itself and the
authority alone: nothing of it is published. What the enterprise says to it stands beside it, for both."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, IntegerField, OuterRef, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts.keys import sealed_fields
from accounts.models import User
from complaints.listening.answer_patterns import answer_patterns
from complaints.models import Evidence, HandlingStep, Offer
from complaints.procedure.workflow import Audience
from enterprises.models import Staff
from oversight.figures.definitions import Period
from oversight.figures.figures import Measure
from oversight.models import PerfunctoryReply
from web.small_numbers import ENOUGH, share_text, wilson

#: The newest offers of the period that are looked at.
MOST = 1000
#: So many replies stand beside the index, the newest first.
MOST_REPLIES = 20
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
    """The three shares of the offers made in the period of ``measure``, of one enterprise; empty without any. One
    statement."""
    theirs = Staff.objects.filter(enterprise_id=OuterRef(OuterRef("enterprise_id"))).values("user_id")
    files = Evidence.objects.filter(complaint_id=OuterRef("complaint_id"), audience=Audience.PARTIES)
    entries = HandlingStep.objects.filter(
        complaint_id=OuterRef("complaint_id"), audience=Audience.PARTIES, step__in=("make_offer", "replace_offer")
    ).annotate(of=Cast(KeyTextTransform("offer", "data"), IntegerField()))
    offers = (
        Offer.objects.filter(measure.during("made_at"), engagement__in=measure.stages())
        .annotate(
            found=Subquery(entries.filter(of=OuterRef("number")).order_by().values("data__advice")[:1]),
            has_material=Exists(files.filter(uploaded_by__in=theirs)),
        )
        .order_by("-made_at", "-pk")
        .values_list("grants_nothing", "found", "has_material")[:MOST]
    )
    read = {kind.code for kind in answer_patterns().kinds}
    counts, whole = {OVERRIDDEN: 0, COPIED: 0, NO_MATERIAL: 0}, 0
    for grants_nothing, found, has_material in offers:
        codes = {one["code"] for one in found or ()}
        whole += 1
        counts[OVERRIDDEN] += bool(codes & read)
        counts[COPIED] += COPIED in codes
        counts[NO_MATERIAL] += grants_nothing and not has_material
    return [PerfunctoryShare(code, part, whole) for code, part in counts.items()] if whole else []


def reply(enterprise_id: int, text: str, period: Period, *, by: User, now: datetime) -> PerfunctoryReply:
    """What the enterprise says to its index of these days, checked by the form."""
    return PerfunctoryReply.objects.create(
        enterprise_id=enterprise_id, first=period.first, last=period.last, text=text, written_by=by, written_at=now
    )


def replies(enterprise_id: int) -> list[PerfunctoryReply]:
    """The newest first, whatever days they are about. One statement."""
    rows = list(
        PerfunctoryReply.objects.filter(enterprise_id=enterprise_id).order_by("-written_at", "-pk")[:MOST_REPLIES]
    )
    sealed_fields.load_for(rows)
    return rows
