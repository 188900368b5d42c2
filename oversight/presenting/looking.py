"""What every page of oversight begins with: who looks, where, at which days, and what stands around the figures.

One address says it all, and every link of these pages keeps what it does not change.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from complaints.desks.authority_workspace import Workspace
from complaints.parties.conditions import current_calendar
from oversight.figures.figures import Measure
from oversight.figures.scope import Scope
from oversight.presenting.cards import Lists
from oversight.presenting.choosing import CHOSEN, PERIODS, Asked, ChoiceForm, understood
from oversight.presenting.places import Places, places_of
from web.languages import named

#: Name of the page, its title; in the order in which they are asked for.
PAGES: tuple[tuple[str, Any], ...] = (
    ("dashboard", _("总览")),
    ("compare", _("全部指标和对比")),
    ("enterprises", _("企业")),
    ("workload", _("工作量")),
    ("flow", _("流转")),
    ("system", _("系统")),
)

#: Pages of others that a director goes on to; they have conditions of their own.
BESIDE: tuple[tuple[str, Any], ...] = (("hot-spots", _("热点")), ("authority-reports", _("月报")))


@dataclass(frozen=True)
class DashboardPage:
    """One officer at one page."""

    workspace: Workspace
    page: str
    places: Places
    form: ChoiceForm
    asked: Asked

    @cached_property
    def scope(self) -> Scope:
        return Scope(
            regions=self.places.regions,
            enterprise_id=self.asked.enterprise_id,
            category=self.asked.category,
            channel=self.asked.channel,
        )

    @cached_property
    def measure(self) -> Measure:
        return Measure(self.scope, self.asked.period, self.workspace.now, current_calendar())

    @cached_property
    def lists(self) -> Lists:
        chosen = self.places.chosen
        return Lists(
            self.asked.period,
            self.asked.category,
            self.asked.enterprise_id,
            chosen.code if chosen else "",
            self.asked.channel,
        )

    def around(self) -> dict[str, Any]:
        """What the frame of the page shows."""
        asked, places = self.asked, self.places
        return {
            "form": self.form,
            "now": self.workspace.now,
            "period": asked.period,
            "page_url": reverse(f"oversight:{self.page}"),
            "periods": [
                {
                    "label": label,
                    "is_current": asked.kind == name,
                    "url": asked.url(period=name, first="", last="", page=""),
                }
                for name, label in PERIODS
                if name != CHOSEN
            ],
            "tabs": [
                {
                    "label": label,
                    "url": reverse(f"oversight:{name}") + asked.url(page="", sort=""),
                    "is_current": name == self.page,
                }
                for name, label in PAGES
            ]
            + [{"label": label, "url": reverse(f"oversight:{name}"), "is_current": False} for name, label in BESIDE],
            "place": " · ".join(named(region) for region in places.regions),
            "up_url": asked.url(region=places.above.code if places.above else "", page="") if places.chosen else "",
            "up_name": named(places.above) if places.above else " · ".join(named(region) for region in places.own),
            "all_url": asked.url(enterprise="", page=""),
            "save_url": reverse("oversight:views")
            + "?"
            + urlencode({"page": self.page, "query": asked.url(page="").removeprefix("?")})
            if self.page in dict(PAGES)
            else "",
        }


def dashboard_page(request: HttpRequest, workspace: Workspace, page: str) -> DashboardPage:
    """One statement for the places, one more where an enterprise is asked for."""
    places = places_of(workspace, request.GET.get("region", ""))
    form = ChoiceForm(request.GET, today=workspace.today, places=places)
    return DashboardPage(workspace, page, places, form, understood(form, request.GET))
