"""The auditor on the demonstration, as a visitor finds it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from demo import remedies, reports
from demo import world as demonstration
from tests.audit.compare import Audit, compared
from tests.audit.core import rows

#: What is read from files, tallies and pages; the other areas are asked of counters that fold what is committed.
AREAS = ("published", "open_data", "changes", "hot_spots", "guidance", "remedies", "public_pages")


@pytest.mark.full
@pytest.mark.usefixtures("demo_directory")
@pytest.mark.django_db
def test_the_demonstration_says_what_its_cases_say(
    settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EVIDENCE_ROOT, settings.DEMO = tmp_path, True
    now = timezone.now()
    with connection.cursor() as cursor:
        # A test is one transaction.
        cursor.execute("set local transaction_timeout = 0")
    demonstration.load(cases=400, seed=11, until=now)
    reports.tell_reports(now=now)
    reports.tell_reduction(now=now)
    remedies.put_right(now=now)
    with connection.cursor() as cursor:
        audit = Audit(rows.read(cursor), now)
    n, wrong = Counter[str](), list[str]()
    for area in AREAS:
        for pair in compared(audit, [area]):
            n[area] += 1
            wrong += [str(pair)] if pair.differs else []
    with capsys.disabled():
        print(f"\nthe demonstration: {dict(n)} compared, {len(wrong)} differ")
    assert wrong == []
    assert min(n[area] for area in AREAS) > 0, n
