"""/enterprise/profile/: what the directory says of the own enterprise, and the changes that its managers wish.

A manager of a branch sees and changes that branch and those below; names, brands and successors are the
whole enterprise's. Nothing is written here but the wish; `enterprises.directory.changing` says what becomes of it.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.idempotency import redirect_once
from accounts.models import User
from complaints.desks import keyset
from complaints.desks.staff_access import staff_page
from enterprises.directory import changing
from enterprises.directory.change_kinds import ChangeRefused, Kind
from enterprises.directory.change_kinds_names import KINDS
from enterprises.models import (
    Alias,
    Branch,
    BranchAuthority,
    BrandHolding,
    DirectoryChange,
    Enterprise,
    ServiceArea,
    Succession,
)
from enterprises.team.staffing import led_by
from routing.directory_changes.change_forms import ChangeForm, RowNames, category_label, facts, lines, preview, wished
from routing.pages.changes import redirect_or_explain
from web.incoming import ID_DIGITS, posted, whole
from web.languages import named

#: Branches on one page; of more, those of one level at a time.
MOST = 200
BY_MAKING = keyset.Order("made_at", falling=True)
State = DirectoryChange.State


@dataclass(frozen=True, slots=True)
class Lead:
    """A manager at work. ``branch_ids``: the branches led; None: the whole enterprise."""

    user: User
    enterprise: Enterprise
    branch_ids: frozenset[int] | None
    now: datetime
    today: date

    def branches(self) -> QuerySet[Branch]:
        """Those that are there, or will be."""
        rows = Branch.objects.filter(Q(ends_on=None) | Q(ends_on__gte=self.today), enterprise=self.enterprise)
        return rows if self.branch_ids is None else rows.filter(pk__in=self.branch_ids)

    def changes(self) -> QuerySet[DirectoryChange]:
        rows = DirectoryChange.objects.filter(enterprise=self.enterprise)
        return rows if self.branch_ids is None else rows.filter(branch_id__in=self.branch_ids)


def lead_of(request: HttpRequest) -> Lead:
    """Who leads here today; Http404 for everybody else."""
    now = timezone.now()
    today = timezone.localdate(now)
    result = led_by(request.user.pk, on=today) if isinstance(request.user, User) else None
    if result is None or not isinstance(request.user, User):
        raise Http404
    return Lead(request.user, result[0], result[1], now, today)


def change_url(change: DirectoryChange) -> str:
    return reverse("routing:enterprise-change", args=[change.pk])


def _wish_url(code: str, row: int | None = None) -> str:
    return reverse("routing:enterprise-change-new") + "?" + urlencode({"kind": code} | ({"row": row} if row else {}))


@staff_page(lead_of, "GET")
def profile(request: HttpRequest, lead: Lead) -> HttpResponseBase:
    """The entry as it stands, with what waits; a dozen queries, however large the enterprise is."""
    enterprise = Enterprise.objects.select_related("domicile", "enrolled_by").get(pk=lead.enterprise.pk)
    is_whole = lead.branch_ids is None
    waiting = list(
        lead.changes().filter(state__in=changing.OPEN).select_related("made_by", "enterprise").order_by("-pk")[:10]
    )
    typed = whole(request.GET.get("under"), ID_DIGITS)
    under = None if typed is None else get_object_or_404(lead.branches(), pk=typed)
    leads = is_whole or (under is not None and under.parent_id in (lead.branch_ids or ()))
    return render(
        request,
        "profile/profile.html",
        {
            "firm": enterprise,
            "is_whole": is_whole,
            "now": lead.now,
            "waiting": lines(waiting, url=change_url),
            "facts": _facts(enterprise, is_whole=is_whole),
            "under": under,
            **_tree(lead, under),
            "above_url": f"?under={under.parent_id}" if under and under.parent_id and leads else "?",
            "add_url": _wish_url("branch-add"),
            **(_names(enterprise, today=lead.today) if is_whole else {}),
        },
    )


def _facts(enterprise: Enterprise, *, is_whole: bool) -> list[dict[str, str]]:
    rows = [
        (_("名称"), enterprise.name, ""),
        (_("英文名称"), enterprise.name_en or "–", _wish_url("english-name") if is_whole else ""),
        (_("统一社会信用代码"), enterprise.uscc or "–", ""),
        (_("登记地"), named(enterprise.domicile) if enterprise.domicile else "–", ""),
        (_("入驻状态"), str(Enterprise.Enrolment(enterprise.enrolment).label), ""),
        (_("批准入驻的部门"), named(enterprise.enrolled_by) if enterprise.enrolled_by else "–", ""),
    ]
    return [{"key": key, "value": value, "change_url": url} for key, value, url in rows]


def _tree(lead: Lead, under: Branch | None) -> dict[str, Any]:
    """The branches in the order of the tree with what hangs on each; of very many, one level. Three queries more."""
    every = lead.branches().select_related("place").order_by("id")
    rows = list(every[: MOST + 1])
    is_level = len(rows) > MOST
    children: dict[int | None, list[Branch]] = defaultdict(list)
    if is_level:
        top = (
            Q(parent=under)
            if under
            else (Q(parent=None) if lead.branch_ids is None else ~Q(parent_id__in=lead.branch_ids) | Q(parent=None))
        )
        level = list(every.filter(top)[: MOST + 1])
        ordered = [(row, 0) for row in level[:MOST]]
        with_more = set(
            Branch.objects.filter(parent__in=[row for row, _depth in ordered]).values_list("parent_id", flat=True)
        )
    else:
        known = {row.pk for row in rows}
        for row in rows:
            children[row.parent_id if row.parent_id in known else None].append(row)
        ordered, with_more = _ordered(children, under.pk if under else None), set()
    ids = [row.pk for row, _depth in ordered]
    areas: dict[int, list[dict[str, Any]]] = defaultdict(list)
    not_over = Q(ends_on=None) | Q(ends_on__gte=lead.today)
    of_these = ServiceArea.objects.filter(not_over, branch_id__in=ids).select_related("region")
    for area in of_these.order_by("region_id", "id"):
        areas[area.branch_id].append(
            {
                "region": named(area.region),
                "category": category_label(area.category) if area.category else "",
                "until": area.ends_on,
                "since": _later(area.starts_on, lead.today),
                "url": "" if area.ends_on else _wish_url("area-end", area.pk),
            }
        )
    duties: dict[int, list[Any]] = defaultdict(list)
    on_duty = BranchAuthority.objects.filter(not_over, branch_id__in=ids).select_related("authority")
    for duty in on_duty.order_by(F("starts_on").asc(nulls_first=True)):
        duties[duty.branch_id].append({"name": named(duty.authority), "since": _later(duty.starts_on, lead.today)})
    return {
        "branches": [
            _line(row, depth, areas[row.pk], duties[row.pk], row.pk in with_more, lead) for row, depth in ordered
        ],
        "is_level": is_level,
    }


def _later(day: date | None, today: date) -> date | None:
    """A first day, while it is still to come."""
    return day if day and day > today else None


def _ordered(children: dict[int | None, list[Branch]], root: int | None) -> list[tuple[Branch, int]]:
    results: list[tuple[Branch, int]] = []
    waiting = [(row, 0) for row in reversed(children[root])]
    while waiting:
        row, depth = waiting.pop()
        results.append((row, depth))
        waiting += [(child, min(depth + 1, 5)) for child in reversed(children[row.pk])]
    return results


def _line(row: Branch, depth: int, areas: list[Any], duties: list[Any], has_more: bool, lead: Lead) -> dict[str, Any]:
    kinds = ["area-add", "branch-add", "duty-set", "branch-move", "english-name"]
    kinds += [] if row.ends_on else ["branch-end"]
    return {
        "row": row,
        "name": named(row),
        "depth": depth,
        "place": named(row.place) if row.place else "",
        "areas": areas,
        "duties": duties,
        "since": _later(row.starts_on, lead.today),
        "more_url": f"?under={row.pk}" if has_more else "",
        "wishes": [(_wish_url(code, row.pk), KINDS[code].title) for code in kinds],
    }


def _names(enterprise: Enterprise, *, today: date) -> dict[str, Any]:
    not_over = Q(ends_on=None) | Q(ends_on__gte=today)
    brands = enterprise.holdings.filter(not_over).select_related("brand").order_by("brand__name", "id")[:MOST]
    aliases = enterprise.aliases.filter(not_over | Q(kind=Alias.Kind.FORMER)).order_by("kind", "id")[:MOST]
    after = Succession.objects.filter(Q(predecessor=enterprise) | Q(successor=enterprise)).select_related(
        "predecessor", "successor"
    )
    return {
        "brands": [
            {
                "row": row,
                "name": named(row.brand),
                "category": category_label(row.category) if row.category else "",
                "since": _later(row.starts_on, today),
                "url": "" if row.ends_on else _wish_url("brand-end", row.pk),
            }
            for row in brands
        ],
        "aliases": [
            {
                "row": row,
                "kind": row.get_kind_display(),
                "since": _later(row.starts_on, today),
                "url": _wish_url("alias-end", row.pk) if row.kind == Alias.Kind.ALIAS and not row.ends_on else "",
            }
            for row in aliases
        ],
        "successions": [
            {"row": row, "old": named(row.predecessor), "new": named(row.successor)} for row in after[:MOST]
        ],
        "whole_wishes": [
            (_wish_url(code), KINDS[code].title)
            for code in ("brand-add", "alias-add", "former-add", "successor-add", "predecessor-add")
        ],
    }


@staff_page(lead_of, "GET", "POST")
def new(request: HttpRequest, lead: Lead) -> HttpResponseBase:
    """A wish: without a kind in the address, which there are; else its form. POST: counted next, then filed."""
    kind = KINDS.get(request.GET.get("kind", ""))
    is_whole = lead.branch_ids is None
    if kind is None or (kind.is_whole and not is_whole):
        return render(
            request,
            "profile/kinds.html",
            {
                "whole": [
                    (_wish_url(code), one.title)
                    for code, one in KINDS.items()
                    if is_whole
                    and one.row in (None, Branch)
                    and (one.is_whole or code in ("branch-add", "english-name"))
                ],
                "rows": [
                    one.title
                    for code, one in KINDS.items()
                    if not (one.is_whole and not is_whole) and one.row is not None
                ],
            },
            status=422 if request.method == "POST" else 200,
        )
    about = _about(request, lead, kind)
    parents = (
        list(lead.branches().exclude(pk=about.get("branch", 0)).order_by("id")[:500]) if "parent" in kind.fields else []
    )
    data, initial = posted(request), {"on_day": lead.today.isoformat()}
    form = ChangeForm(data, kind=kind, today=lead.today, parents=parents, may_be_top=is_whole, initial=initial)

    def drafted() -> tuple[str, str]:
        change = changing.draft(
            kind.code,
            about | form.what,
            enterprise=lead.enterprise,
            branch_ids=lead.branch_ids,
            on_day=form.cleaned_data.get("on_day") or lead.today,
            why=form.cleaned_data["why"],
            by=lead.user,
            now=lead.now,
            today=lead.today,
        )
        return change_url(change), _("已生效，并记入变更记录。") if change.state == State.RECORDED else ""

    if form.is_bound and form.is_valid() and (answer := redirect_or_explain(request, form, drafted)):
        return answer
    kept = DirectoryChange(kind=kind.code, what=about)
    shown = [{"key": key, "value": value} for key, value in wished(kept, RowNames.of_changes([kept]))]
    context = {"form": form, "kind": kind, "about": shown, "back": reverse("routing:enterprise-profile")}
    return render(request, "profile/new.html", context, status=422 if form.is_bound else 200)


def _about(request: HttpRequest, lead: Lead, kind: Kind) -> dict[str, Any]:
    """What the change keeps of the row that the address names; Http404 for somebody else's."""
    typed = request.GET.get("row", "")
    if kind.row is None or (not typed and lead.branch_ids is None and kind.code in ("branch-add", "english-name")):
        return {}
    mine: dict[Any, Any] = {
        Branch: lambda: lead.branches(),
        ServiceArea: lambda: ServiceArea.objects.filter(branch__in=lead.branches()),
        BrandHolding: lambda: BrandHolding.objects.filter(enterprise=lead.enterprise).select_related("brand"),
        Alias: lambda: Alias.objects.filter(enterprise=lead.enterprise),
    }
    row = get_object_or_404(mine[kind.row](), pk=whole(typed, ID_DIGITS))
    return kind.about(row)


