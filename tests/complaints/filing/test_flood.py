"""Many complaints of nobody proven from one place: they wait, keep what was written, and none is dropped in silence."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.sign_in.limits import Limit
from complaints.models import Complaint
from complaints.pages.filing import filing_check
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_submit import file, prove, ready

NOW = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)


def test_T34_a_flood_waits_and_whoever_proves_the_phone_does_not(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing_check, "UNPROVEN_UNWORKED", Limit("unproven_filing_unworked", 2, timedelta(hours=1)))
    with time_machine.travel(NOW, tick=True):
        for _ in range(2):
            bot = Client()
            assert file(bot, ready(bot, town)).status_code == 302
        bot = Client()
        draft = ready(bot, town)
        refused = file(bot, draft)
        assert refused.status_code == 429
        assert 3500 <= int(refused["Retry-After"]) <= 3600
        assert "请在11月27日 13:0" in refused.content.decode()
        assert Complaint.objects.count() == 2
        elsewhere, neighbour = Client(REMOTE_ADDR="198.51.100.4"), Client()
        assert file(elsewhere, ready(elsewhere, town)).status_code == 302
        own = ready(neighbour, town)
        prove(neighbour, own)
        assert file(neighbour, own).status_code == 302
    with time_machine.travel(NOW + timedelta(hours=1, minutes=2), tick=False):
        # Nothing of the draft was lost, and a second click finds the same receipt.
        first, second = file(bot, draft), file(bot, draft)
        assert first.status_code == second.status_code == 302
        assert first["Location"] == second["Location"]
    assert Complaint.objects.count() == 5
