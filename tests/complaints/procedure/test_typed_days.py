"""Days and moments that somebody types: of the years 2000 to 2100, or refused at their field."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from complaints.forms.fields import Day
from complaints.handling.steps import authority, casework, mediation, supervision
from complaints.procedure.refusals import StepNotAllowed
from enterprises.team.team_forms import LeaveForm


@pytest.mark.parametrize(
    "verb",
    [
        lambda day: supervision.urge(text="请答复。", last_day=day.isoformat()),
        lambda day: authority.request_material(what="发票", last_day=day),
        lambda day: casework.serve_notice(document="告知书", channel="email", is_served=True, text="", day=day),
        lambda day: mediation.order_appraisal(laboratory="某所", until=day, cost_borne_by="later"),
        lambda day: mediation.schedule_session(
            at=datetime(day.year, 12, 31, 23, 59, tzinfo=UTC), place="一楼", mode="site"
        ),
    ],
)
def test_a_day_of_no_year_of_ours_is_refused_at_its_field(verb: Callable[[date], object]) -> None:
    for year in (1, 1999, 2101, 9999):
        with pytest.raises(StepNotAllowed) as refused:
            verb(date(year, 12, 31))
        assert refused.value.code == "bad_day"
        assert refused.value.field in ("last_day", "day", "until", "at")
    verb(date(2000, 12, 31))
    verb(date(2100, 12, 31))


@pytest.mark.parametrize("typed", ["0001-01-01", "9999-12-31"])
def test_a_form_says_the_same_before_anything_is_reckoned(typed: str) -> None:
    with translation.override("zh-hans"):
        for field in (Day(), LeaveForm(people=[], deputies=[]).fields["ends_on"]):
            with pytest.raises(ValidationError, match="2000和2100"):
                field.clean(typed)
