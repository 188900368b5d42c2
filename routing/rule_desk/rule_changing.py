"""Changes of the routing rules: drafted, tried, filed, decided by a second person, written.

A rule is written here and by nobody else (but the loader of a table), after a trial of exactly this
change and by somebody who did not draft it. Each decision locks the change and all versions of the rule, and is judged
anew, so of two who decide at once one is told what the other did. Versions are never rewritten, only their end is.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.models import User
from accounts.sign_in import persons
from authorities.loading import CHINA_FIRST, CHINA_LAST
from authorities.models import Authority, Region
from database.row_security import working_as_steps
from enterprises.directory.change_kinds import ChangeRefused
from enterprises.models import Branch, Enterprise
from routing.models import Lesson, RoutingRule, RuleChange, RuleTrial

DAY = timedelta(days=1)
#: A rule begins within so many days, and has an end within so many or none.
LATEST_START, LATEST_END = 366, 3660
#: Days of a trial.
TRIAL_DAYS = (30, 90)
FEWEST_DAYS, MOST_DAYS = 1, 366
#: Not yet decided, of one person.
MOST_OPEN = 100
Kind, State = RuleChange.Kind, RuleChange.State
OPEN = (State.DRAFT, State.WAITING)
#: Columns of a rule as a change keeps them.
COLUMNS = (
    *("priority", "category", "region", "brand", "enterprise", "named", "channel"),
    *("target_enterprise", "target_branch", "target_authority"),
)
ROWS = ("region", "brand", "enterprise", "target_enterprise", "target_branch", "target_authority")


@dataclass(frozen=True, slots=True)
class Reach:
    """How far somebody's office reaches: intervals of regions."""

    spans: tuple[tuple[int, int], ...]

    def covers(self, region: Region | None) -> bool:
        """A rule without region holds in the whole country."""
        first, last = (region.pk, region.last) if region is not None else (CHINA_FIRST, CHINA_LAST)
        return any(low <= first and last <= high for low, high in self.spans)


def columns_of(rule: RoutingRule) -> dict[str, Any]:
    """The columns of a rule as a change keeps them."""
    return {name: getattr(rule, f"{name}_id" if name in ROWS else name) for name in COLUMNS}


def as_rule(change: RuleChange) -> RoutingRule:
    """The rule that a change would write, unsaved; of an end the version that ends. One query for a region."""
    columns = {f"{name}_id" if name in ROWS else name: change.what.get(name) for name in COLUMNS}
    rule = RoutingRule(
        **columns,
        code=change.final_code,
        version=(change.base_version or 0) + (change.kind == Kind.SET),
        starts_on=change.starts_on,
        ends_on=change.ends_on,
        reason=change.why,
        reason_en=change.why_en,
    )
    if rule.region_id is not None:
        rule.region = Region.objects.get(pk=rule.region_id)
    return rule


def newest(code: str) -> RoutingRule | None:
    """The version of a rule that counts last."""
    return (
        RoutingRule.objects.filter(code=code, is_taken_back=False).select_related("region").order_by("-version").first()
        if code
        else None
    )


def draft(
    *,
    kind: str,
    rule: RoutingRule | None,
    what: Mapping[str, Any],
    starts_on: date | None,
    ends_on: date | None,
    why: str,
    why_en: str,
    by: User,
    reach: Reach,
    now: datetime,
    today: date,
    lesson: Lesson | None = None,
) -> RuleChange:
    """A change nobody else has to see yet; ``rule``: the version changed or ended. Raises ChangeRefused."""
    change = RuleChange(kind=kind, made_by=by, made_at=now, lesson=lesson)
    if rule is not None:
        change.code, change.base_version = rule.code, rule.version
    _say(change, what, starts_on, ends_on, why, why_en)
    with transaction.atomic():
        if RuleChange.objects.filter(made_by=by, state__in=OPEN).count() >= MOST_OPEN:
            raise ChangeRefused("too_many", _("未决定的变更已有%(n)s项，请先等一等或撤回几项。") % {"n": MOST_OPEN})
        if lesson is not None:
            lesson = Lesson.objects.select_for_update(of=("self",)).get(pk=lesson.pk)
            if lesson.state != Lesson.State.OPEN:
                raise ChangeRefused("lesson_taken", _("这一条已经起草或不采纳。"))
            lesson.state, lesson.decided_by, lesson.decided_at = Lesson.State.DRAFTED, by, now
            lesson.save(update_fields=["state", "decided_by", "decided_at"])
        judge(change, reach=reach, today=today)
        change.save(force_insert=True)
        _note("routing_rule_drafted", change, by=by, now=now)
    return change


