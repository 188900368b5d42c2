"""Filings that need guidance, of authors who had not seen the patterns, walked through the screens by a person who
answers each question truly: who is asked says yes. What no question asks and no word tells is not met.
`pytest -s tests/complaints/filing/test_walked_kinds.py` prints the share of each kind."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from benchmarks import listening
from complaints.filing import story
from complaints.listening.hearing import CIRCUMSTANCES, REPORT
from complaints.models import FilingDraft
from complaints.procedure.duties import duties
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import screen, send, url
from tests.complaints.filing.test_story import full, tell

pytestmark = pytest.mark.django_db
SETS = Path("tests/complaints/listening")
#: What is told of each kind: the row of duties; of "elsewhere" the text's own.
TOLD = {"business": "business", "old": "old", "earlier": "handled"}
SOME_PLATFORM = "某某平台"


def walk(client: Client, row: listening.Row) -> bool:
    """Whether a filing of this text ends right: told, split off, asked, named."""
    draft = tell(client, row["text"])
    what = story.understood(draft)
    given = _answers(row, what)
    response = send(client, url(draft, "heard"), full(client, draft) | given)
    assert response.status_code == 302, (row["kind"], response.content.decode())
    draft.refresh_from_db()
    is_told = response.headers["Location"] == url(draft, "guide")
    return _is_right(row, what, draft, screen(client, draft, "guide") if is_told else "")


def _answers(row: listening.Row, what: story.Understood) -> dict[str, Any]:
    """What an honest person says to the lines and the four questions."""
    said: dict[str, Any] = {}
    for number, line in enumerate(what.lines):
        name, is_so = f"line_{number}", False
        if line.field == "firm" and len(line.one_of) > 1:
            said["firm"] = row["firm"] if row["firm"] in line.one_of else "no"
            continue
        if line.field == "elsewhere":
            is_so = row["elsewhere"] in line.one_of
            if is_so and len(line.one_of) > 1:
                said[name] = row["elsewhere"]
                continue
        elif line.field == "platform":
            is_so = bool(row["platform"])
            said["platform"] = _platform(row) if line.value == "?" else ""
        elif line.field == "firm":
            is_so = line.value == row["firm"]
        if line.field != "demand":
            said[name] = "yes" if is_so else "no"
    is_so = {"another" if one == "joint" else one for one in filter(None, row["circumstances"].split(","))}
    if REPORT in what.quotes:
        said[REPORT] = "none" if REPORT not in is_so else "both" if row["demands"] else "only"
        is_so.discard(REPORT)
    said["ask"] = [code for code in CIRCUMSTANCES if code in is_so]
    if row["kind"] == "old":
        long_ago = timezone.localdate() - timedelta(days=4 * 366)
        said["disputed_on"] = row["day"] if len(row["day"]) == len("2026-12-01") else long_ago.isoformat()
    return said


def _platform(row: listening.Row) -> str:
    return SOME_PLATFORM if row["platform"] == "unnamed" else row["platform"]


def _is_right(row: listening.Row, what: story.Understood, draft: FilingDraft, page: str) -> bool:
    kind = row["kind"]
    if kind == "platform":
        return draft.data.get("problem", {}).get("place") == [_platform(row)]
    if kind == "former":
        asked = [line for _number, line in what.of("firm") if not line.is_filled and row["firm"] in line.one_of]
        return bool(asked) and draft.data["enterprise"]["query"] == [row["firm"]]
    if kind == "report":
        # Looked over before anything goes on: what the firm reads, and what it does not.
        statement = draft.data["problem"]["statement"][0]
        return 'name="report"' in page and not story.split(statement)[1]
    return str(duties()[TOLD.get(kind) or row["elsewhere"]].reason) in page


@pytest.mark.parametrize("path", sorted(SETS.glob("[!a]*.jsonl")), ids=lambda path: path.stem)
def test_of_filings_that_need_guidance_nine_in_ten_end_right(town: Town, path: Path) -> None:
    every, right = Counter[str](), Counter[str]()
    for row in listening.read(path):
        if row["kind"] not in listening.KINDS:
            continue
        cache.clear()
        every[row["kind"]] += 1
        right[row["kind"]] += walk(Client(), row)
    told = ", ".join(f"{kind} {right[kind]}/{every[kind]}" for kind in listening.KINDS)
    print(f"{path.stem}: {right.total()}/{every.total()} end right ({told})")
    assert right.total() >= 0.9 * every.total(), told
