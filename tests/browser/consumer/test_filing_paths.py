"""Each way through a filing in a real browser: the plain one, and those that guidance opens."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from complaints.models import Complaint, Engagement, Matter, PersonalText
from complaints.procedure.workflow import Status
from tests.browser.filing import STORY, Filer
from tests.browser.looks import in_look
from tests.cast import World
from tests.given import a_complaint

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOBODY = {"#id_respondent_authority": ""}
SHOP = {"#id_query": "街角鞋店", "input[name=respondent][value=named]": ""}


@dataclass(frozen=True)
class Path:
    """A story, what is said to the questions, and what the pages must show on the way: in Chinese, or the same in every
    language (a number, an address)."""

    told: str
    said: dict[str, str] = field(default_factory=dict)
    shows: tuple[str, ...] = ()
    is_signed_in: bool = False


PATHS = {
    "plain": Path(STORY),
    "wrong place": Path("公司拖欠我三个月工资共18000元，一直不发。", {"#id_line_0_0": ""} | NOBODY, ("12333",)),
    "report split": Path(
        "中国移动每个月乱扣我20元，要求退还60元。我要举报他们虚假宣传。", {"input[name=report][value=both]": ""}
    ),
    "earlier case": Path(STORY, {}, ("{earlier}",), is_signed_in=True),
    "for another": Path(
        "我替我妈投诉，移动乱扣她30元，要求退还30元。",
        {
            "input[name=ask][value=another]": "",
            "input[name=behalf][value=guardian]": "",
            "#id_principal_name": "王桂英",
            "#id_relation": "母亲",
            "#id_is_declared": "",
        },
    ),
    "platform": Path(
        "网购的鞋穿一天就坏了，要求退货退款。", {"input[name^=line_][value=yes]": "", "#id_platform": "某某商城"} | SHOP
    ),
    "shop": Path("在街角鞋店买的鞋穿一天就开胶，要求退货退款。", SHOP),
}
EVERYWHERE = [
    in_look(360),
    in_look(360, javascript=False, full=True),
    in_look(360, "en", full=True),
    in_look(360, display="elder", full=True),
    in_look(360, display="elder", javascript=False, full=True),
    in_look(360, "en", display="elder", full=True),
]


class Reader(Filer):
    """Looks for mistakes on each page, and keeps what it says."""

    def looked(self) -> None:
        self.visitor.look()
        self.read = getattr(self, "read", "") + str(self.page.locator("main").inner_text())


@pytest.mark.parametrize("look", EVERYWHERE)
@pytest.mark.parametrize("path", PATHS)
def test_each_way_leads_to_a_receipt(visit: Callable[..., Any], world: World, path: str, look: dict[str, Any]) -> None:
    way = PATHS[path]
    chen = User.objects.get(pk=world.chen.pk)
    earlier = (
        a_complaint(world, status=Status.CLOSED, now=timezone.now() - timedelta(days=20)) if way.is_signed_in else None
    )
    filer = Reader(visit(user=chen if way.is_signed_in else None), world, told=way.told, said=way.said)
    filer.walk()
    number = earlier.number if earlier else ""
    for words in way.shows:
        assert words.format(earlier=number) in filer.read, words
    case = Complaint.objects.exclude(number=number).get()
    assert case.number in filer.page.locator("main").inner_text()
    CAME_OF[path](case)


def of_another(case: Complaint) -> None:
    assert case.on_behalf_kind == "guardian"


def without_a_word_of_the_report(case: Complaint) -> None:
    assert "举报" not in PersonalText.objects.get(complaint=case, kind="consumer_statement").text
    assert Matter.objects.get(kind="report").audience == "authority"


def at_a_shop(case: Complaint) -> None:
    assert (case.respondent_named, case.picked_enterprise) == ("街角鞋店", None)
    assert not Engagement.objects.filter(complaint=case).exists()


def at_the_carrier(case: Complaint) -> None:
    assert case.picked_enterprise is not None


def at_nobody(case: Complaint) -> None:
    assert case.picked_enterprise is None


CAME_OF: dict[str, Callable[[Complaint], None]] = {
    "plain": at_the_carrier,
    "wrong place": at_nobody,
    "report split": without_a_word_of_the_report,
    "earlier case": at_the_carrier,
    "for another": of_another,
    "platform": at_a_shop,
    "shop": at_a_shop,
}
