"""docs/lifecycle.md says what the table says."""

from complaints.management.commands import write_lifecycle
from complaints.procedure.workflow import CLOCKS, TABLE, Status


def test_the_page_is_what_the_table_generates() -> None:
    text = write_lifecycle.path().read_text(encoding="utf-8")
    assert text == write_lifecycle.lifecycle(), "run manage.py write_lifecycle"


def test_nothing_of_the_table_is_left_out() -> None:
    text = write_lifecycle.lifecycle()
    for code in (*Status, *TABLE, *CLOCKS):
        assert f"| `{code}` |" in text
