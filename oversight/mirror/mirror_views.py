"""/enterprise/performance/: an enterprise's own mirror, and the lists behind its numbers.

Who looks sees what the own jobs answer for: the whole enterprise, or the own branches.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.masking import masked_name
from accounts.roles import Right
from complaints import wording
from complaints.desks import keyset
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.models import Engagement, Obligation
from complaints.parties.conditions import current_calendar
from complaints.reading.case_people import label_of, names_of_consumers
from enterprises.models import Branch, Enterprise
from oversight.figures.definitions import Scope
from oversight.figures.figures import RESULTS, Measure, part_of
from oversight.mirror import goals, mirror, perfunctory
from oversight.mirror.mirror import Reflection
from oversight.presenting import cards, lengths
from oversight.presenting.cards import Card, FigurePart
from oversight.presenting.choosing import THIRTY, ChoiceForm, Selection, understood
from web.small_numbers import ENOUGH, share_text

#: What a list is called on its own page.
TITLES: Mapping[str, Any] = {
    "delivered": gettext_lazy("送达的"),
    "settled": gettext_lazy("确认和解"),
    "unconfirmed": gettext_lazy("未获确认"),
    "settled_elsewhere": gettext_lazy("另行和解"),
    "failed": gettext_lazy("和解不成"),
    "let_rest": gettext_lazy("其中消费者不再坚持"),
    "withdrawn": gettext_lazy("撤回（不计）"),
    "returned": gettext_lazy("退回（不计）"),
    "in_time": gettext_lazy("届满前结束"),
    "ended_late": gettext_lazy("届满后才结束"),
    "open_late": gettext_lazy("届满仍未结束"),
    "unanswered": gettext_lazy("此刻尚未响应"),
    "responded": gettext_lazy("已响应"),
    "again": gettext_lazy("60天内再次投诉"),
    "offered": gettext_lazy("提过方案的"),
    "offered_last_day": gettext_lazy("最后一天才提方案"),
    "ended": gettext_lazy("结束的"),
    "answered": gettext_lazy("企业自己办结的"),
    "ended_last_day": gettext_lazy("最后一天才办结"),
    "promises_kept": gettext_lazy("按时做到并经确认"),
    "promises_late": gettext_lazy("逾期才做到"),
    "promises_silent": gettext_lazy("消费者没有答复"),
    "promises_broken": gettext_lazy("没有做到"),
    "promises_waiting": gettext_lazy("到期待办或待确认"),
    "untagged": gettext_lazy("还没有标记原因"),
}
BY_START = keyset.Order("from_at", falling=True)


@dataclass(frozen=True, slots=True)
class _Looking:
    enterprise: Enterprise
    branches: list[Branch]
    measure: Measure
    asked: Selection
    form: ChoiceForm
    may_reply: bool

    def url(self, code: str, **narrowed: str) -> str:
        labels = {**self.asked.query, "list": code, **narrowed}
        labels.pop("sort", None)
        return f"{reverse('oversight:performance-cases')}?{urlencode({k: v for k, v in labels.items() if v})}"


def _looking(request: HttpRequest, workspace: Workspace) -> _Looking:
    """The jobs of one enterprise together: the whole of it if one of them is at headquarters."""
    first = workspace.actors[0]
    if first.enterprise_id is None:
        raise Http404
    jobs = [actor for actor in workspace.actors if actor.enterprise_id == first.enterprise_id]
    ids: frozenset[int] | None = None
    if not any(job.branch_ids is None for job in jobs):
        ids = frozenset(pk for job in jobs for pk in job.branch_ids or ())
    form = ChoiceForm(request.GET, today=workspace.today, usual=THIRTY)
    asked = understood(form, request.GET)
    scope = Scope(
        enterprise_id=first.enterprise_id, branch_ids=ids, category=asked.category, channel=asked.channel, is_own=True
    )
    measure = Measure(scope, asked.period, workspace.now, current_calendar())
    branches = [] if ids is None else list(Branch.objects.filter(pk__in=ids).order_by("pk")[:3])
    leads = any(job.branch_ids is None and job.may(Right.LEAD_ENTERPRISE) for job in jobs)
    return _Looking(Enterprise.objects.get(pk=first.enterprise_id), branches, measure, asked, form, leads)


@workspace_page("GET")
def performance(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    looking = _looking(request, workspace)
    now, then = mirror.reflected(looking.measure), mirror.reflected(mirror.before(looking.measure))
    asked, written = looking.asked, perfunctory.shares(looking.measure)
    return render(
        request,
        "enterprise/performance.html",
        {
            "form": looking.form,
            "now": now.at,
            "period": asked.period,
            "enterprise": looking.enterprise,
            "branches": looking.branches,
            "before": mirror.before(looking.measure).period,
            "has_today": asked.period.last >= workspace.today,
            "periods": asked.periods(),
            "cards": _cards(now, then, looking),
            "perfunctory": written,
            "replies": perfunctory.replies(looking.enterprise.pk) if written else [],
            "reply_url": f"{reverse('oversight:perfunctory-reply')}{asked.url()}" if looking.may_reply else "",
            "goals": goals.shown(looking.measure, looking.enterprise.pk),
            "goals_url": reverse("oversight:own-goals") if looking.may_reply else "",
            "causes": _causes(looking),
            "untagged": now.counts["untagged"],
            "untagged_url": looking.url("untagged"),
            "compared": [
                {"problem": label_of(one.problem), "one": one}
                for one in mirror.compared(looking.enterprise.pk, on=workspace.today)
            ],
            "fewest": mirror.FEWEST_OTHERS,
        },
    )


#: Lists of stages that ended, in the order of their ends.
OF_ENDED = {
    *("ended", "untagged", "in_time", "ended_late", "answered", "ended_last_day", "offered", "offered_last_day"),
    *RESULTS,
}


@workspace_page("GET")
def performance_cases(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The cases behind one number: ``list`` names it (all that came, without); ``problem`` and ``cause`` narrow it."""
    code = request.GET.get("list", "delivered")
    if code not in TITLES:
        raise Http404
    looking = _looking(request, workspace)
    narrowed = {name: request.GET.get(name, "")[:60] for name in ("problem", "cause")}
    rows = mirror.listed(looking.measure, code, problem=narrowed["problem"], cause=narrowed["cause"])
    is_promise = rows.model is Obligation
    page = (
        keyset.page_by_pk(
            list(keyset.walk_by_pk(rows.select_related("complaint", "engagement"), request.GET.dict(), falling=True)),
            request.GET.dict(),
        )
        if is_promise
        else keyset.page_of(
            rows, request.GET.dict(), keyset.BY_END if code in OF_ENDED else BY_START, related=("complaint",)
        )
    )
    names = names_of_consumers([row.complaint_id for row in page.rows])
    texts = [
        label_of(narrowed["problem"]) if narrowed["problem"] else "",
        wording.label(narrowed["cause"], kind="root_cause") if narrowed["cause"] else "",
    ]
    return render(
        request,
        "enterprise/performance_cases.html",
        {
            "title": TITLES[code],
            "narrowed": [word for word in texts if word],
            "period": looking.asked.period,
            "is_of_now": code in ("unanswered", "open_late"),
            "back": f"{reverse('oversight:performance')}{looking.asked.url()}",
            "rows": [
                {
                    "row": row,
                    # What was promised in a mediation stems from no stage.
                    "stage": row.engagement if is_promise else row,
                    "url": case_url(row.complaint),
                    "consumer": masked_name(names.get(row.complaint_id, "")),
                    "problem": label_of(row.complaint.problem_category) or row.complaint.item_name,
                    "result": _result(row.engagement if is_promise else row),
                }
                for row in page.rows
            ],
            "previous_url": looking.url(code, **narrowed, before=page.before) if page.before else "",
            "next_url": looking.url(code, **narrowed, after=page.after) if page.after else "",
        },
    )


