"""/oversight/notes/: what officers note about days; each stands as a mark on the trend of the first page."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from complaints.desks.authority_workspace import Workspace, officer_page
from complaints.forms.fields import FreeText, set_choices
from oversight.dashboard import notes
from oversight.models import DayNote
from oversight.models.own_words import LONGEST_NOTE
from oversight.presenting.choosing import EARLIEST, day_field
from web.incoming import ID_DIGITS, posted, whole
from web.languages import named

#: So many are shown, the newest first.
MOST = 100
#: What will be, an outage that was announced, may be noted so many days before.
AHEAD = timedelta(days=90)
#: So long is something noted at the most.
LONGEST = timedelta(days=366)


class NoteForm(forms.Form):
    """One note. ``places``: (number, name) of the own regions."""

    kind = forms.ChoiceField(
        label=gettext_lazy("是什么"), error_messages={"invalid_choice": gettext_lazy("请从列出的里面选。")}
    )
    region = forms.ChoiceField(
        label=gettext_lazy("地区"), error_messages={"invalid_choice": gettext_lazy("请从您的地区里选。")}
    )
    first = day_field(gettext_lazy("从"))
    last = day_field(gettext_lazy("至"))
    text = FreeText(
        label=gettext_lazy("一句话"),
        rows=1,
        longest=LONGEST_NOTE,
        help_text=gettext_lazy("例如“鼓楼区宽带中断”。辖区上下的监管人员都看得到；不写个人信息。"),
    )

    def __init__(self, data: Any, *, places: list[tuple[str, str]], today: date) -> None:
        super().__init__(data, label_suffix="", initial={"first": today})
        self.today = today
        set_choices(self, "kind", DayNote.Kind.choices)
        set_choices(self, "region", places)
        self.fields["last"].help_text = _("只有一天就留空。")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if "first" not in self.errors and first is None:
            self.add_error("first", _("请填开始的日期。"))
        elif first is not None and not EARLIEST <= first <= self.today + AHEAD:
            self.add_error("first", _("请填2000年以后的日期，最多到%(n)s天以后。") % {"n": AHEAD.days})
        elif first is not None and last is not None and not first <= last <= first + LONGEST:
            self.add_error("last", _("结束的日期不能早于开始的日期，最多%(n)s天以后。") % {"n": LONGEST.days})
        return cleaned


@officer_page("GET", "POST")
def notes_page(request: HttpRequest, workspace: Workspace) -> HttpResponseBase:
    """The list; POST writes one more, or takes one of the own authorities back (``remove``)."""
    places = {str(region.pk): region for region in workspace.regions}
    is_removing = "remove" in request.POST
    form = NoteForm(
        None if is_removing else posted(request),
        places=[(key, named(region)) for key, region in places.items()],
        today=workspace.today,
    )
    if is_removing:
        pk = whole(request.POST["remove"], ID_DIGITS) or 0

        def taken() -> tuple[str, str]:
            if not notes.take_back(pk, authority_ids=workspace.authority_ids, now=workspace.now):
                raise Http404
            return request.path, _("已撤下，图上不再显示。")

        return redirect_once(request, taken)
    if form.is_bound and form.is_valid():
        said, region = form.cleaned_data, int(form.cleaned_data["region"])
        office = next(
            (one for one in workspace.actors if one.region and one.region[0] == region and one.authority_id), None
        )
        if office is None or office.authority_id is None:
            raise Http404
        authority_id = office.authority_id

        def written() -> tuple[str, str]:
            notes.write(
                authority_id=authority_id,
                region_id=region,
                kind=said["kind"],
                first=said["first"],
                last=said["last"] or said["first"],
                text=said["text"],
                by=workspace.user,
                now=workspace.now,
            )
            return request.path, _("已记下，总览的图上看得到。")

        return redirect_once(request, written)
    rows = notes.standing(workspace.regions).select_related("authority", "region")[:MOST]
    return render(
        request,
        "oversight/notes.html",
        {
            "form": form,
            "rows": [
                {"note": row, "place": named(row.region), "is_own": row.authority_id in workspace.authority_ids}
                for row in rows
            ],
        },
        status=422 if form.is_bound else 200,
    )
