"""The right column of the workspace: the contact log, what this consumer and similar cases brought before, notes,
causes.

Everything here is the desk's own (its engagements), and each part costs one statement, asked only where
the part is of use: while the case is ours, or once it is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from complaints import handling, wording
from complaints.desks.enterprise_workspace import Workspace
from complaints.filing.earlier_cases import MOST, EarlierCase, earlier_cases
from complaints.models import Contact, RootCause
from complaints.pages.enterprise.similar_shown import similar_shown
from complaints.parties import unreachable
from complaints.procedure.categories import fitting_causes
from complaints.procedure.workflow import LOOK, Status
from complaints.reading.case import CasePage

_SHOWN_CONTACTS = 5
CHOSEN = SafeString(" selected")
RESULT_TONES = {"settled": "ok", "failed": "bad", "unconfirmed": "warn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLine:
    """One attempt to reach the consumer."""

    at: datetime
    by_name: str
    way: str
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLine:
    """How far the failed attempts go: 未接通1次，须3次."""

    words: str
    is_met: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLog:
    """The newest attempts; ``counts`` once one failed, while the case could be reported as unreachable."""

    lines: list[ContactLine] = field(default_factory=list)
    counts: list[CountLine] = field(default_factory=list)

    @property
    def is_enough(self) -> bool:
        return bool(self.counts) and all(count.is_met for count in self.counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """Another case of the desk in one line."""

    number: str
    url: str
    at: datetime
    item: str
    result: str
    tone: str


def contact_log(page: CasePage, rows: Sequence[Contact]) -> ContactLog:
    """The attempts of this desk, the newest first; what is missing is counted for the time that runs now."""
    lines = [
        ContactLine(
            at=row.at, by_name=row.by_name, reached=row.reached, way=wording.label(row.channel, kind="contact_channel")
        )
        for row in rows[:_SHOWN_CONTACTS]
    ]
    ours = [row for row in rows if page.engagement is not None and row.engagement_id == page.engagement.pk]
    if page.complaint.status != Status.NEGOTIATING or all(row.reached for row in ours):
        return ContactLog(lines=lines)
    counts = unreachable.counted(
        ours, policies=page.conditions.policies, calendar=page.calendar, region_id=page.complaint.handling_region_id
    )
    return ContactLog(
        lines=lines, counts=[CountLine(words=_count_words(count), is_met=not count.missing) for count in counts]
    )


def _count_words(count: unreachable.Count) -> str:
    said = {"have": count.have, "need": count.need}
    if count.what == "attempts":
        return ngettext("没接通%(have)s次，须%(need)s次", "没接通%(have)s次，须%(need)s次", count.have) % said
    if count.what == "days":
        return ngettext("分在%(have)s天，须%(need)s天", "分在%(have)s天，须%(need)s天", count.have) % said
    return ngettext("用过%(have)s种方式，须%(need)s种", "用过%(have)s种方式，须%(need)s种", count.have) % said


def is_working(page: CasePage) -> bool:
    """Whether the case is this desk's to work on: earlier and similar cases help then."""
    return not page.is_former and page.engagement is not None and page.engagement.until_at is None


def history_of(page: CasePage, workspace: Workspace) -> tuple[list[CaseLine], bool]:
    """Other cases of this consumer at this desk, and whether there are more than are listed."""
    found = earlier_cases(page.complaint, seen=workspace.engagements())
    return [_earlier(case) for case in found[:MOST]], len(found) > MOST


def _earlier(case: EarlierCase) -> CaseLine:
    if case.odr_result:
        result, tone = wording.label(case.odr_result, kind="odr_result"), RESULT_TONES.get(case.odr_result, "neutral")
    else:
        result, tone = wording.label(case.status, kind="status"), wording.tone(case.status, case.outcome)
    return CaseLine(
        number=case.number, url=_url(case.number), at=case.filed_at, item=case.item, result=result, tone=tone
    )


def similar_of(page: CasePage, workspace: Workspace) -> dict[str, Any]:
    """How the desk's cases with the same problem ended (enterprise/_similar.html)."""
    return similar_shown(page.complaint, seen=workspace.engagements())


