"""The right column of the workspace: the contact log, earlier cases of the consumer, similar cases, notes, causes; and
the ended cases whose root cause nobody has tagged, one select and one press each.

Everything here is the enterprise's own (its engagements), and each part costs one statement, asked only where it is of
use: while the case is ours, or once it is over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from complaints import handling, wording
from complaints.desks import keyset
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.handling.transition import two_persons
from complaints.models import Complaint, Contact, Engagement, PersonDigest, RootCause
from complaints.parties import unreachable
from complaints.parties.jobs import Job, OfJobs
from complaints.procedure.categories import fitting_causes, problem_label
from complaints.procedure.workflow import LOOK, TABLE, Audience, Status
from complaints.reading.case import CasePage
from complaints.record.person_digests import alike
from complaints.settlement.similar_cases import Settled, similar_to
from complaints.wording import label
from web.templatetags.portal import money

_SHOWN_CONTACTS = 5
#: So many earlier cases of a consumer are listed; of more it is told that there are more.
MOST_EARLIER = 10
CHOSEN = SafeString(" selected")
RESULT_TONES = {"settled": "ok", "failed": "bad", "unconfirmed": "warn"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactLog:
    """The newest attempts; ``counts`` once one failed, while the case could be reported as unreachable."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    #: How far the failed attempts go: 未接通1次，须3次.
    counts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_enough(self) -> bool:
        return bool(self.counts) and all(count["is_met"] for count in self.counts)


def contact_log(page: CasePage, rows: Sequence[Contact]) -> ContactLog:
    """The attempts of this workspace, the newest first; what is missing is counted for the time that runs now."""
    lines = [
        {
            "at": row.at,
            "by_name": row.by_name,
            "reached": row.reached,
            "way": label(row.channel, kind="contact_channel"),
        }
        for row in rows[:_SHOWN_CONTACTS]
    ]
    ours = [row for row in rows if page.engagement is not None and row.engagement_id == page.engagement.pk]
    if page.complaint.status != Status.NEGOTIATING or all(row.reached for row in ours):
        return ContactLog(lines=lines)
    counts = unreachable.counted(
        ours, policies=page.conditions.policies, calendar=page.calendar, region_id=page.complaint.handling_region_id
    )
    missing = [{"text": _count_text(count), "is_met": not count.missing} for count in counts]
    return ContactLog(lines=lines, counts=missing)


def _count_text(count: unreachable.Count) -> str:
    numbers = {"have": count.have, "need": count.need}
    if count.what == "attempts":
        return ngettext("没接通%(have)s次，须%(need)s次", "没接通%(have)s次，须%(need)s次", count.have) % numbers
    if count.what == "days":
        return ngettext("分在%(have)s天，须%(need)s天", "分在%(have)s天，须%(need)s天", count.have) % numbers
    return ngettext("用过%(have)s种方式，须%(need)s种", "用过%(have)s种方式，须%(need)s种", count.have) % numbers


def is_working(page: CasePage) -> bool:
    """Whether the case is this workspace's to work on: earlier and similar cases help then."""
    return not page.is_former and page.engagement is not None and page.engagement.until_at is None


def _earlier(seen: Q, case: int, person: Any) -> QuerySet[Engagement, Any]:
    """The same account, or the same phone; phones are compared by digest, never read."""
    phones = PersonDigest.objects.filter(complaint_id=case, kind="phone")
    by_phone = alike(phones).filter(kind="phone").order_by().values("complaint_id")
    by_account = Complaint.objects.filter(consumer_key=person).order_by().values("pk")
    return (
        Engagement.objects.filter(seen, complaint_id__in=by_phone.union(by_account))
        .exclude(complaint_id=case)
        .order_by("-complaint__filed_at", "-complaint_id", "-pk")
        .values_list(
            "complaint__number",
            "complaint__item_name",
            "complaint__filed_at",
            "complaint__status",
            "complaint__outcome",
            "odr_result",
            "accepted_refusal",
        )[: 3 * MOST_EARLIER]
    )


_history = OfJobs(_earlier, int, UUID)


def history_of(page: CasePage, workspace: Workspace) -> tuple[list[dict[str, Any]], bool]:
    """Other cases of this consumer at this workspace, the newest first, and whether there are more than are listed. One
    statement."""
    rows = _history(workspace.jobs, page.complaint.pk, page.complaint.consumer_key)
    lines: dict[str, dict[str, Any]] = {}
    for number, item, filed_at, status, outcome, odr_result, was_refused in rows:
        if odr_result:
            odr_result = "failed" if was_refused else odr_result
            result, tone = label(odr_result, kind="odr_result"), RESULT_TONES.get(odr_result, "neutral")
        else:
            result, tone = label(status, kind="status"), wording.tone(status, outcome)
        url = f"/enterprise/cases/{number}/"
        # A case that came back is told once, by the newest time.
        line = {"number": number, "url": url, "at": filed_at, "item": item, "result": result, "tone": tone}
        lines.setdefault(number, line)
    return list(lines.values())[:MOST_EARLIER], len(lines) > MOST_EARLIER


def extension_note(page: CasePage) -> str:
    """Why more time cannot be asked for now; "" where it can, or where the question does not arise."""
    if page.complaint.status not in (Status.WITH_ENTERPRISE, Status.NEGOTIATING) or page.is_former:
        return ""
    matter = page.matters.get("extension")
    if matter is not None and matter.data.get("consumer_agreed"):
        return _("延期申请在等监管部门决定；协商期限不停。")
    if matter is not None:
        return _("延期申请在等消费者同意；协商期限不停。")
    if any(event.step == "request_extension" for event in page.timeline):
        return _("已经申请过一次延期，不能再申请。")
    if not most_days(page):
        return _("本地区的规定不允许延期，请在期限内办完。")
    return ""


