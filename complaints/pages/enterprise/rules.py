"""/enterprise/team/rules/: who gets a new case, and a try-out before a rule counts.

Trying out is a submit like any other; it shows what the rules and the one that is typed would have done
with the newest cases, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import once
from accounts.keys import sealed_fields
from complaints.assignment import assigning
from complaints.desks.enterprise_workspace import Workspace, case_url, workspace_page
from complaints.forms.fields import Choice, StepForm
from complaints.models import Complaint
from complaints.parties.workforce import Given
from complaints.procedure.categories import PROBLEM_CATEGORIES, PROBLEM_LABELS, problem_label
from complaints.procedure.workflow import ENTERPRISE_SIDE
from enterprises.models import AssignmentRule, Staff
from enterprises.pages.enterprise_rules import colleagues, words_of
from enterprises.pages.team import TeamRequest, here_of
from enterprises.team import organising
from enterprises.team.rights import HEAD, Post
from enterprises.team.team import TeamRefusal

#: So many of the newest open cases are tried.
TRIED = 30


class RuleForm(StepForm):
    """Which cases, and who gets them."""

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
        fields: Any = self.fields
        fields["post"].choices = [(post.code, str(post)) for post in posts]
        fields["category"].choices = [
            ("", _("所有问题")),
            *((str(group), [(code, str(label)) for code, label in options]) for group, options in PROBLEM_CATEGORIES),
        ]
        fields["handler"].choices = [("", _("未办结最少的处理专员")), *((str(row.pk), words_of(row)) for row in people)]


@workspace_page("GET", "POST")
def rules(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    here = here_of(request, "enterprise")
    posts, people = _managed(here), colleagues(here)
    form = RuleForm(
        request.POST if request.method == "POST" else None, posts=posts, people=people, initial={"post": posts[0].code}
    )
    tried: list[dict[str, Any]] | None = None
    if form.is_bound and form.is_valid():
        if request.POST.get("do") != "try":
            return _added(request, here, form, people)
        tried = _tried(workspace, here, form, people)
    return render(
        request,
        "team/rules.html",
        {
            "form": form,
            "places": _places(posts, people),
            "tried": tried,
            "back": here.side.home,
            "caught": sum(row["is_new"] for row in tried or []),
        },
        status=422 if form.is_bound and tried is None else 200,
    )


def _managed(here: TeamRequest) -> list[Post]:
    """The places for which this person may make rules; Http404 for whoever manages none."""
    posts = [post for post in here.reach.posts if HEAD["enterprise"] in here.reach.may_give(post)]
    if not posts:
        raise Http404
    return posts


def _added(request: HttpRequest, here: TeamRequest, form: RuleForm, people: Sequence[Staff]) -> HttpResponseBase:
    said = form.cleaned_data
    with once(request) as attempt:
        if not attempt.answered:
            organising.add_rule(
                here.reach.by_code[said["post"]],
                category=said["category"],
                handler=_person(people, said["handler"]),
                by=here.user,
                reach=here.reach,
                now=here.now,
                today=here.today,
                address=here.address,
            )
            attempt.reference = reverse("complaints:enterprise-rules")
            messages.success(request, _("规则已加上，新送达的案件马上照它分派。"), extra_tags="ok")
    return redirect(attempt.reference)


def _person(people: Sequence[Staff], pk: str) -> Staff | None:
    return next((row for row in people if str(row.pk) == pk), None)


@workspace_page("POST")
def rule(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """Forward by one place, or ended."""
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
            change(row, by=here.user, reach=here.reach, now=here.now, address=here.address)
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
    found = []
    for post in sorted(posts, key=lambda p: p.branch is None):
        own = [
            row
            for row in rows
            if post.enterprise
            and row.enterprise_id == post.enterprise.pk
            and row.branch_id == (post.branch.pk if post.branch else None)
        ]
        if own:
            found.append(
                {
                    "where": post,
                    "rules": [
                        {
                            "number": number,
                            "category": rule_words(row),
                            "url": reverse("complaints:enterprise-rule", args=[row.pk]),
                            "to": words_of(row.handler) if row.handler else _("未办结最少的处理专员"),
                            "is_gone": row.handler_id is not None and row.handler_id not in there,
                        }
                        for number, row in enumerate(own, start=1)
                    ],
                }
            )
    return found


def rule_words(row: AssignmentRule) -> str:
    return str(problem_label(row.category)) if row.category else _("所有问题")


def _tried(workspace: Workspace, here: TeamRequest, form: RuleForm, people: Sequence[Staff]) -> list[dict[str, Any]]:
    """What would have become of the newest cases of that place."""
    post, said = here.reach.by_code[form.cleaned_data["post"]], form.cleaned_data
    if post.enterprise is None:
        return []
    cases = workspace.cases().filter(enterprise=post.enterprise, status__in=ENTERPRISE_SIDE)
    if post.branch is not None:
        cases = cases.filter(branch=post.branch)
    newest = list(cases.select_related("handler__user", "branch").order_by("-received_at", "-pk")[:TRIED])
    standing = list(AssignmentRule.objects.filter(enterprise=post.enterprise, ended_at=None).select_related("handler"))
    typed = AssignmentRule(
        enterprise=post.enterprise,
        branch=post.branch,
        category=said["category"],
        handler=_person(people, said["handler"]),
        position=len(standing) + 1_000,
    )
    given = assigning.would_give(newest, {post.enterprise.pk: [*standing, typed]}, day=here.today)
    sealed_fields.load_for(
        [case.handler.user for case in newest if case.handler] + [one.worker.staff.user for one in given.values()]
    )
    return [_line(case, given.get(case.pk)) for case in newest]


def _line(case: Complaint, given: Given | None) -> dict[str, Any]:
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
