"""降诉行动: begun from figures that are frozen, called, met with minutes, judged; public once a second person agreed.

Every change of a state is made here, behind a lock, together with the deed that says who and when. Who may ask for it
(region, role, enterprise) is the page's business; what may follow what is this file's.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.sign_in import persons
from database.row_security import working_as_steps
from oversight.hot_spots import campaign_counts, campaign_effects, guiding
from oversight.hot_spots.campaign_counts import DAY, Cell
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import Campaign, CampaignControl, CampaignFirm, Figure, Guidance, HotSpot, HotSpotAction

State, Publicity = Campaign.State, Campaign.Publicity
Kind = HotSpotAction.Kind
#: Freely begun it is chosen by the last eight weeks, beside the 26 before them.
CHOSE, BEFORE = 56, 182
#: So many enterprises are listed, those with the most complaints first; more are no meeting.
MOST_FIRMS = 40


def chosen_days(spot: HotSpot | None, *, today: date) -> tuple[date, date]:
    """Those of the hot spot, else the eight weeks that ended yesterday."""
    return (spot.first, spot.last) if spot is not None else (today - CHOSE * DAY, today - DAY)


def figures_of(cell: Cell, first: date, last: date) -> list[list[int]]:
    """[enterprise, complaints in these days, complaints of the 26 weeks before], the most first."""
    now = campaign_counts.between(cell, first, last)
    before = campaign_counts.between(cell, first - BEFORE * DAY, first - DAY, firms=now)
    rows = [
        [firm, sums[Figure.RECEIVED][0], before[firm][Figure.RECEIVED][0] if firm in before else 0]
        for firm, sums in now.items()
        if sums[Figure.RECEIVED][0]
    ]
    return sorted(rows, key=lambda row: (-row[1], row[0]))[:MOST_FIRMS]


def begin(
    *, title: str, why: str, cell: Cell, spot: HotSpot | None, authority_id: int, by: User, now: datetime
) -> Campaign:
    """A draft with the days and figures that chose it. Raises ReductionRefusal where no enterprise had a complaint."""
    first, last = chosen_days(spot, today=timezone.localdate(now))
    figures = figures_of(cell, first, last)
    if not figures:
        raise ReductionRefusal(
            "nobody", _("这些日子里没有交给企业的这类投诉，没有可以召集的企业。请换地区、品类或者问题。")
        )
    with transaction.atomic():
        campaign = Campaign.objects.create(
            authority_id=authority_id,
            region_id=cell.region,
            hot_spot=spot,
            title=title,
            why=why,
            sector=cell.sector,
            problem=cell.problem,
            chose_first=first,
            chose_last=last,
            figures=figures,
            opened_by=by,
            opened_at=now,
        )
        _note(campaign, Kind.BEGUN, by=by, now=now, text=why)
    return campaign


def call(campaign_id: int, *, firms: Collection[int], meets_on: date, where: str, by: User, now: datetime) -> Campaign:
    """Each enterprise gets its guidance and its managers a letter; the control group is frozen. Raises ReductionRefusal
    once it was called.
    """
    with transaction.atomic():
        campaign = _held(campaign_id, State.DRAFT)
        known = {row[0] for row in campaign.figures}
        if not firms or not known.issuperset(firms):
            raise ReductionRefusal("no_firm", _("请至少选一家名单里的企业。"))
        campaign.state, campaign.called_on = State.CALLED, timezone.localdate(now)
        campaign.meets_on, campaign.where = meets_on, where
        campaign.history = campaign_counts.weeks_before(campaign.called_on)
        campaign.controls_of, controls = campaign_effects.controls_of(campaign, without=firms)
        campaign.save()
        with working_as_steps():
            CampaignControl.objects.bulk_create(CampaignControl(campaign=campaign, enterprise_id=pk) for pk in controls)
        _note(campaign, Kind.CALLED, by=by, now=now, text=where)
        for firm in sorted(firms):
            CampaignFirm.objects.create(campaign=campaign, enterprise_id=firm)
            guidance = Guidance.objects.create(
                campaign=campaign,
                enterprise_id=firm,
                authority_id=campaign.authority_id,
                causes=campaign.why,
                state=Guidance.State.SENT,
                opened_by=by,
                opened_at=now,
                sent_at=now,
            )
            guiding.note(guidance, Kind.SENT, by=by, now=now)
            guiding.tell(
                guidance,
                lambda guidance=guidance: (  # type: ignore[misc]
                    _("【12315】%(authority)s召集降诉行动会议") % {"authority": guidance.authority},
                    _(
                        "%(authority)s请%(firm)s于%(day)s参加降诉行动“%(title)s”的会议（%(where)s）。"
                        "请会前写下本企业的措施：%(link)s"
                    )
                    % {
                        "authority": guidance.authority,
                        "firm": guidance.enterprise,
                        "day": date_format(meets_on, "DATE_FORMAT"),
                        "title": campaign.title,
                        "where": where,
                        "link": guiding.link_of(guidance),
                    },
                ),
                now=now,
            )
    return campaign


def meet(
    campaign_id: int, *, met_on: date, firms: Collection[int], attended: str, minutes: str, by: User, now: datetime
) -> Campaign:
    """The meeting took place: undertakings are settled from here on. ``firms``: which enterprises were there. Raises
    ReductionRefusal where one of them gave no undertaking.
    """
    with transaction.atomic():
        campaign = _held(campaign_id, State.CALLED)
        guidances = list(campaign.guidances.select_for_update(of=("self",)).select_related("enterprise"))
        without = [one.enterprise for one in guidances if one.enterprise_id in firms and not one.measures.exists()]
        if without:
            raise ReductionRefusal(
                "no_undertaking", _("%(firm)s到了会，还没有措施。请先为它写下措施，再记录会议。") % {"firm": without[0]}
            )
        campaign.state, campaign.met_on = State.RUNNING, met_on
        campaign.attended, campaign.minutes = attended, minutes
        campaign.save(update_fields=["state", "met_on", "attended", "minutes"])
        for firm in campaign.firms.all():
            firm.attended = firm.enterprise_id in firms
            firm.save(update_fields=["attended"])
        _note(campaign, Kind.MET, by=by, now=now, text=minutes)
    return campaign


def judge(campaign_id: int, *, verdict: str, why: str, by: User, now: datetime) -> Campaign:
    """The end: its guidances are closed with it. Raises ReductionRefusal where it is to be called a success and the
    effect does not say so.
    """
    with transaction.atomic():
        campaign = _held(campaign_id, State.RUNNING)
        if verdict == Guidance.Verdict.EFFECTIVE and not campaign_effects.is_success(campaign):
            raise ReductionRefusal(
                "not_shown", _("和对照企业相比投诉确实少了，才能选“起了作用”。请另选一项，或者等到满8周、13周再看。")
            )
        campaign.state, campaign.judged_at = State.JUDGED, now
        campaign.verdict, campaign.judgement = verdict, why
        campaign.save(update_fields=["state", "judged_at", "verdict", "judgement"])
        campaign.guidances.update(state=Guidance.State.CLOSED, closed_at=now)
        _note(campaign, Kind.JUDGED, by=by, now=now, text=why, said=Guidance.Verdict(verdict).value)
    return campaign


# --- in public ------------------------------------------------------------------------------------------------------


def ask_to_publish(campaign_id: int, *, by: User, now: datetime) -> Campaign:
    """It waits for a second person. Raises ReductionRefusal before the meeting."""
    with transaction.atomic():
        campaign = _held(campaign_id, State.RUNNING, State.JUDGED, publicity=(Publicity.NONE,))
        persons.ask(persons.matter_of(campaign), by, now=now, error=ReductionRefusal)
        campaign.publicity, campaign.proposed_by = Publicity.PROPOSED, by
        campaign.save(update_fields=["publicity", "proposed_by"])
        _note(campaign, Kind.ASKED, by=by, now=now)
    return campaign


def publish(campaign_id: int, *, by: User, now: datetime) -> Campaign:
    """Public from now on. Raises ReductionRefusal for whoever proposed it."""
    with transaction.atomic():
        campaign = _held(campaign_id, State.RUNNING, State.JUDGED, publicity=(Publicity.PROPOSED,))
        first = [campaign.proposed_by_id]
        persons.decide(persons.matter_of(campaign), by, asked=first, now=now, error=ReductionRefusal)
        campaign.publicity, campaign.decided_by, campaign.published_at = Publicity.PUBLISHED, by, now
        campaign.save(update_fields=["publicity", "decided_by", "published_at"])
        _note(campaign, Kind.MADE_PUBLIC, by=by, now=now)
    return campaign


def send_back(campaign_id: int, *, why: str, by: User, now: datetime) -> Campaign:
    """Not public like this; the reason stands in its history."""
    with transaction.atomic():
        campaign = _held(campaign_id, State.RUNNING, State.JUDGED, publicity=(Publicity.PROPOSED,))
        campaign.publicity, campaign.proposed_by = Publicity.NONE, None
        campaign.save(update_fields=["publicity", "proposed_by"])
        _note(campaign, Kind.NOT_YET, by=by, now=now, text=why)
    return campaign


def withdraw(campaign_id: int, *, why: str, by: User, now: datetime) -> Campaign:
    """Its page stays and says that it was withdrawn, and why."""
    with transaction.atomic():
        campaign = _held(campaign_id, State.RUNNING, State.JUDGED, publicity=(Publicity.PUBLISHED,))
        campaign.publicity, campaign.withdrawn_at, campaign.withdrawn_why = Publicity.WITHDRAWN, now, why
        campaign.save(update_fields=["publicity", "withdrawn_at", "withdrawn_why"])
        _note(campaign, Kind.HIDDEN, by=by, now=now, text=why)
    return campaign


def reply(guidance: Guidance, *, text: str, by: User, now: datetime) -> CampaignFirm:
    """What the enterprise says to the public; an officer looks first whether it names a consumer."""
    with transaction.atomic():
        firms = CampaignFirm.objects.select_for_update().filter(campaign=guidance.campaign)
        firm = firms.get(enterprise_id=guidance.enterprise_id)
        firm.reply, firm.replied_at, firm.reply_shown_at = text, now, None
        firm.save(update_fields=["reply", "replied_at", "reply_shown_at"])
        guiding.note(guidance, Kind.REPLIED, by=by, now=now, text=text)
    return firm


def show_reply(campaign_id: int, *, enterprise_id: int, seen: str, by: User, now: datetime) -> CampaignFirm:
    """``seen``: when the reply was written that the officer read. Raises ReductionRefusal where it is another now."""
    with transaction.atomic():
        firm = (
            CampaignFirm.objects.select_for_update()
            .filter(campaign_id=campaign_id, enterprise_id=enterprise_id, reply_shown_at=None)
            .exclude(replied_at=None)
            .first()
        )
        if firm is None or firm.replied_at is None or firm.replied_at.isoformat() != seen:
            raise ReductionRefusal("moved_on", _("企业的说明刚有变化，请重新打开页面再看一遍。"))
        firm.reply_shown_at = now
        firm.save(update_fields=["reply_shown_at"])
        guidance = Guidance.objects.get(campaign_id=campaign_id, enterprise_id=enterprise_id)
        guiding.note(guidance, Kind.REPLY_SHOWN, by=by, now=now, text=firm.reply)
    return firm


def _held(campaign_id: int, *states: str, publicity: Sequence[str] = ()) -> Campaign:
    """Locked, if it is in one of these states still."""
    rows = Campaign.objects.select_for_update(of=("self",)).select_related("authority").defer("printed")
    campaign = rows.get(pk=campaign_id)
    if campaign.state not in states or (publicity and campaign.publicity not in publicity):
        label = State(campaign.state).label
        raise ReductionRefusal("moved_on", _("这个降诉行动已是“%(state)s”，请重新打开页面。") % {"state": label})
    return campaign


def _note(campaign: Campaign, kind: str, *, by: User, now: datetime, **more: Any) -> None:
    HotSpotAction.objects.create(campaign=campaign, hot_spot_id=None, kind=kind, at=now, by=by, **more)
