"""What a line of a table says to the consumer is read like what is typed on a page."""

import pytest

from tests.cast import World
from tests.complaints.measures.conftest import cases, lines, offer_row, table, tried
from tests.complaints.measures.test_round_trip import fetched_rows
from tests.complaints.pages.at_the_desk import signed_in

pytestmark = pytest.mark.django_db


def test_a_line_with_a_condition_is_refused_with_the_sentence_and_one_with_a_blank_too(world: World) -> None:
    browser, ours = signed_in(world.ming), cases(world, 3)
    rows = {row["编号"]: row for row in fetched_rows(browser)}
    told = ("您先撤销投诉，款项再退。", "款项将于____退还。", "款项全部退还。")
    typed = [
        rows[case.number] | offer_row(case, **{"给消费者的话": text}) for case, text in zip(ours, told, strict=True)
    ]
    trip = tried(browser, table(typed))
    found = [(state, column, problem[:12]) for _line, state, column, problem in lines(trip)]
    assert found == [
        ("bad", "offer_message", "“您先撤销投诉”：把撤诉"),
        ("bad", "offer_message", "还有空着没填的地方：__"),
        ("good", "", ""),
    ]
