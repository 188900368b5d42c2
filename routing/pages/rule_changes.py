"""A change of the routing rules on its way: drafted, tried, filed, decided.

Its author drafts, tries, files and withdraws; the head of an authority around it, another person, decides.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.idempotency import redirect_once
from accounts.keys import sealed_fields
from accounts.sign_in.step_up import fresh_factor
from complaints.desks import keyset
from complaints.desks.authority_workspace import Workspace, officer_page
from enterprises.directory.change_kinds import ChangeRefused
from routing.models import Lesson, RoutingRule, RuleChange, RuleTrial
from routing.pages.changes import redirect_or_explain
from routing.pages.rules import authors, change_of, changes_seen, heads, lessons_seen, reach_of, regions_of, tabs
from routing.rule_desk import rule_changing, rule_texts
from routing.rule_desk.rule_forms import EndForm, RuleDecisionForm, RuleForm, TrialForm, initial_of, shown
from routing.rules import conflicts, directory
from web.incoming import ID_DIGITS, posted, whole

BY_MAKING = keyset.Order("made_at", falling=True)
Kind, State = RuleChange.Kind, RuleChange.State
VIEWS = {"waiting": (State.WAITING,), "drafts": (State.DRAFT,), "decided": (State.APPROVED, State.REFUSED)}


@officer_page("GET")
def changes(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """What waits for a decision, what is drafted, what was decided: the newest first."""
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "waiting"
    rows = changes_seen(workspace).filter(state__in=VIEWS[view])
    page = keyset.page_of(rows, request.GET, BY_MAKING, related=("made_by",))
    sealed_fields.load_for(change.made_by for change in page.rows)
    return render(
        request,
        "routing/changes.html",
        {
            "lines": rule_texts.change_lines(page.rows),
            "view": view,
            "now": workspace.now,
            "tabs": tabs(workspace, "changes"),
            **keyset.neighbours(page, f"?view={view}"),
        },
    )


@officer_page("GET", "POST")
def new(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """A rule to be made; ``rule``: another version of it, or with ``do=end`` its end; ``lesson``: as it was learned."""
    reach = authors(workspace)
    if not reach.spans:
        raise Http404
    code, is_end = request.GET.get("rule", "")[:40], request.GET.get("do") == "end"
    base, lesson = rule_changing.newest(code), _lesson(request, workspace)
    if (code or is_end) and (base is None or not reach.covers(base.region)):
        raise Http404
    form = _form(request, workspace, base=base, lesson=lesson, is_end=is_end)

    def drafted() -> tuple[str, str]:
        change = rule_changing.draft(
            kind=Kind.END if is_end else Kind.SET,
            rule=base,
            by=workspace.user,
            reach=reach,
            now=workspace.now,
            today=workspace.today,
            lesson=lesson,
            **_cleaned(form, base),
        )
        return rule_texts.change_url(change), ""

    if form.is_bound and form.is_valid() and (answer := redirect_or_explain(request, form, drafted)):
        return answer
    title = (_("停用规则%(code)s") if is_end else _("修改规则%(code)s")) % {"code": base.code} if base else _("新规则")
    back = rule_texts.rule_url(base.code) if base else reverse("routing:authority-routing")
    learned = rule_texts.lesson_lines([lesson], user=workspace.user, today=workspace.today)[0] if lesson else None
    context = {"form": form, "title": title, "back": back, "learned": learned}
    return render(request, "routing/edit.html", context, status=422 if form.is_bound else 200)


def _lesson(request: HttpRequest, workspace: Workspace) -> Lesson | None:
    typed = request.GET.get("lesson", "")
    if not typed:
        return None
    lessons = (
        Lesson.objects.filter(pk__in=lessons_seen(workspace).values("pk"))
        if request.method != "POST"
        else Lesson.objects
    )
    # A double submit finds it drafted; the verb says so, the first result is shown.
    row = lessons.select_related("region").filter(pk=whole(typed, ID_DIGITS) or 0).first()
    if row is None or not authors(workspace).covers(row.region):
        raise Http404
    return row


def _form(
    request: HttpRequest, workspace: Workspace, *, base: RoutingRule | None, lesson: Lesson | None, is_end: bool
) -> Any:
    data = posted(request)
    if is_end:
        return EndForm(data, initial={"ends_on": workspace.today})
    if lesson is not None:
        columns = rule_texts.columns_learned(lesson).items()
        rule = RoutingRule(**{f"{name}_id" if name in rule_changing.ROWS else name: value for name, value in columns})
        rule.reason = _("分送人员对%(words)s多次改送同一单位（%(agree)s/%(total)s件）") % {
            "words": _("“%(name)s”") % {"name": lesson.words} if lesson.words else _("同一被投诉人"),
            "agree": lesson.agree,
            "total": lesson.total,
        }
        return RuleForm(data, regions=regions_of(workspace), initial=initial_of(rule) | {"starts_on": workspace.today})
    if base is not None:
        return RuleForm(
            data,
            regions=regions_of(workspace),
            initial=initial_of(base) | {"starts_on": workspace.today, "why": "", "why_en": ""},
        )
    region = next(iter(regions_of(workspace)), None)
    return RuleForm(
        data,
        regions=regions_of(workspace),
        initial={"priority": 50, "starts_on": workspace.today, "region": shown(region, "code")},
    )


def _cleaned(form: Any, base: RoutingRule | None) -> dict[str, Any]:
    cleaned = form.cleaned_data
    if isinstance(form, EndForm):
        what = rule_changing.columns_of(base) if base is not None else {}
        return {"what": what, "starts_on": None, "ends_on": cleaned["ends_on"], "why": cleaned["why"], "why_en": ""}
    return {"what": form.what, **{name: cleaned[name] for name in ("starts_on", "ends_on", "why", "why_en")}}


@officer_page("GET", "POST")
def edit(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """Another wording of one's own draft."""
    row = change_of(workspace, pk)
    if row.made_by_id != workspace.user.pk or not authors(workspace).spans:
        raise Http404
    base, is_end = rule_changing.newest(row.code), row.kind == Kind.END
    data = posted(request)
    initial = initial_of(rule_changing.as_rule(row))
    form: Any = (
        EndForm(data, initial=initial) if is_end else RuleForm(data, regions=regions_of(workspace), initial=initial)
    )

    def edited() -> tuple[str, str]:
        reach, cleaned = authors(workspace), _cleaned(form, base)
        rule_changing.edit(row, by=workspace.user, reach=reach, today=workspace.today, **cleaned)
        return rule_texts.change_url(row), ""

    is_whole = form.is_bound and form.is_valid()
    if is_whole and (answer := redirect_or_explain(request, form, edited, raised=("not_draft",))):
        return answer
    title, back = rule_texts.title_of(row), rule_texts.change_url(row)
    context = {"form": form, "title": title, "back": back, "is_edit": True}
    return render(request, "routing/edit.html", context, status=422 if form.is_bound else 200)


