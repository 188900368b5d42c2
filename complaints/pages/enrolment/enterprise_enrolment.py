"""/enterprise/enrolment/: the enterprise's own standing, and what it files with the authority that enrolled it.

Whoever manages the whole enterprise files; the answer of the authority stands beside what was filed.
"""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.idempotency import once
from complaints.desks.enterprise_workspace import Workspace, workspace_page
from complaints.forms.enrol_forms import FILL, Whole, as_read
from complaints.forms.fields import PlainForm
from complaints.pages.public import open_pages
from complaints.procedure.typed_values import Day, FreeText, PersonName, Phone
from complaints.webhooks.endpoints import head_manager
from enterprises.enrolment import enrolled
from enterprises.enrolment.enrolling import EnrolmentRefusal
from enterprises.models import Enterprise
from enterprises.models.enrolment import EnrolmentFiling, ExitGround
from web.incoming import posted

_FILL = {"required": FILL}


class ContactFiling(PlainForm):
    person = PersonName(label=_("联系人姓名"), error_messages=_FILL)
    position = FreeText(label=_("职务"), most=60, required=False)
    phone = Phone(label=_("联系电话"), error_messages=_FILL)
    what = FreeText(
        label=_("变更了什么"), most=500, lines=3, help_text=_("谁离开、谁接任、从哪天起"), error_messages=_FILL
    )


class LicenceFiling(PlainForm):
    what = FreeText(
        label=_("营业执照变更了什么"),
        most=500,
        lines=3,
        help_text=_("名称、住所、经营范围、期限；写新的内容和变更日期"),
        error_messages=_FILL,
    )


class CustomersFiling(PlainForm):
    number = Whole(label=_("用户（客户）有多少"), max_length=20, error_messages=_FILL)
    counted_on = Day(label=_("截至哪一天"), error_messages=_FILL)
    source = FreeText(label=_("数字从哪里来"), most=200, help_text=_("例如 2026年半年度报告"), error_messages=_FILL)


class ExitFiling(PlainForm):
    what = FreeText(label=_("为什么退出"), most=500, lines=3, error_messages=_FILL)
    last_day = Day(label=_("希望哪一天是最后一天"), error_messages=_FILL)


FILINGS: dict[str, type[PlainForm]] = {
    EnrolmentFiling.Kind.CONTACT: ContactFiling,
    EnrolmentFiling.Kind.LICENCE: LicenceFiling,
    EnrolmentFiling.Kind.CUSTOMERS: CustomersFiling,
    EnrolmentFiling.Kind.EXIT: ExitFiling,
}


def filing_form(kind: str, data: Any = None, *, today: date) -> PlainForm:
    """The form of a kind of filing; no colon after its labels."""
    form = FILINGS[kind](data, label_suffix="")
    for name, field in form.fields.items():
        if isinstance(field, Day):
            field.latest = today if name == "counted_on" else today + timedelta(days=3650)
    return form


def filed_rows(kind: str, data: dict[str, str]) -> list[dict[str, Any]]:
    """A filing, line by line; it is kept as texts, and read as its fields read them."""
    rows = []
    for name, text in data.items():
        if (field := FILINGS[kind].base_fields.get(name)) is None:
            continue
        value: Any = text
        if isinstance(field, Day) and text:
            value = date.fromisoformat(text)
        elif isinstance(field, Whole) and text.isdigit():
            value = int(text)
        rows.append({"key": field.label, "value": as_read(value)})
    return rows


SHOWN = 20
TONES = {"filed": "info", "noted": "ok", "asked_back": "warn"}


def _enterprise(workspace: Workspace) -> Enterprise:
    actor = head_manager(workspace.actors)
    enterprises = Enterprise.objects.select_related("enrolled_by", "domicile")
    return get_object_or_404(enterprises, pk=(actor.enterprise_id or 0) if actor is not None else 0)


@workspace_page("GET")
def enrolment(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    enterprise = _enterprise(workspace)
    context = {
        **open_pages.facts_of(enterprise, on=workspace.today),
        "entries": [open_pages.entry_line(row) | {"text": row.text} for row in enrolled.history(enterprise)],
        "filings": [
            {"row": row, "rows": filed_rows(row.kind, row.data), "tone": TONES[row.state]}
            for row in enterprise.filings.all()[:SHOWN]
        ],
        "kinds": [
            {"label": label, "url": reverse("complaints:enterprise-filing", args=[code])}
            for code, label in EnrolmentFiling.Kind.choices
        ],
        "public_url": reverse("complaints:open-enterprise", args=[enterprise.code]),
    }
    return render(request, "enrol/own.html", context)


@workspace_page("GET", "POST")
def filing(request: HttpRequest, workspace: Workspace, kind: str) -> HttpResponseBase:
    enterprise = _enterprise(workspace)
    if kind not in FILINGS:
        raise Http404
    form = filing_form(kind, posted(request), today=workspace.today)
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        try:
            with once(request) as attempt:
                if not attempt.answered:
                    # What was typed, as texts that a row keeps.
                    typed = {name: str("" if value is None else value) for name, value in form.cleaned_data.items()}
                    enrolled.file(enterprise, kind, typed, by=workspace.user, now=workspace.now)
                    attempt.reference = reverse("complaints:enterprise-enrolment")
                    messages.success(request, gettext("已提交备案。监管部门处理后，这里会写明。"), extra_tags="ok")
            return redirect(attempt.reference)
        except EnrolmentRefusal as refusal:
            form.add_error(None, str(refusal))
            status = refusal.status
    is_exit, earliest = kind == EnrolmentFiling.Kind.EXIT, None
    if is_exit:
        place = enterprise.domicile_id
        earliest = enrolled.first_last_day(ExitGround.OWN_REQUEST, region_id=place, today=workspace.today)
    context = {"form": form, "title": EnrolmentFiling.Kind(kind).label, "is_exit": is_exit, "earliest": earliest}
    return render(request, "enrol/filing.html", context, status=status)
