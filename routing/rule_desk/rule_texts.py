"""Routing rules, their changes, trials and lessons in words.

Rows of the directory are read once for a page (``Names``), and a case is only named to whoever may see it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from complaints import wording
from complaints.reading.case import AUTHORITY
from routing.directory_changes.change_forms import ChangeLine, MovedCases, RowNames, category_label, links_to
from routing.directory_changes.previewing import Destination
from routing.models import Lesson, RoutingRule, RuleChange, RuleTrial, RuleUse
from routing.rule_desk.rule_changing import COLUMNS, columns_of
from routing.rule_desk.trying import progress, ways_of
from routing.rules.conflicts import CONFLICT, Finding
from routing.rules.facts import Rule
from web.languages import name_in_language
from web.small_numbers import ENOUGH, share_text

_STATE_TONES = {"draft": "neutral", "waiting": "warn", "approved": "ok", "refused": "bad", "withdrawn": "neutral"}


def conditions(what: Mapping[str, Any], names: RowNames) -> list[tuple[str, str]]:
    """When a rule matches: words and their value, the respondent first."""
    results: list[tuple[str, str]] = []
    if what.get("enterprise"):
        results.append((_("被投诉企业"), names.say("enterprise", what["enterprise"])))
    if what.get("brand"):
        results.append((_("品牌"), names.say("brand", what["brand"])))
    if what.get("named"):
        results.append((_("消费者写的名称"), _("“%(name)s”") % {"name": what["named"]}))
    if what.get("category"):
        results.append((_("类别"), category_label(what["category"])))
    results.append((_("地区"), names.say("region", what["region"]) if what.get("region") else _("全国")))
    if what.get("channel"):
        results.append((_("渠道"), wording.label(what["channel"], kind="channel")))
    return results


def target(what: Mapping[str, Any], names: RowNames) -> str:
    """Where a rule leads."""
    if what.get("target_authority"):
        return _("%(authority)s人工分送") % {"authority": names.say("target_authority", what["target_authority"])}
    if what.get("target_branch"):
        return names.say("target_branch", what["target_branch"])
    return names.say("target_enterprise", what.get("target_enterprise"))


def reason_of(rule: RoutingRule) -> str:
    return name_in_language(rule.reason, rule.reason_en)


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule in a list."""

    rule: RoutingRule
    conditions: list[tuple[str, str]]
    target: str
    use: RuleUse | None
    state: str
    tone: str
    url: str

    @property
    def rate(self) -> str:
        """The share that came back, where there are enough to say one."""
        use = self.use
        return "" if use is None or use.forwarded < ENOUGH else share_text(use.returned, use.forwarded)


def rule_url(code: str) -> str:
    return reverse("routing:authority-routing-rule", args=[code])


def change_url(change: RuleChange) -> str:
    return reverse("routing:authority-routing-change", args=[change.pk])


def state_of(rule: RoutingRule, day: date) -> tuple[str, str]:
    """Whether a version holds on a day, in words, and their tone."""
    if rule.is_taken_back:
        return _("生效前已取代"), "neutral"
    if rule.holds(day):
        return _("生效中"), "ok"
    return (_("尚未生效"), "info") if rule.starts_on is not None and rule.starts_on > day else (_("已失效"), "neutral")


def rule_lines(rules: Sequence[RoutingRule], *, day: date) -> list[RuleLine]:
    """For a list: a query a table of the directory, and one for how they fared."""
    columns = {rule.pk: columns_of(rule) for rule in rules}
    names = RowNames.of(columns.values())
    uses = {use.code: use for use in RuleUse.objects.filter(code__in={rule.code for rule in rules})} if rules else {}
    return [
        RuleLine(
            rule,
            conditions(columns[rule.pk], names),
            target(columns[rule.pk], names),
            uses.get(rule.code),
            *state_of(rule, day),
            rule_url(rule.code),
        )
        for rule in rules
    ]


@dataclass(frozen=True, slots=True)
class ComparedColumn:
    """One column of a change: as it is and as it is to be."""

    key: str
    before: str
    after: str

    @property
    def is_new(self) -> bool:
        return self.before != self.after


def compared(change: RuleChange, base: RoutingRule | None) -> list[ComparedColumn]:
    """The columns of a change beside those of the version that it replaces."""
    was = columns_of(base) if base is not None else {}
    names = RowNames.of([change.what, was])
    old, new = dict(conditions(was, names)) if base else {}, dict(conditions(change.what, names))
    rows = [ComparedColumn(key, old.get(key, "–") if base else "", new.get(key, "–")) for key in new | old]
    rows.append(ComparedColumn(_("转给"), target(was, names) if base else "", target(change.what, names)))
    rows.append(ComparedColumn(_("优先级"), str(base.priority) if base else "", str(change.what.get("priority") or "")))
    return rows