@officer_page("GET")
def change(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """One change: what it changes, what its trial showed, what it clashes with, and what is to be done."""
    return _show(request, workspace, change_of(workspace, pk))


@officer_page("GET", "POST")
def trial(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """/authority/routing/<id>/try/: begin a trial; how far it is and what it found."""
    row = change_of(workspace, pk)
    form = TrialForm(posted(request))
    if request.method == "POST":
        if not authors(workspace).spans:
            raise Http404
        if form.is_valid():

            def begun() -> tuple[str, str]:
                rule_changing.start_trial(row, days=form.chosen, by=workspace.user, now=workspace.now)
                return reverse("routing:authority-routing-try", args=[row.pk]), ""

            return redirect_once(request, begun)
    return render(
        request,
        "routing/try.html",
        {
            "change": row,
            "title": rule_texts.title_of(row),
            "form": form,
            "trial_result": _trial_result(row, workspace),
            "now": workspace.now,
            "back": rule_texts.change_url(row),
            "try_url": reverse("routing:authority-routing-try", args=[row.pk]),
            "may_try": row.state in rule_changing.OPEN and bool(authors(workspace).spans),
        },
        status=422 if form.is_bound else 200,
    )


@officer_page("POST")
def file(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """POST of its author: to a second person, or not wanted any more."""
    row = change_of(workspace, pk)
    if row.made_by_id != workspace.user.pk or not authors(workspace).spans:
        raise Http404

    def carried_out() -> tuple[str, str]:
        url, now = rule_texts.change_url(row), workspace.now
        if request.POST.get("do") == "file":
            rule_changing.file(row, by=workspace.user, reach=authors(workspace), now=now, today=workspace.today)
            return url, _("已提交，由另一名负责人批准。")
        if request.POST.get("do") == "withdraw":
            rule_changing.withdraw(row, by=workspace.user, now=now)
            return url, _("已撤回。")
        raise ChangeRefused("bad_choice", _("请从列出的选项中选一项。"))

    return redirect_once(request, carried_out)


@officer_page("POST")
@fresh_factor
def decide(request: HttpRequest, workspace: Workspace, pk: int) -> HttpResponseBase:
    """POST of the head of an authority around the rule: approve, or refuse with a reason."""
    row = change_of(workspace, pk)
    if not heads(workspace).covers(row.region):
        raise Http404
    form = RuleDecisionForm(request.POST)

    def decided() -> tuple[str, str]:
        rule_changing.decide(
            row,
            agrees=form.cleaned_data["decision"] == "agree",
            reason=form.cleaned_data["reason"],
            by=workspace.user,
            reach=heads(workspace),
            now=workspace.now,
            today=workspace.today,
        )
        return rule_texts.change_url(row), _("已记录您的决定。")

    # What cannot be written any more is told beside the form, which may still refuse it.
    raised = ("decided", "not_waiting", "own_proposal")
    if form.is_valid() and (answer := redirect_or_explain(request, form, decided, raised=raised)):
        return answer
    return _show(request, workspace, row, form, status=422)


def _trial_result(row: RuleChange, workspace: Workspace) -> rule_texts.TrialResult | None:
    latest = row.trials.exclude(state=RuleTrial.State.DROPPED).order_by("-pk").first()
    return rule_texts.trial_result(latest, row, user=workspace.user, today=workspace.today)


def _show(
    request: HttpRequest,
    workspace: Workspace,
    row: RuleChange,
    form: RuleDecisionForm | None = None,
    *,
    status: int = 200,
) -> HttpResponseBase:
    sealed_fields.load_for([person for person in (row.made_by, row.decided_by) if person is not None])
    base = rule_changing.newest(row.code)
    if base is not None and row.state not in rule_changing.OPEN:
        base = RoutingRule.objects.filter(code=row.code, version=row.base_version or 0).select_related("region").first()
    is_open, is_mine = row.state in rule_changing.OPEN, row.made_by_id == workspace.user.pk
    clashes = []
    if is_open and row.kind == Kind.SET:
        rules = directory.rules()
        mine = directory.rule_of(rule_changing.as_rule(row))
        clashes = rule_texts.clashes(
            conflicts.with_rule(mine, rules, on=workspace.today)[:12], unwritten="" if row.code else mine.code
        )
    line = rule_texts.change_lines([row])[0]
    lesson = (
        rule_texts.lesson_lines([row.lesson], user=workspace.user, today=workspace.today)[0] if row.lesson else None
    )
    trial_result = _trial_result(row, workspace)
    return render(
        request,
        "routing/change.html",
        {
            "change": row,
            "line": line,
            "rows": rule_texts.compared(row, base),
            "base": base,
            "trial_result": trial_result,
            "clashes": clashes,
            "learned": lesson,
            "decided_by": row.decided_by.name if row.decided_by else "",
            "now": workspace.now,
            "form": form or RuleDecisionForm(),
            "is_open": is_open,
            "is_mine": is_mine,
            "is_tried": bool(trial_result and trial_result.is_current and trial_result.trial.state == "done"),
            "impossible": rule_changing.impossible(row, reach=reach_of(workspace), today=workspace.today),
            "may_try": is_open and bool(authors(workspace).spans),
            "may_decide": row.state == State.WAITING and not is_mine and heads(workspace).covers(row.region),
            "rule_url": rule_texts.rule_url(row.rule.code) if row.rule_id and row.rule else "",
        },
        status=status,
    )
