"""Where an officer may look: a place of the own region and nothing else, whatever the address says."""

from django.utils import timezone

from accounts.roles import Role
from authorities.models import Officer, Region
from complaints.desks.authority_workspace import workspace_for
from complaints.procedure.workflow import Status
from oversight.presenting.places import outermost, places_of
from tests import given
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of, workspace

URL = "/oversight/"


def region(code: str) -> Region:
    return Region.objects.get(code=code)


def test_a_city_is_looked_at_with_its_counties(world: World) -> None:
    result = places_of(workspace_for(world.su, now=timezone.now()))
    assert [place.code for place in result.own] == ["350100"]
    assert {place.code for place in result.parts} >= {"350102", "350104"}
    assert result.chosen is None
    one = places_of(workspace_for(world.su, now=timezone.now()), "350102")
    assert (one.chosen, one.above) == (region("350102"), region("350100"))
    assert one.regions == (region("350102"),)


def test_a_place_elsewhere_or_above_is_nowhere(world: World) -> None:
    here = workspace_for(world.su, now=timezone.now())
    for code in ("350200", "350000", "100000", "999999", "x" * 60, "350102'--", "²"):
        result = places_of(here, code)
        assert result.chosen is None
        assert result.regions == result.own


def test_the_page_says_that_a_place_is_not_ones_own(world: World) -> None:
    given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    client = workspace(world.su)
    answer = client.get(URL + "?region=350200")
    assert "没有这个地区" in answer.content.decode()
    assert answer.context["totals"]["open"] == client.get(URL).context["totals"]["open"] > 0
    far = workspace(officer_of(world, "far"))
    assert far.get(URL + "?region=350102").context["totals"]["open"] == 0
    assert far.get("/oversight/compare/?with_region=350102").context["other"].errors


def test_two_offices_one_inside_the_other_count_a_case_once(world: World) -> None:
    given.a_complaint(world, status=Status.REVIEW, now=timezone.now())
    alone = workspace(world.su).get(URL).context["totals"]["open"]
    Officer.objects.create(user=world.su, authority=world.gulou, role=Role.ANALYST.post)
    assert workspace(world.su).get(URL).context["totals"]["open"] == alone > 0
    places = [region("350102"), region("350100"), region("350102"), region("350200")]
    assert {place.code for place in outermost(places)} == {"350100", "350200"}