def title_of(change: RuleChange) -> str:
    if change.kind == RuleChange.Kind.END:
        return _("停用规则%(code)s") % {"code": change.code}
    if change.code:
        return _("修改规则%(code)s") % {"code": change.code}
    return _("新规则%(code)s") % {"code": change.final_code}


def change_lines(changes: Sequence[RuleChange]) -> list[ChangeLine]:
    """``changes`` with their ``made_by``, whose names were unsealed before."""
    names = RowNames.of([change.what for change in changes])
    return [
        ChangeLine(
            change,
            title_of(change),
            f"{' · '.join(value for _key, value in conditions(change.what, names))} → {target(change.what, names)}",
            str(RuleChange.State(change.state).label),
            _STATE_TONES[change.state],
            change.made_by.name,
            change_url(change),
        )
        for change in changes
    ]


@dataclass(frozen=True, slots=True)
class TrialResult:
    """A trial as a page shows it."""

    trial: RuleTrial
    is_current: bool
    percent: int
    ways: list[MovedCases] = field(default_factory=list)
    precision_before: str = "–"
    precision_after: str = "–"
    tone: str = "neutral"


def trial_result(trial: RuleTrial | None, change: RuleChange, *, user: User, today: date) -> TrialResult | None:
    """What a trial found; one query for the cases that ``user`` may see."""
    if trial is None:
        return None
    is_current, done = trial.digest == change.digest, trial.state == RuleTrial.State.DONE
    if not done:
        return TrialResult(trial, is_current, progress(trial))
    ways, result = ways_of(trial.found), trial.found
    names = RowNames.of(asdict(place) for before, after, _n, _ids in ways for place in (before, after))
    seen = links_to((pk for *_way, some in ways[:20] for pk in some), user=user, side=AUTHORITY, today=today)
    shown = [
        MovedCases(_place(before, names), _place(after, names), n, [seen[pk] for pk in some if pk in seen])
        for before, after, n, some in ways
    ]
    (right, decided), (right_after, decided_after) = (
        (result.get(f"{side}_right", 0), result.get(f"{side}_decided", 0)) for side in ("before", "after")
    )
    tone = "neutral"
    if min(decided, decided_after) >= ENOUGH and right * decided_after != right_after * decided:
        tone = "ok" if right_after * decided > right * decided_after else "bad"
    precision = share_text(right, decided), share_text(right_after, decided_after)
    return TrialResult(trial, is_current, 100, shown, *precision, tone)


def _place(place: Destination, names: RowNames) -> str:
    if place.reason:
        return _("人工分送（%(reason)s）") % {"reason": wording.label(place.reason, kind="reason")}
    if place.enterprise is None:
        return _("%(authority)s人工分送") % {"authority": names.say("authority", place.authority)}
    return names.say("branch", place.branch) if place.branch else names.say("enterprise", place.enterprise)


def clashes(results: Iterable[Finding], *, unwritten: str = "") -> list[dict[str, Any]]:
    """``unwritten``: the code of a rule that has no page yet."""
    return [
        {
            "tone": "bad" if one.kind == CONFLICT else "warn",
            "text": _("优先级相同、去处不同，同一件可能两条都符合：那时由人工分送。")
            if one.kind == CONFLICT
            else _("前一条总是先符合，后一条永远轮不到。"),
            "first": _link(one.first, unwritten),
            "second": _link(one.second, unwritten),
        }
        for one in results
    ]


def _link(rule: Rule, unwritten: str) -> tuple[str, str]:
    return (rule.code, "") if rule.code == unwritten else (f"{rule.code} v{rule.version}", rule_url(rule.code))


@dataclass(frozen=True, slots=True)
class LessonLine:
    """What was learned, in words."""

    lesson: Lesson
    text: str
    conditions: list[tuple[str, str]]
    target: str
    cases: list[tuple[str, str]]


def columns_learned(lesson: Lesson) -> dict[str, Any]:
    """The columns of the rule that a lesson proposes."""
    is_named = lesson.subject_kind == "named"
    return dict.fromkeys(COLUMNS) | {
        "priority": 50,
        "category": lesson.category,
        "region": lesson.region_id,
        "named": "",
        "channel": "",
        "target_enterprise": lesson.target_enterprise_id,
        "target_branch": lesson.target_branch_id,
        lesson.subject_kind: lesson.words if is_named else int(lesson.subject),
    }


def lesson_lines(lessons: Sequence[Lesson], *, user: User, today: date) -> list[LessonLine]:
    """One query for the cases that ``user`` may see, one a table of the directory."""
    columns = {lesson.pk: columns_learned(lesson) for lesson in lessons}
    names = RowNames.of(columns.values())
    seen = links_to((pk for one in lessons for pk in one.cases), user=user, side=AUTHORITY, today=today)
    return [
        LessonLine(
            lesson,
            " · ".join(value for _key, value in conditions(columns[lesson.pk], names)),
            conditions(columns[lesson.pk], names),
            target(columns[lesson.pk], names),
            [seen[pk] for pk in lesson.cases if pk in seen],
        )
        for lesson in lessons
    ]
