"""The elder display: one question a page, with few answers to choose from."""

import html
import re

import pytest
from django.test import Client

from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import url
from tests.complaints.filing.test_story import heard, tell

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