def _url(number: str) -> str:
    return f"/enterprise/cases/{number}/"


def extension_note(page: CasePage) -> str:
    """Why more time cannot be asked for now; "" where it can, or where the question does not arise."""
    if page.complaint.status not in (Status.WITH_ENTERPRISE, Status.NEGOTIATING) or page.is_former:
        return ""
    matter = page.matters.get("extension")
    if matter is not None:
        return (
            _("延期申请在等监管部门决定；协商期限不停。")
            if matter.data.get("consumer_agreed")
            else _("延期申请在等消费者同意；协商期限不停。")
        )
    if any(event.step == "request_extension" for event in page.timeline):
        return _("已经申请过一次延期，不能再申请。")
    if not most_days(page):
        return _("本地区的规定不允许延期，请在期限内办完。")
    return ""


def waits_for_approval(page: CasePage, steps: Sequence[str]) -> bool:
    """Whether one of ``steps`` was proposed to a second person, who has not decided yet."""
    proposal = page.matters.get("proposal")
    return proposal is not None and proposal.subject in steps


def why_not_open(page: CasePage, steps: Sequence[str]) -> str:
    """Why the page of ``steps`` has nothing to do now."""
    action = wording.action(steps[0])
    if page.is_former:
        return _("这件投诉已不由贵单位办理。")
    if waits_for_approval(page, steps):
        return _("已经提请第二人批准，正在等决定。")
    if "make_offer" in steps and page.open_offer is not None:
        return _("已经有一份方案等消费者答复。") + (
            _("消费者提了问题，请先回答。") if page.may("answer_question") else ""
        )
    if "request_extension" in steps and (note := extension_note(page)):
        return note
    if LOOK in steps:
        return _("只有受理后的处理人、管理员和经办机关可以查看联系方式。")
    if page.actor is not None and set(steps) & set(handling.allowed_steps(page.complaint, page.actor)):
        # The status would let it, so it is no reason.
        return _("“%(step)s”现在没有要办的。") % {"step": action}
    return _("“%(step)s”现在不能办：案件是“%(status)s”。") % {
        "step": action,
        "status": wording.label(page.complaint.status, kind="status"),
    }


def most_days(page: CasePage) -> int:
    """So many working days may be asked for; 0 where the policy allows none."""
    policies, region = page.conditions.policies, page.complaint.handling_region_id
    return policies.number("extension_cap", region).number if policies.flag("extension", region) else 0


def cause_of(page: CasePage, known: Iterable[RootCause] | None = None) -> str:
    """The code of the tag of this time with the case; "" without one. ``known``: tags of its times, where they were
    read.
    """
    engagement = page.engagement
    if engagement is None:
        return ""
    found = RootCause.objects.filter(engagement=engagement) if known is None else known
    return next((tag.cause for tag in found if tag.engagement_id == engagement.pk), "")


def cause_options(problem: str, chosen: str = "") -> SafeString:
    """The options of a select of root causes, what is usual for the problem first."""
    return _drawn_options(problem, chosen, get_language())


@lru_cache(maxsize=2048)
def _drawn_options(problem: str, chosen: str, language: str | None) -> SafeString:
    """Drawn once: nothing in them is anybody's, and a list of ended cases has a select a row."""
    return format_html(
        '<option value="">{}</option>{}',
        _("请选择"),
        format_html_join(
            "",
            '<optgroup label="{}">{}</optgroup>',
            (
                (
                    title,
                    format_html_join(
                        "",
                        '<option value="{}"{}>{}</option>',
                        ((code, CHOSEN if code == chosen else "", words) for code, words in options),
                    ),
                )
                for title, options in cause_groups(problem)
            ),
        ),
    )


def cause_groups(problem: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Choices of a select: what is usual for the problem first."""
    usual, others = fitting_causes(problem)
    groups: Sequence[tuple[Any, list[str]]] = ((_("这类问题常见的"), usual), (_("其他"), others))
    return [
        (str(title), [(code, wording.label(code, kind="root_cause")) for code in codes])
        for title, codes in groups
        if codes
    ]