def edit(
    change: RuleChange,
    *,
    what: Mapping[str, Any],
    starts_on: date | None,
    ends_on: date | None,
    why: str,
    why_en: str,
    by: User,
    reach: Reach,
    today: date,
) -> None:
    """Another wording of a draft, by its author. What was tried before counts no more. Raises ChangeRefused."""
    with _held(change) as held:
        if held.state != State.DRAFT or held.made_by_id != by.pk:
            raise ChangeRefused("not_draft", _("只有起草人能改还没有提交的草稿。"))
        _say(held, what, starts_on, ends_on, why, why_en)
        judge(held, reach=reach, today=today)
        held.save()


def _say(
    change: RuleChange, what: Mapping[str, Any], starts_on: date | None, ends_on: date | None, why: str, why_en: str
) -> None:
    # Words that were left out are empty; rows of the directory are there or not.
    change.what = {name: what.get(name) or (None if name in ROWS else "") for name in COLUMNS}
    change.region_id = change.what["region"]
    change.starts_on, change.ends_on, change.why, change.why_en = starts_on, ends_on, why, why_en


def start_trial(change: RuleChange, *, days: int, by: User, now: datetime) -> RuleTrial:
    """A sweep is to try it on the cases of the last days; one that runs is dropped. Raises ChangeRefused."""
    if not FEWEST_DAYS <= days <= MOST_DAYS:
        raise ChangeRefused(
            "bad_days", _("请写%(first)s到%(last)s天。") % {"first": FEWEST_DAYS, "last": MOST_DAYS}, field="days"
        )
    with _held(change) as held:
        if held.state not in OPEN:
            raise ChangeRefused("decided", _("这项变更已经决定或撤回。"))
        RuleTrial.objects.filter(change=held, state=RuleTrial.State.RUNNING).update(state=RuleTrial.State.DROPPED)
        return RuleTrial.objects.create(
            change=held, digest=held.digest, days=days, asked_by=by, asked_at=now, upto_at=now + DAY
        )


def is_tried(change: RuleChange) -> bool:
    """Whether exactly this change was tried to the end."""
    return RuleTrial.objects.filter(change=change, digest=change.digest, state=RuleTrial.State.DONE).exists()


def file(change: RuleChange, *, by: User, reach: Reach, now: datetime, today: date) -> None:
    """To a second person, once it was tried. Raises ChangeRefused."""
    with _held(change) as held:
        if held.state != State.DRAFT or held.made_by_id != by.pk:
            raise ChangeRefused("not_draft", _("只有起草人能提交，而且只能提交一次。"))
        judge(held, reach=reach, today=today)
        _must_be_tried(held)
        persons.ask(persons.matter_of(held), by, now=now, error=ChangeRefused)
        held.state, held.filed_at = State.WAITING, now
        held.save(update_fields=["state", "filed_at"])
        _note("routing_rule_filed", held, by=by, now=now)


def withdraw(change: RuleChange, *, by: User, now: datetime) -> None:
    """Its author does not want it any more; what it was learned from waits again. Raises ChangeRefused."""
    with _held(change) as held:
        if held.state not in OPEN or held.made_by_id != by.pk:
            raise ChangeRefused("not_open", _("这项变更已经决定或撤回。"))
        held.state = State.WITHDRAWN
        held.save(update_fields=["state"])
        _give_back(held)
        _note("routing_rule_withdrawn", held, by=by, now=now)


