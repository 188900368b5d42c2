"""The campaign of the demonstration, from the call of three carriers to its end, as the public reads it."""

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from demo import reports, world
from demo.texts import CARRIERS
from oversight.models import Campaign, CampaignEffect
from tests import missing_in
from tests.oversight.looking import page_of


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
