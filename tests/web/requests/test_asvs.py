"""The page about the standard answers each requirement, and what it says is tested is."""

import re
from pathlib import Path

from django.conf import settings

from tests.web.requests.test_threats import shown

ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (.+) \|$", re.MULTILINE)
#: How many requirements version 5.0.0 has on each level.
LEVELS = {"1": 70, "2": 183}


def test_every_requirement_has_an_answer_that_holds() -> None:
    rows = ROW.findall(Path(settings.ROOT, "docs", "asvs.md").read_text(encoding="utf-8"))
    assert len({number for number, *_ in rows}) == len(rows)
    for level, expected in LEVELS.items():
        assert sum(row[1] == level for row in rows) == expected
    there = shown()
    for number, level, _asked, answer in rows:
        ids = re.findall(r"\bT\d\d\b", answer)
        assert set(ids) <= there, f"{number}: no test of {sorted(set(ids) - there)}"
        known = (
            bool(ids)
            or answer.startswith(("reason: ", "N/A: "))
            or (level == "2" and answer.startswith("not assessed"))
        )
        assert known, f"{number}: {answer}"
        for page in re.findall(r"`(docs/[\w/.-]+\.md)`", answer):
            assert Path(settings.ROOT, page).exists(), f"{number}: {page}"
