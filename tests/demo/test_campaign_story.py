"""The campaign of the demonstration, from the call of three carriers to its end and to a remedy for all, in public."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from demo import remedies, reports, world
from demo.texts import CARRIERS
from oversight.models import Campaign, CampaignEffect, Remedy
from tests import missing_in
from tests.audit.compare import Audit, compared
from tests.audit.core import rows
from tests.oversight.looking import page_of
from tests.oversight.test_remedy_lists import asks


@pytest.mark.full
@pytest.mark.usefixtures("demo_directory")
@pytest.mark.django_db
def test_three_carriers_one_meeting_and_what_came_of_it(settings: Any, tmp_path: Path) -> None:
    settings.EVIDENCE_ROOT, settings.DEMO = tmp_path, True
    now = timezone.now()
    with connection.cursor() as cursor:
        # A test is one transaction.
        cursor.execute("set local transaction_timeout = 0")
    world.load(cases=400, seed=11, until=now)
    reports.tell_reports(now=now)
    reports.tell_reduction(now=now)
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.publicity, campaign.firms.count()) == ("judged", "published", len(CARRIERS))
    assert set(CampaignEffect.objects.values_list("weeks", "verdict")) == {(8, "few"), (13, "few")}
    page = page_of(None, f"/open/campaigns/{campaign.pk}/")
    assert not missing_in(page, *CARRIERS, "微信公众号", "服务站", "按时办结率", "逾期", "晚6天做到", "只看进展")
    # Out of it one carrier put a cause right for everybody; who complained of it finds the own phone on its list.
    remedies.put_right(now=now)
    made = Remedy.objects.get()
    assert (made.state, made.publicity, made.campaign) == ("verified", "published", campaign)
    page = page_of(None, f"/open/remedies/{made.pk}/")
    assert not missing_in(page, "影响1,240人，已补救1,190人", "抽查59人无误（至少95%属实）", remedies.HOW)
    assert f"/authority/remedies/{made.pk}/" in page_of(made.opened_by, f"/authority/campaigns/{campaign.pk}/")
    phone = next(line.number for line in remedies._lines(made) if line.is_phone)
    assert "企业报告已经补救" in asks(Client(), made, phone)
    with connection.cursor() as cursor:
        pairs = list(compared(Audit(rows.read(cursor), timezone.now()), ["remedies"]))
    assert [str(pair) for pair in pairs if pair.differs] == []
    assert {"remedy: lower limit", "undertaking: baseline", "campaign: undertakings, done, late"} <= {
        pair.figure for pair in pairs
    }