def waits_for_approval(page: CasePage, steps: Sequence[str]) -> bool:
    """Whether one of ``steps`` was proposed to a second person, who has not decided yet."""
    proposal = page.matters.get("proposal")
    return proposal is not None and proposal.subject in steps


def sent_back(page: CasePage, steps: Sequence[str]) -> dict[str, Any]:
    """What was proposed for one of ``steps`` and sent back by a second person; empty once something followed."""
    offers = two_persons.OFFERS if {*steps} & {*two_persons.OFFERS} else ()
    after = {"propose", "approve", "send_back", *steps, *offers}
    if next((event.step for event in page.timeline if event.step in after), "") != "send_back":
        return {}
    matter = (
        page.complaint.matters.filter(
            kind="proposal", audience=Audience.ENTERPRISE, enterprise=page.complaint.enterprise_id, state="refused"
        )
        .order_by("-pk")
        .first()
    )
    if matter is None or matter.subject not in steps or matter.measure_id is not None:
        return {}
    return dict(matter.data.get("payload", {}))


def why_not_open(page: CasePage, steps: Sequence[str]) -> str:
    """Why the page of ``steps`` has nothing to do now."""
    action = wording.action(steps[0])
    if page.is_former:
        return _("这件投诉已不由贵单位办理。")
    if waits_for_approval(page, steps):
        return _("已经提请第二人批准，正在等决定。")
    if "make_offer" in steps and page.open_offer is not None:
        more = _("消费者提了问题，请先回答。") if page.may("answer_question") else ""
        return _("已经有一份方案等消费者答复。") + more
    if "request_extension" in steps and (note := extension_note(page)):
        return note
    if LOOK in steps:
        return _("只有受理后的处理人、管理员和经办机关可以查看联系方式。")
    if page.actor is not None and set(steps) & set(handling.allowed_steps(page.complaint, page.actor)):
        # The status would let it, so it is no reason.
        return _("“%(step)s”现在没有要办的。") % {"step": action}
    return _("“%(step)s”现在不能办：案件是“%(status)s”。") % {
        "step": action,
        "status": label(page.complaint.status, kind="status"),
    }


def most_days(page: CasePage) -> int:
    """So many working days may be asked for; 0 where the policy allows none."""
    policies, region = page.conditions.policies, page.complaint.handling_region_id
    return policies.number("extension_cap", region).number if policies.flag("extension", region) else 0


def cause_of(page: CasePage, known: Iterable[RootCause] | None = None) -> str:
    """The code of the tag of this time with the case, or "". ``known``: tags of its times, where they were read."""
    engagement = page.engagement
    if engagement is None:
        return ""
    result = RootCause.objects.filter(engagement=engagement) if known is None else known
    return next((tag.cause for tag in result if tag.engagement_id == engagement.pk), "")


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
                        ((code, CHOSEN if code == chosen else "", label) for code, label in options),
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
        (str(title), [(code, label(code, kind="root_cause")) for code in codes]) for title, codes in groups if codes
    ]


def similar_shown(complaint: Complaint, *, jobs: Sequence[Job]) -> dict[str, Any]:
    """How the own cases with the same problem ended, and the few to list, for enterprise/_similar.html; ``total`` 0
    where there are none."""
    results = similar_to(complaint, jobs=jobs)
    return {
        "total": results.total,
        "is_cut": results.is_cut,
        "median": results.median,
        "results": " · ".join(f"{label(result, kind='odr_result')} {n}" for result, n in results.results.items()),
        "cases": [
            {
                "number": case.number,
                "at": case.ended_at,
                "result": label(case.odr_result, kind="odr_result"),
                "answers": [_answer(answer) for answer in case.answers],
            }
            for case in results.shown
        ],
    }


def _answer(answer: Settled) -> str:
    amount = "" if answer.amount is None else money(answer.amount)
    return f"{label(answer.kind, kind='demand_kind')} {label(answer.verdict, kind='verdict')} {amount}".strip()


DAYS = 90


@workspace_page("GET")
def causes(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    page = keyset.page_of(untagged(workspace), request.GET, keyset.BY_END, related=("complaint",))
    context = {
        "rows": [_row(time) for time in page.rows],
        "days": DAYS,
        "may_tag": workspace.may("tag_cause"),
        "previous_url": f"{request.path}?{urlencode({'before': page.before})}" if page.before else "",
        "next_url": f"{request.path}?{urlencode({'after': page.after})}" if page.after else "",
    }
    return render(request, "enterprise/causes.html", context)


def untagged(workspace: Workspace) -> QuerySet[Engagement]:
    """Times with a case that ended within DAYS, were ours to answer and have no root cause yet."""
    return Engagement.objects.filter(
        workspace.engagements(),
        ~Exists(RootCause.objects.filter(engagement=OuterRef("pk"))),
        until_at__gte=workspace.now - timedelta(days=DAYS),
        complaint__enterprise_id=F("enterprise_id"),
        complaint__status__in=list(TABLE["tag_cause"].at),
    ).exclude(odr_result="returned")


def _row(time: Engagement) -> dict[str, Any]:
    case = time.complaint
    return {
        "number": case.number,
        "url": case_url(case),
        "item": case.title,
        "problem": str(problem_label(case.problem_category)),
        "ended_at": time.until_at,
        "result": wording.label(time.result, kind="odr_result"),
        "tone": RESULT_TONES.get(time.result, "neutral"),
        "tag_url": reverse("complaints:enterprise-cause", args=[case.number]),
        "options": cause_options(case.problem_category),
    }
