"""消费预警: drafted from the numbers of a hot spot, edited, agreed to by a second person, public until it is withdrawn.

Nobody publishes what they proposed themselves, and what was public stays readable as withdrawn, with the reason.
"""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from accounts.sign_in import persons
from complaints.reading.case_people import label_of
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import ConsumerWarning, HotSpot, HotSpotAction
from web.dates import day_text
from web.languages import named

State = ConsumerWarning.State
Kind = HotSpotAction.Kind
#: The official text is Chinese, whoever drafts it.
LANGUAGE = "zh-hans"
ADVICE = (
    "投诉不等于违法，是否违法由监管部门另行查明。\n\n提醒消费者：\n"
    "一、付款或者签约前，看清价格、期限、自动续费和解约条件，重要的承诺请对方写下来。\n"
    "二、保存合同、订单、付款记录、通话和聊天记录。\n"
    "三、发生争议先与企业协商；协商不成，可以在本平台投诉，或者拨打12315。"
)


def drafted_texts(spot: HotSpot) -> tuple[str, str]:
    """(title, text) made from the numbers: what rose, where, by how much, and what a consumer can do. Names no
    enterprise: complaints are not findings, so whoever wants to name one writes it and a second person agrees. Names no
    count: weeks that were told beside the published months would tell what is left of the month.
    """
    with override(LANGUAGE):
        region = spot.region or (spot.enterprise.domicile if spot.enterprise else None)
        place = named(region) if region else ""
        about = label_of(spot.category) if spot.category else "消费"
        first, last = (day_text(day, weekday=False) for day in (spot.first, spot.last))
    days = first if first == last else f"{first}至{last}"
    # Of less than one a multiple would sound like a disaster.
    rise = round(spot.rise) if spot.rise and spot.usual_mean >= 1 else 0
    by_how_much = f"，约为平时同样长的时间的{rise}倍" if rise > 1 else "，比平时明显增多"
    return (
        f"消费预警：近期{place}“{about}”投诉增多"[:80],
        f"{days}，{place}收到关于“{about}”的投诉较多{by_how_much}。{ADVICE}",
    )


def draft(spot_id: int, *, authority_id: int, by: User, now: datetime) -> ConsumerWarning:
    """A draft of this authority. Raises ReductionRefusal where it has one that was not withdrawn."""
    spot = HotSpot.objects.select_related("region", "enterprise__domicile").get(pk=spot_id)
    title, text = drafted_texts(spot)
    try:
        with transaction.atomic():
            warning = ConsumerWarning.objects.create(
                hot_spot=spot, authority_id=authority_id, title=title, text=text, drafted_by=by, drafted_at=now
            )
            _note(warning, Kind.DRAFTED, by=by, now=now, text=text)
    except IntegrityError:
        raise ReductionRefusal("drafted_before", _("本机关已经就这个热点起草过消费预警。")) from None
    return warning


def edit(warning_id: int, *, title: str, text: str, by: User, now: datetime) -> ConsumerWarning:
    return _moved(warning_id, State.DRAFT, Kind.EDITED, {"title": title, "text": text}, by=by, now=now, text=text)


def propose(warning_id: int, *, by: User, now: datetime) -> ConsumerWarning:
    """It waits for a second person, and nobody edits it meanwhile."""
    becomes = {"state": State.PROPOSED, "proposed_by": by}
    return _moved(warning_id, State.DRAFT, Kind.PROPOSED, becomes, by=by, now=now)


def approve(warning_id: int, *, by: User, now: datetime) -> ConsumerWarning:
    """Public from now on. Raises ReductionRefusal for whoever proposed it."""
    becomes = {"state": State.PUBLISHED, "decided_by": by, "published_at": now}
    return _moved(warning_id, State.PROPOSED, Kind.PUBLISHED, becomes, by=by, now=now)


def send_back(warning_id: int, *, why: str, by: User, now: datetime) -> ConsumerWarning:
    """Not like this: it is a draft again, with the reason in its history."""
    becomes = {"state": State.DRAFT, "proposed_by": None}
    return _moved(warning_id, State.PROPOSED, Kind.SENT_BACK, becomes, by=by, now=now, text=why)


def withdraw(warning_id: int, *, why: str, by: User, now: datetime) -> ConsumerWarning:
    """Its page stays and says that it was withdrawn, and why."""
    becomes = {"state": State.WITHDRAWN, "withdrawn_at": now, "withdrawn_why": why}
    return _moved(warning_id, State.PUBLISHED, Kind.WITHDRAWN, becomes, by=by, now=now, text=why)


@transaction.atomic
def _moved(
    warning_id: int, before: str, kind: str, becomes: dict[str, Any], *, by: User, now: datetime, text: str = ""
) -> ConsumerWarning:
    """Write what it ``becomes``, if it is in the state ``before`` still, with the deed that says so."""
    warning = ConsumerWarning.objects.select_for_update(of=("self",)).get(pk=warning_id)
    if warning.state != before:
        raise ReductionRefusal(
            "moved_on", _("这份消费预警已是“%(state)s”，请重新打开页面。") % {"state": State(warning.state).label}
        )
    if kind == Kind.PROPOSED:
        persons.ask(persons.matter_of(warning), by, now=now, error=ReductionRefusal)
    elif kind == Kind.PUBLISHED:
        first = [warning.proposed_by_id]
        persons.decide(persons.matter_of(warning), by, asked=first, now=now, error=ReductionRefusal)
    for name, value in becomes.items():
        setattr(warning, name, value)
    warning.save(update_fields=list(becomes))
    _note(warning, kind, by=by, now=now, text=warning.text if kind == Kind.PUBLISHED else text)
    return warning


def _note(warning: ConsumerWarning, kind: str, *, by: User, now: datetime, text: str = "") -> None:
    HotSpotAction.objects.create(
        hot_spot_id=warning.hot_spot_id, warning=warning, kind=kind, at=now, by=by, text=text, said=warning.title
    )