def _result(stage: Engagement | None) -> str:
    if stage is None:
        return cards.NOTHING
    return wording.label(stage.result, kind="odr_result") if stage.odr_result else _("办理中")


def _causes(looking: _Looking) -> list[dict[str, Any]]:
    result: defaultdict[str, list[mirror.CauseLine]] = defaultdict(list)
    remedy = reverse("oversight:enterprise-remedy-new")
    for line in mirror.causes(looking.measure):
        result[line.problem].append(line)
    lines = [
        {
            "problem": label_of(problem) or _("未分类"),
            "n": sum(line.n for line in causes),
            "causes": [
                {
                    "cause": wording.label(line.cause, kind="root_cause"),
                    "n": line.n,
                    "url": looking.url("ended", problem=problem, cause=line.cause),
                    "remedy_url": f"{remedy}?{urlencode({'problem': problem, 'cause': line.cause})}"
                    if looking.may_reply
                    else "",
                }
                for line in causes
            ],
        }
        for problem, causes in result.items()
    ]
    return sorted(lines, key=lambda line: -line["n"])


def _cards(now: Reflection, then: Reflection, looking: _Looking) -> list[Card]:
    def part(code: str) -> FigurePart:
        n = now.counts[code]
        shown = cards.promises(n) if code.startswith("promises_") else cards.cases(n)
        return FigurePart(str(TITLES[code]), shown, looking.url(code) if n else "")

    def parts(*codes: str) -> tuple[FigurePart, ...]:
        return tuple(part(code) for code in codes)

    response, past = now.response.spread.get("minutes_median"), then.response.spread.get("minutes_median")
    value, unit = lengths.working_time(response) if response is not None else (cards.NOTHING, "")
    before = () if past is None else (_("此前%(value)s") % {"value": lengths.with_unit(*lengths.working_time(past))},)
    offered = {"share": share_text(now.counts["offered_last_day"], now.counts["offered"])}
    kept, kept_then = now.kept, then.kept
    most = now.counts["settled"] + now.counts["unconfirmed"]
    settled = part_of("settled", now.counts["settled"], now.judged, upper=most)
    return [
        Card(
            code="delivered",
            value=f"{now.counts['delivered']:,}",
            unit=cards.unit_of(now.counts["delivered"]),
            url=looking.url("delivered") if now.counts["delivered"] else "",
            foot=(_("此前同样长的时间%(n)s件") % {"n": f"{then.counts['delivered']:,}"},),
        ),
        Card(
            code="first_response",
            value=lengths.about(value, now.response),
            unit=unit,
            foot=(_n(now.response.n), *before),
            parts=parts("responded", "unanswered"),
        ),
        Card(
            code="on_time",
            value=share_text(now.counts["in_time"], now.came_due),
            tone=cards.tone_of(cards.goal_tone(now.on_time), now.came_due),
            foot=(_n(now.came_due), *_before((now.on_time, now.came_due), (then.on_time, then.came_due))),
            parts=parts("in_time", "ended_late", "open_late"),
        ),
        Card(
            code="settled",
            value=cards.share_of(settled),
            foot=(
                f"{_('已确认～含未答复') if now.judged >= ENOUGH else _('已确认')} · {_n(now.judged)}",
                *_before((now.confirmed, now.judged), (then.confirmed, then.judged)),
            ),
            parts=parts("settled", "unconfirmed", "settled_elsewhere", "failed", "let_rest", "withdrawn", "returned"),
        ),
        Card(
            code="kept",
            value=cards.share_of(kept),
            tone=cards.tone_of(cards.goal_tone(kept.value), kept.n),
            foot=(
                _("共%(n)s项") % {"n": f"{kept.n:,}"},
                *_before((kept.value, kept.n), (kept_then.value, kept_then.n)),
            ),
            parts=parts(*(f"promises_{name}" for name in mirror.PROMISED)),
        ),
        Card(
            code="again",
            value=share_text(now.counts["again"], now.counts["delivered"]),
            foot=(
                _n(now.counts["delivered"]),
                *_before((now.again, now.counts["delivered"]), (then.again, then.counts["delivered"])),
            ),
            parts=parts("again", "delivered"),
        ),
        Card(
            code="last_day",
            value=share_text(now.counts["ended_last_day"], now.counts["answered"]),
            foot=(
                _n(now.counts["answered"]),
                *_before((now.ended_last_day, now.counts["answered"]), (then.ended_last_day, then.counts["answered"])),
                _("方案%(share)s") % offered,
            ),
            parts=parts("ended_last_day", "answered", "offered_last_day", "offered"),
        ),
    ]


def _n(n: int) -> str:
    return _("共%(n)s件") % {"n": f"{n:,}"}


def _before(this: tuple[float | None, int], before: tuple[float | None, int]) -> tuple[str, ...]:
    """(share, of how many) twice: the share of the time before. Nothing measures how such shares of one enterprise
    swing, so no change is said. Of too few on either side it says why there is no share.
    """
    (now, n), (then, n_then) = this, before
    if now is None or then is None or min(n, n_then) < ENOUGH:
        return cards.few(n)
    return (_("此前%(value)s") % {"value": cards.percent(then)} + f" · {_n(n_then)}",)