@staff_page(lead_of, "GET", "POST")
def change(request: HttpRequest, lead: Lead, pk: int) -> HttpResponseBase:
    """One wish: what it would move, and its way to the authority."""
    row = get_object_or_404(lead.changes().select_related("enterprise", "made_by", "decided_by"), pk=pk)
    if request.method == "POST":

        def carried_out() -> tuple[str, str]:
            changing.may_change(row, lead.branch_ids)
            return change_url(row), _do(request.POST.get("do", ""), row, lead)

        return redirect_once(request, carried_out)
    names = RowNames.of_changes([row])
    return render(
        request,
        "profile/change.html",
        {
            "change": row,
            "line": lines([row], url=change_url)[0],
            "facts": facts(row, names),
            "now": lead.now,
            "preview": preview(row, names, user=lead.user, side="enterprise", today=lead.today),
            "impossible": changing.impossible(row, today=lead.today),
            "side": "enterprise",
            "back": reverse("routing:enterprise-profile"),
            "back_text": _("企业资料"),
            "decided_by": row.decided_by.name if row.decided_by else "",
        },
    )


def _do(what: str, row: DirectoryChange, lead: Lead) -> str:
    if what == "file":
        changing.file(row, by=lead.user, now=lead.now, today=lead.today)
        return _("已提交，由批准入驻的部门决定。")
    if what == "withdraw":
        changing.withdraw(row, by=lead.user, now=lead.now)
        return _("已撤回。")
    if what == "count":
        changing.count_again(row, now=lead.now)
        return ""
    raise ChangeRefused("bad_choice", _("请从列出的选项中选一项。"))


@staff_page(lead_of, "GET")
def history(request: HttpRequest, lead: Lead) -> HttpResponseBase:
    """Every change that was wished, the newest first."""
    page = keyset.page_of(lead.changes(), request.GET, BY_MAKING, related=("made_by", "enterprise"))
    context = {"lines": lines(page.rows, url=change_url), "now": lead.now, **keyset.neighbours(page, "")}
    return render(request, "profile/history.html", context | {"back": reverse("routing:enterprise-profile")})
