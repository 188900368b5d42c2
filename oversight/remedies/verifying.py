"""Whether it is true: a sample that the portal draws, what was found in it, and the end of a remedy."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import HotSpotAction, Remedy, RemedySample
from oversight.remedies import affected
from oversight.remedies.figures import SIZES, WANTED, Completeness, lower_limit
from oversight.remedies.remedying import (
    held,
    link_of,
    newest_report,
    newest_sample,
    note,
    open_sample,
    tell,
    was_sampled,
)

State = Remedy.State
Kind = HotSpotAction.Kind


def draw(remedy_id: int, *, n: int, by: User, now: datetime) -> RemedySample:
    """``n``: one of SIZES. Raises ReductionRefusal where the list and the report do not say the same, or this list was
    sampled before.
    """
    if n not in SIZES:
        raise ValueError(n)
    with transaction.atomic():
        remedy = held(remedy_id, State.RUNNING)
        said = newest_report(remedy)
        if remedy.listed_at is None or remedy.list_deleted_at is not None or said is None:
            raise ReductionRefusal("no_list", _("企业还没有上传名单，不能抽查。"))
        if (said.population, said.remedied) != (remedy.listed, remedy.listed_remedied):
            raise ReductionRefusal(
                "not_equal",
                _(
                    "报告的是%(all)s人、已补救%(done)s人，名单是%(listed)s行、已补救%(ticked)s行。两边一致才能抽查，请企业更正。"
                )
                % {
                    "all": f"{said.population:,}",
                    "done": f"{said.remedied:,}",
                    "listed": f"{remedy.listed:,}",
                    "ticked": f"{remedy.listed_remedied:,}",
                },
            )
        if not remedy.listed_remedied:
            raise ReductionRefusal("nobody", _("名单里还没有写明已补救的，没有可以抽查的。"))
        if was_sampled(remedy):
            raise ReductionRefusal("sampled", _("这份名单已经抽过样。企业更正名单后，才能再抽一次。"))
        made = RemedySample.objects.create(
            remedy=remedy,
            listed_at=remedy.listed_at,
            whole=remedy.listed_remedied,
            lines=affected.drawn(remedy, n),
            drawn_by=by,
            drawn_at=now,
        )
        note(remedy, Kind.DRAWN, by=by, now=now, said=str(len(made.lines)))
        tell(
            remedy,
            lambda: (
                _("【12315】请准备抽查的凭证"),
                _("%(authority)s抽查%(firm)s的补救：平台从名单里抽了%(n)s行，请准备每一行已补救的凭证：%(link)s")
                % {
                    "authority": remedy.authority,
                    "firm": remedy.enterprise,
                    "n": len(made.lines),
                    "link": link_of(remedy),
                },
            ),
            now=now,
        )
    return made


def examine(remedy_id: int, *, bad: Collection[int], how: str, by: User, now: datetime) -> RemedySample:
    """What was found in the sample: lines that were not remedied, and how it was looked at."""
    with transaction.atomic():
        remedy = held(remedy_id, State.RUNNING)
        sample = open_sample(remedy)
        if sample is None:
            raise ReductionRefusal("moved_on", _("没有正在抽查的名单，请重新打开页面。"))
        sample.bad, sample.how = sorted(bad), how
        sample.checked_by, sample.checked_at = by, now
        sample.save(update_fields=["bad", "how", "checked_by", "checked_at"])
        note(remedy, Kind.EXAMINED, by=by, now=now, text=how, said=f"{len(sample.bad)}/{len(sample.lines)}")
    return sample


def verify(remedy_id: int, *, by: User, now: datetime) -> Remedy:
    """The end. Raises ReductionRefusal with what is missing."""
    with transaction.atomic():
        remedy = held(remedy_id, State.RUNNING)
        if missing := missing_of(remedy):
            raise ReductionRefusal("not_shown", missing[0])
        remedy.state, remedy.verified_at = State.VERIFIED, now
        remedy.save(update_fields=["state", "verified_at"])
        note(remedy, Kind.VERIFIED, by=by, now=now)
        tell(
            remedy,
            lambda: (
                _("【12315】补救已核实"),
                _("%(authority)s已核实%(firm)s为全部受影响的人补救：%(link)s")
                % {"authority": remedy.authority, "firm": remedy.enterprise, "link": link_of(remedy)},
            ),
            now=now,
        )
    return remedy


def missing_of(remedy: Remedy) -> list[str]:
    """What is missing before it may be called verified, a sentence each."""
    said, sample = newest_report(remedy), newest_sample(remedy)
    missing = []
    if said is None:
        missing.append(_("企业还没有报告。"))
    elif said.rest:
        missing.append(_("还有%(n)s人没有说明是已补救、联系不上还是不要补救。") % {"n": f"{said.rest:,}"})
    if sample is None or sample.checked_at is None or not was_sampled(remedy):
        missing.append(_("现在的名单还没有抽查。"))
    elif limit_of(sample) < WANTED:
        missing.append(_("抽查还不能说至少%(n)s%%属实。") % {"n": round(100 * WANTED)})
    elif said is not None and said.remedied > sample.whole:
        missing.append(_("抽查以后报告的已补救人数多了，请更正名单再抽查。"))
    completeness = completeness_of(remedy)
    if completeness is None:
        missing.append(_("名单还没有和投诉者核对，请过一会儿再看。"))
    elif completeness.is_refuted:
        missing.append(_("名单不完整：投诉者有不少不在名单里。"))
    return missing


def limit_of(sample: RemedySample) -> float:
    return lower_limit(len(sample.lines), len(sample.bad), sample.whole)


def completeness_of(remedy: Remedy) -> Completeness | None:
    """None until the list was held against the complainants."""
    if remedy.compared_at is None or remedy.listed is None:
        return None
    return Completeness(remedy.complainants_listed or 0, remedy.complainants or 0, remedy.listed)