def decide(
    change: RuleChange, *, agrees: bool, reason: str, by: User, reach: Reach, now: datetime, today: date
) -> None:
    """Write the rule, or refuse it for good; ``reach``: where ``by`` heads an authority. Raises ChangeRefused."""
    with _held(change) as held:
        if held.state in (State.APPROVED, State.REFUSED):
            who = held.decided_by.name if held.decided_by else ""
            at = timezone.localtime(held.decided_at)
            raise ChangeRefused(
                "decided", _("%(who)s已于%(at)s作出决定。") % {"who": who, "at": f"{at:%Y-%m-%d %H:%M}"}
            )
        if held.state != State.WAITING:
            raise ChangeRefused("not_waiting", _("这项变更没有提交，或者已经撤回。"))
        first, refuses = [held.made_by_id], not agrees
        persons.decide(persons.matter_of(held), by, asked=first, now=now, refuses=refuses, error=ChangeRefused)
        if agrees:
            versions = list(
                RoutingRule.objects.select_for_update(of=("self",)).filter(code=held.final_code).order_by("version")
            )
            _must_be_tried(held)
            judge(held, reach=reach, today=today, is_decision=True)
            with working_as_steps():
                held.rule = _write(held, versions, today=today)
        elif not reason:
            raise ChangeRefused("no_reason", _("不批准，请写明理由。"), field="reason")
        elif not reach.covers(held.region):
            raise ChangeRefused("not_yours", _("规则的范围超出您的辖区。"))
        held.state = State.APPROVED if agrees else State.REFUSED
        held.reason, held.decided_by, held.decided_at = reason, by, now
        held.save(update_fields=["state", "reason", "decided_by", "decided_at", "rule"])
        if not agrees:
            _give_back(held)
        _note("routing_rule_approved" if agrees else "routing_rule_refused", held, by=by, now=now)


def dismiss(lesson: Lesson, *, reason: str, by: User, reach: Reach, now: datetime) -> None:
    """What was learned is not to become a rule, for this reason. Raises ChangeRefused."""
    if not reason:
        raise ChangeRefused("no_reason", _("不采纳，请写明理由。"), field="reason")
    with transaction.atomic():
        held = Lesson.objects.select_for_update(of=("self",)).select_related("region").get(pk=lesson.pk)
        if held.state != Lesson.State.OPEN:
            raise ChangeRefused("lesson_taken", _("这一条已经起草或不采纳。"))
        if not reach.covers(held.region):
            raise ChangeRefused("not_yours", _("规则的范围超出您的辖区。"))
        held.state, held.reason, held.decided_by, held.decided_at = Lesson.State.DISMISSED, reason, by, now
        held.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        security_log.note("routing_lesson_dismissed", now=now, user=by, subject=f"lesson {held.pk}")


def impossible(change: RuleChange, *, reach: Reach, today: date) -> str:
    """Why it could not be written today, in words; empty if it could, or is decided."""
    if change.state in OPEN:
        try:
            judge(change, reach=reach, today=today, is_decision=change.state == State.WAITING)
        except ChangeRefused as refused:
            return str(refused)
    return ""


def judge(change: RuleChange, *, reach: Reach, today: date, is_decision: bool = False) -> None:
    """Raises ChangeRefused if nobody with this reach could write it. At the decision the start may have passed."""
    base = newest(change.code)
    if change.code and (base is None or base.version != change.base_version):
        raise ChangeRefused("moved_on", _("这条规则已有更新的版本，请按新版本重新起草。"))
    region = Region.objects.filter(pk=change.what["region"]).first() if change.what.get("region") else None
    if not reach.covers(region) or (base is not None and not reach.covers(base.region)):
        raise ChangeRefused("not_yours", _("规则的范围超出您的辖区。"), field="region")
    if change.kind == Kind.END:
        _judge_end(change, base, today=today, is_decision=is_decision)
        return
    _judge_days(change, today=today, is_decision=is_decision)
    _judge_columns(change, base)
    _judge_target(change, reach)


def _judge_end(change: RuleChange, base: RoutingRule | None, *, today: date, is_decision: bool) -> None:
    if base is None or change.ends_on is None:
        raise ChangeRefused("no_rule", _("没有这条规则。"))
    if base.ends_on is not None and base.ends_on <= max(change.ends_on, today):
        raise ChangeRefused("ended", _("这条规则到%(day)s为止，不用再停用。") % {"day": base.ends_on.isoformat()})
    if change.ends_on < today and not is_decision:
        raise ChangeRefused("past_day", _("日期不能早于今天"), field="ends_on")
    if change.ends_on > today + LATEST_START * DAY:
        raise ChangeRefused("far_day", _("日期太远，最多一年以后。"), field="ends_on")


