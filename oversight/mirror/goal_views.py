"""/enterprise/performance/goals/: terms that an enterprise sets itself. A manager of the whole enterprise sets them."""

from typing import Any

from django import forms
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.idempotency import redirect_once
from complaints.desks.staff_access import staff_page
from complaints.parties.conditions import Conditions
from oversight.mirror import goals
from oversight.mirror.goals import Kind
from routing.pages.profile import Lead, lead_of
from web.incoming import posted

#: Working hours of a working day.
HOURS = 8


class GoalForm(forms.Form):
    """Empty: no goal. Each is shorter than the time for negotiation, which is ``days`` working days."""

    response = forms.IntegerField(
        label=gettext_lazy("首次响应，多少个工作小时以内"), required=False, widget=forms.NumberInput(attrs={"min": 1})
    )
    closed = forms.IntegerField(
        label=gettext_lazy("送达到办结，多少个工作日以内"), required=False, widget=forms.NumberInput(attrs={"min": 1})
    )

    def __init__(self, data: Any, *, days: int, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial, label_suffix="")
        self.longest = {Kind.RESPONSE: HOURS * days - 1, Kind.CLOSED: days - 1}
        for field in self.fields.values():
            field.error_messages["invalid"] = _("请填整数，或者留空。")
        self.fields["response"].help_text = _("留空就是不定目标。")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for kind, longest in self.longest.items():
            value = cleaned.get(kind)
            if value is not None and not 1 <= value <= longest:
                self.add_error(kind, _("请填1到%(n)s之间的整数：自己的目标要比协商期限短。") % {"n": longest})
        return cleaned


@staff_page(lead_of, "GET", "POST")
def own_goals(request: HttpRequest, lead: Lead) -> HttpResponseBase:
    if lead.branch_ids is not None:
        raise Http404
    days = Conditions.at(lead.now).policies.number("negotiation", None).number
    known = {goal.kind: goal.at_most for goal in goals.in_force(lead.enterprise.pk)}
    form = GoalForm(posted(request), days=int(days), initial=known)
    back = reverse("oversight:performance")
    if form.is_bound and form.is_valid():

        def kept() -> tuple[str, str]:
            with transaction.atomic():
                for kind in Kind:
                    value = form.cleaned_data[kind]
                    goals.set_goal(lead.enterprise.pk, kind, value, by=lead.user, now=lead.now)
            return back, _("已记下，从今天起算。")

        return redirect_once(request, kept)
    context = {"form": form, "back_url": back}
    return render(request, "enterprise/performance_goals.html", context, status=422 if form.is_bound else 200)
