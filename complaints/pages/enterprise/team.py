"""/enterprise/team/: who works here, how much lies with whom, who is away; /rules/: who gets a new case.

A number is counted by the condition of the list to which it leads, so the two are always the same. Trying out a rule is
a submit like any other; it shows what the rules and the one that is typed would have done with the newest cases, and
writes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from accounts.roles import Right
from complaints.assignment import assigning
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.desks.queue_lists import VIEWS, open_cases
from complaints.forms.fields import Choice, StepForm, set_choices
from complaints.models import Complaint
from complaints.parties.workforce import Assigned
from complaints.procedure.categories import PROBLEM_CATEGORIES, PROBLEM_LABELS, problem_label
from complaints.procedure.workflow import ENTERPRISE_SIDE
from complaints.webhooks.endpoints import head_manager
from enterprises.models import AssignmentRule, Staff
from enterprises.models.team import Absence
from enterprises.pages.enterprise_rules import colleagues, handler_name
from enterprises.pages.team import TeamRequest, here_of, list_of
from enterprises.team import organising
from enterprises.team.rights import HEAD, Post
from enterprises.team.team import TeamRefusal
from web.incoming import posted

#: The columns of the page: the view of the queue behind each.
COUNTED = {
    "all": gettext_lazy("未办结"),
    "soon": gettext_lazy("2个工作日内到期"),
    "overdue": pgettext_lazy("overdue cases", "逾期"),
}


@workspace_page("GET")
def team(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    here = here_of(request, "enterprise")
    shown = list_of(request, here)
    rows = [line["row"] for line in shown["rows"]]
    counts = {code: _by_handler(workspace, code, [row.pk for row in rows]) for code in COUNTED}
    leaves = _leaves(rows, workspace)
    for line in shown["rows"]:
        row = line["row"]
        is_handler = row.role in Right.ANSWER_CASE.posts
        line["load"] = [_cell(code, row, counts[code]) for code in COUNTED] if is_handler else None
        line["leave"] = leaves.get(row.pk)
    is_manager = any(HEAD["enterprise"] in here.reach.may_give(post) for post in here.reach.posts)
    unowned = VIEWS["unowned"].of(open_cases(workspace), workspace)
    context = shown | {
        "has_load": True,
        "columns": list(COUNTED.values()),
        "today": workspace.today,
        "unowned": unowned.count(),
        "unowned_url": f"{reverse('complaints:enterprise-queue')}?view=unowned",
        "leave_url": reverse("enterprises:enterprise-leave"),
        "rules_url": reverse("complaints:enterprise-rules") if is_manager else "",
        "two_persons_url": reverse("enterprises:enterprise-two-persons") if is_manager else "",
        "looks_url": reverse("complaints:enterprise-looks") if head_manager(workspace.actors) else "",
        "approvals_url": reverse("complaints:enterprise-approvals"),
    }
    return render(request, "team/people.html", context)


def _by_handler(workspace: Workspace, code: str, staff_ids: list[int]) -> dict[int, int]:
    cases = VIEWS[code].of(open_cases(workspace).filter(handler__in=staff_ids), workspace)
    listed = Complaint.objects.filter(pk__in=cases.values("pk")).order_by()
    return dict(listed.values_list("handler").annotate(n=Count("pk")))


def _cell(code: str, row: Staff, counts: Mapping[int, int]) -> dict[str, Any]:
    count = counts.get(row.pk, 0)
    tone = {"soon": "warn", "overdue": "bad"}.get(code, "neutral")
    return {
        "title": COUNTED[code],
        "count": count,
        "tone": tone if count else "neutral",
        "url": f"{reverse('complaints:enterprise-queue')}?{urlencode({'view': code, 'handler': row.pk})}",
    }


def _leaves(rows: Iterable[Any], workspace: Workspace) -> dict[int, Absence]:
    """The next leave of each: the one of today, else the one to come."""
    leaves = Absence.objects.not_over(workspace.today).filter(staff__in=list(rows)).order_by("-starts_on")
    return {leave.staff_id: leave for leave in leaves}


#: So many of the newest open cases are tried.
TRIED = 30


class RuleForm(StepForm):
    post = Choice(
        label=gettext_lazy("哪里的案件"),
        widget=forms.Select(attrs={"class": "w-24"}),
        help_text=gettext_lazy("选整个企业的，所有分支机构都用；分支机构自己的规则先用。"),
    )
    category = forms.ChoiceField(
        label=gettext_lazy("什么问题"), required=False, widget=forms.Select(attrs={"class": "w-24"})
    )
    handler = forms.ChoiceField(
        label=gettext_lazy("分给谁"),
        required=False,
        widget=forms.Select(attrs={"class": "w-24"}),
        help_text=gettext_lazy("指定的人请假，就分给代办人；都不在，看下一条规则。"),
    )

    def __init__(self, *args: Any, posts: Sequence[Post], people: Sequence[Staff], **options: Any) -> None:
        super().__init__(*args, **options)
        groups = [(str(group), [(code, str(label)) for code, label in rows]) for group, rows in PROBLEM_CATEGORIES]
        handlers = [(str(row.pk), handler_name(row)) for row in people]
        set_choices(self, "post", [(post.code, str(post)) for post in posts])
        set_choices(self, "category", [("", _("所有问题")), *groups])
        set_choices(self, "handler", [("", _("未办结最少的处理专员")), *handlers])


@workspace_page("GET", "POST")
def rules(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    here = here_of(request, "enterprise")
    posts, people = _managed(here), colleagues(here)
    form = RuleForm(posted(request), posts=posts, people=people, initial={"post": posts[0].code})
    tried: list[dict[str, Any]] | None = None
    if form.is_bound and form.is_valid():
        if request.POST.get("do") != "try":
            return _added(request, here, form, people)
        tried = _tried(workspace, here, form, people)
    context = {
        "form": form,
        "places": _places(posts, people),
        "tried": tried,
        "back": here.side.home,
        "caught": sum(row["is_new"] for row in tried or []),
    }
    return render(request, "team/rules.html", context, status=422 if form.is_bound and tried is None else 200)


def _managed(here: TeamRequest) -> list[Post]:
    """The places for which this person may make rules; Http404 for whoever manages none."""
    posts = [post for post in here.reach.posts if HEAD["enterprise"] in here.reach.may_give(post)]
    if not posts:
        raise Http404
    return posts


def _added(request: HttpRequest, here: TeamRequest, form: RuleForm, people: Sequence[Staff]) -> HttpResponseBase:
    cleaned = form.cleaned_data
    with once(request) as attempt:
        if not attempt.answered:
            handler = _person(people, cleaned["handler"])
            organising.add_rule(
                here.reach.by_code[cleaned["post"]], category=cleaned["category"], handler=handler, by=here
            )
            attempt.reference = reverse("complaints:enterprise-rules")
            messages.success(request, _("规则已加上，新送达的案件马上照它分派。"), extra_tags="ok")
    return redirect(attempt.reference)


def _person(people: Sequence[Staff], pk: str) -> Staff | None:
    return next((row for row in people if str(row.pk) == pk), None)


@workspace_page("POST")
def rule(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    here = here_of(request, "enterprise")
    codes = {post.code for post in _managed(here)}
    row = AssignmentRule.objects.filter(pk=pk, ended_at=None).select_related("enterprise", "branch").first()
    if row is None or Post(enterprise=row.enterprise, branch=row.branch).code not in codes:
        raise Http404
    change = {"up": organising.raise_rule, "end": organising.end_rule}.get(request.POST.get("do", ""))
    if change is None:
        raise TeamRefusal("bad_choice", _("请从列出的选项中选一项。"))
    with once(request) as attempt:
        if not attempt.answered:
            change(row, by=here)
            attempt.reference = reverse("complaints:enterprise-rules")
            messages.success(request, _("规则已改。"), extra_tags="ok")
    return redirect(attempt.reference)


def _places(posts: Sequence[Post], people: Sequence[Staff]) -> list[dict[str, Any]]:
    """Each place that has rules, in the order in which they are tried."""
    enterprises = {post.enterprise.pk for post in posts if post.enterprise}
    rows = list(
        AssignmentRule.objects.filter(enterprise_id__in=enterprises, ended_at=None)
        .select_related("handler__user", "handler__enterprise", "handler__branch")
        .order_by("position", "pk")
    )
    sealed_fields.load_for([row.handler.user for row in rows if row.handler])
    there = {row.pk for row in people}
    places = []
    for post in sorted(posts, key=lambda p: p.branch is None):
        here = (post.enterprise.pk if post.enterprise else None, post.branch.pk if post.branch else None)
        own = [
            {
                "category": rule_text(row),
                "url": reverse("complaints:enterprise-rule", args=[row.pk]),
                "to": handler_name(row.handler) if row.handler else _("未办结最少的处理专员"),
                "is_gone": row.handler_id is not None and row.handler_id not in there,
            }
            for row in rows
            if (row.enterprise_id, row.branch_id) == here
        ]
        if own:
            rules = [{"number": number} | rule for number, rule in enumerate(own, start=1)]
            places.append({"where": post, "rules": rules})
    return places


def rule_text(row: AssignmentRule) -> str:
    return str(problem_label(row.category)) if row.category else _("所有问题")


def _tried(workspace: Workspace, here: TeamRequest, form: RuleForm, people: Sequence[Staff]) -> list[dict[str, Any]]:
    post, cleaned = here.reach.by_code[form.cleaned_data["post"]], form.cleaned_data
    if post.enterprise is None:
        return []
    cases = workspace.cases().filter(enterprise=post.enterprise, status__in=ENTERPRISE_SIDE)
    if post.branch is not None:
        cases = cases.filter(branch=post.branch)
    newest = list(cases.select_related("handler__user", "branch").order_by("-received_at", "-pk")[:TRIED])
    in_force = list(AssignmentRule.objects.filter(enterprise=post.enterprise, ended_at=None).select_related("handler"))
    typed = AssignmentRule(
        enterprise=post.enterprise,
        branch=post.branch,
        category=cleaned["category"],
        handler=_person(people, cleaned["handler"]),
        position=len(in_force) + 1_000,
    )
    given = assigning.would_give(newest, {post.enterprise.pk: [*in_force, typed]}, day=here.today)
    sealed_fields.load_for(
        [case.handler.user for case in newest if case.handler] + [one.worker.staff.user for one in given.values()]
    )
    return [_line(case, given.get(case.pk)) for case in newest]


def _line(case: Complaint, given: Assigned | None) -> dict[str, Any]:
    return {
        "number": case.number,
        "url": case_url(case),
        "branch": case.branch,
        "problem": PROBLEM_LABELS.get(case.problem_category, case.problem_category),
        "now": case.handler.user.name if case.handler else "",
        "would": given.worker.staff.user.name if given else "",
        # The typed rule has no number of its own yet.
        "is_new": given is not None and given.because["rule"] is None,
    }
