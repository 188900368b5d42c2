"""The elder display: one question a page, with few answers to choose from."""

import html
import re

import pytest
from django.test import Client

from complaints.models import Complaint
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import begin, fill, send, url
from tests.complaints.filing.test_story import heard, tell
from tests.complaints.filing.test_submit import AGREED

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("told", "first"),
    [
        ("街角的店不讲理，东西也不好，还骂人。", ["refund", "return_goods", "damages", "apology"]),
        ("移动的人不讲理，还骂人。", ["refund", "cancel_service", "damages", "fix_fault"]),
    ],
)
def test_the_elder_display_asks_for_one_of_four_demands_and_folds_the_rest(
    client: Client, town: Town, told: str, first: list[str]
) -> None:
    draft = tell(client, told)
    plain = heard(client, draft).partition("还想要别的")[0]
    client.cookies["display"] = "elder"
    shown, _, folded = html.unescape(client.get(f"{url(draft, 'heard')}?q=demands").content.decode()).partition(
        "还想要别的"
    )
    rows = r'name="demand"\s+value="(\w+)"'
    assert re.findall(rows, shown) == first
    assert set(re.findall(rows, plain)) <= {*first, *re.findall(rows, folded)}, "nothing is left out"


@pytest.mark.parametrize("display", ["elder", "standard"])
def test_in_which_display_somebody_filed_is_kept_with_the_case(client: Client, town: Town, display: str) -> None:
    draft = begin(client, town)
    fill(client, draft)
    client.cookies["display"] = display
    assert send(client, url(draft, "check"), AGREED).status_code == 302
    assert Complaint.objects.get().facts["display"] == display
