"""What may be expected of the enterprise stands on the first and on the last screen of filing."""

from django.test import Client
from django.utils import timezone

from complaints.filing.drafts import first
from enterprises.models import LeagueLine, PublishedFigure
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_submit import ready, url
from tests.oversight.counting import a_line


def test_figures_of_the_problem_before_those_of_all(client: Client, town: Town) -> None:
    draft = ready(client, town)
    counts = {"ended": 200, "settled": 100, "unconfirmed": 20, "median_days": 9, "promised": 50, "kept": 40}
    today = timezone.localdate()
    PublishedFigure.objects.create(enterprise=town.carrier, day=today, formula=1, **counts)
    a_line(town.carrier, n=180, settled=90, unconfirmed=18)
    page = client.get(url(draft, "enterprise")).content.decode()
    assert "180件有了结果：消费者确认和解50%" in page
    assert "一半在9天内有结果。" in page
    check = client.get(url(draft, "check")).content.decode()
    assert "可以预期" in check
    assert "180件有了结果" in check
    draft.refresh_from_db()
    category = first(draft, "problem", "problem_category")
    assert category
    PublishedFigure.objects.create(
        enterprise=town.carrier,
        category=category,
        day=today,
        formula=1,
        **counts | {"ended": 100, "settled": 30, "median_days": 4},
    )
    check = client.get(url(draft, "check")).content.decode()
    assert "同类问题：一半在4天内有结果。" in check
    assert "180件有了结果" in check
    LeagueLine.objects.all().delete()
    assert "近一年有结果的投诉太少，不作统计。" in client.get(url(draft, "check")).content.decode()


def test_whoever_never_asked_the_enterprise_may_write_first_with_what_is_filled_in(client: Client, town: Town) -> None:
    draft = ready(client, town)
    assert "给企业写信" not in client.get(url(draft, "check")).content.decode()
    draft = ready(client, town, problem={"has_contacted": "no", "contacted_on": ""})
    check = client.get(url(draft, "check")).content.decode()
    assert 'href="/check/letter/"' in check
    assert "提交投诉" in check, "it is no condition"
    letter = client.get("/check/letter/").content.decode()
    for text in (
        "测试移动福州分公司",
        "千兆宽带",
        "059100000000",
        "智家体验包",
        "退还货款或服务费",
        "128.50",
        "陈雨桐",
    ):
        assert text in letter