def _judge_days(change: RuleChange, *, today: date, is_decision: bool) -> None:
    if change.starts_on is None or (change.starts_on < today and not is_decision):
        raise ChangeRefused("past_day", _("日期不能早于今天"), field="starts_on")
    if change.starts_on > today + LATEST_START * DAY:
        raise ChangeRefused("far_day", _("日期太远，最多一年以后。"), field="starts_on")
    start = max(change.starts_on, today)
    if change.ends_on is not None and change.ends_on < start:
        raise ChangeRefused("end_before_start", _("最后一天不能早于第一天。"), field="ends_on")
    if change.ends_on is not None and change.ends_on > start + LATEST_END * DAY:
        raise ChangeRefused("far_day", _("日期太远，最多十年以后；长期有效的，请不要填。"), field="ends_on")


def _judge_columns(change: RuleChange, base: RoutingRule | None) -> None:
    what = change.what
    if not any(what.get(name) for name in ("category", "brand", "enterprise", "named")):
        raise ChangeRefused("too_wide", _("请至少写明被投诉人或者类别；只写地区或渠道的规则太宽。"), field="category")
    if sum(bool(what.get(name)) for name in ("brand", "enterprise", "named")) > 1:
        raise ChangeRefused("two_respondents", _("品牌、企业、消费者写的名称，只能写一项。"), field="named")
    if base is not None and columns_of(base) == what and base.ends_on == change.ends_on:
        raise ChangeRefused("nothing_new", _("和现在的版本一样，没有要改的。"))


def _judge_target(change: RuleChange, reach: Reach) -> None:
    what = change.what
    if bool(what.get("target_authority")) == bool(what.get("target_enterprise")):
        raise ChangeRefused("one_target", _("转给企业，或者交给监管部门，只选一个。"), field="target_enterprise")
    if what.get("target_authority"):
        authority = Authority.objects.select_related("region").filter(pk=what["target_authority"]).first()
        if authority is None or not reach.covers(authority.region):
            raise ChangeRefused("sideways", _("只能交给本辖区内的部门，不能转给别处。"), field="target_authority")
        return
    enterprise = Enterprise.objects.filter(pk=what["target_enterprise"]).first()
    if enterprise is None or enterprise.enrolment != Enterprise.Enrolment.ENROLLED:
        raise ChangeRefused("not_enrolled", _("这家企业没有入驻或已暂停，不能作为去处。"), field="target_enterprise")
    if what.get("target_branch"):
        branch = Branch.objects.filter(pk=what["target_branch"], enterprise=enterprise).first()
        first = change.starts_on
        if branch is None or (first is not None and branch.ends_on is not None and branch.ends_on < first):
            raise ChangeRefused("no_branch", _("这个企业没有这个分支机构"), field="target_branch")


def _write(change: RuleChange, versions: Collection[RoutingRule], *, today: date) -> RoutingRule:
    first = (
        max(change.ends_on, today) + DAY
        if change.kind == Kind.END and change.ends_on is not None
        else max(change.starts_on or today, today)
    )
    for version in versions:
        if version.starts_on is not None and version.starts_on >= first:
            version.is_taken_back = True
        elif version.ends_on is None or version.ends_on >= first:
            version.ends_on = first - DAY
        else:
            continue
        version.save(update_fields=["is_taken_back", "ends_on"])
    if change.kind == Kind.END:
        return list(versions)[-1]
    rule = as_rule(change)
    # Also one that was taken back keeps its number.
    rule.version, rule.starts_on = max((one.version for one in versions), default=0) + 1, first
    rule.save(force_insert=True)
    return rule


def _must_be_tried(change: RuleChange) -> None:
    if not is_tried(change):
        raise ChangeRefused("not_tried", _("请先试运行；改动以后，须重新试运行。"))


def _give_back(change: RuleChange) -> None:
    if change.lesson_id is not None:
        Lesson.objects.filter(pk=change.lesson_id, state=Lesson.State.DRAFTED).update(
            state=Lesson.State.OPEN, decided_by=None, decided_at=None
        )


@contextmanager
def _held(change: RuleChange) -> Iterator[RuleChange]:
    with transaction.atomic():
        rows = RuleChange.objects.select_for_update(of=("self",))
        yield rows.select_related("region", "made_by", "decided_by").get(pk=change.pk)


def _note(what: str, change: RuleChange, *, by: User, now: datetime) -> None:
    security_log.note(what, now=now, user=by, subject=f"rule {change.final_code}", reason=change.kind)
