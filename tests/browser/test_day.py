"""A day of a handler with sixty cases and of an officer with forty, played by hands that know the keys.

``days.csv`` is the mix, with what each case cost on the pages before the composer, the review desk and the keys of
steps: played by the same counting hands by the shortest way that there was. ``-s`` prints both, a row a kind of work.
"""

import csv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from authorities.models import Policy
from complaints.models import Complaint, Matter, Offer
from complaints.procedure.workflow import Status as S
from complaints.settlement import answer_templates
from complaints.settlement.answer_templates import Says
from tests import given
from tests.browser.authority.test_intake_morning import a_morning
from tests.browser.day import Hands
from tests.browser.enterprise.test_composer import ASKED, contacted
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REASON = "合同第四条写明，3月到期前不能退订。"
#: Of the mix, so much in the short run.
SHARE = [0.1, pytest.param(1, marks=pytest.mark.full)]


def mix(desk: str, share: float) -> list[str]:
    """The kinds of work of this day, a name a case."""
    with (Path(__file__).parent / "days.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["desk"] == desk]
    return [row["what"] for row in rows for _ in range(max(1, round(int(row["cases"]) * share)))]


def compared(desk: str, *hands: Hands) -> dict[str, tuple[float, float]]:
    """keys, loads, server → before and now of the whole day."""
    with (Path(__file__).parent / "days.csv").open(encoding="utf-8") as file:
        before = {row["what"]: row for row in csv.DictReader(file) if row["desk"] == desk}
    now = {row["what"]: row for one in hands for row in one.rows()}
    assert now.keys() == before.keys()
    print(f"\n{desk}: a case before → now")
    for what, row in now.items():
        cells = ", ".join(
            f"{name} {before[what][name]} → {row[name]}" for name in ("keys", "letters", "loads", "server")
        )
        print(f"{what:15} {row['cases']:3} cases: {cells}")
    result = {}
    for name in ("keys", "loads", "server"):
        sums = [sum(int(row["cases"]) * float(of[what][name]) for what, row in now.items()) for of in (before, now)]
        result[name] = (sums[0], sums[1])
        print(f"{name} of the day: {sums[0]:.1f} → {sums[1]:.1f}")
    return result


def send(hands: Hands) -> None:
    """Once more where something is shown first."""
    hands.leave("Control+Enter")
    if hands.page.locator(".decide [name=anyway]").count():
        hands.leave("Control+Enter")
    assert hands.page.locator(".error-summary").all_inner_texts() == []


def answer(hands: Hands) -> None:
    """The page of the answer, where an answer before did not lead to it."""
    if "/offer/" not in hands.page.url:
        hands.leave("o")


def grant(hands: Hands) -> None:
    """All that is asked, by a template."""
    answer(hands)
    hands.press("m", "1")
    send(hands)


def part(hands: Hands) -> None:
    answer(hands)
    hands.press("2")
    hands.type("100")
    hands.write("#id_reason-1", "已经按您的要求退还过28.50元。")
    hands.to("[name=answer-2]")
    hands.press("1")
    send(hands)


def refuse(hands: Hands) -> None:
    answer(hands)
    hands.press("3")
    hands.type(REASON)
    hands.to("[name=answer-2]")
    hands.press("3")
    hands.type(REASON)
    send(hands)


def call(hands: Hands) -> None:
    hands.press("c")
    hands.leave("Enter")


def opened(hands: Hands, slug: str) -> None:
    """The page of a step, by the figure that stands beside it on the case."""
    link = hands.page.locator(f'main a[data-key][href$="/{slug}/"]')
    hands.leave(link.get_attribute("data-key"))


def ask(hands: Hands) -> None:
    opened(hands, "ask")
    hands.to_cursor("#id_text")
    hands.type("请问您是哪一天发现多扣的？")
    send(hands)


def extension(hands: Hands) -> None:
    opened(hands, "extension")
    hands.to_cursor("#id_days")
    hands.choose("#id_days", "3")
    hands.write("#id_text", "总部在核对三个月的账单，需要多三个工作日。")
    send(hands)


def give_back(hands: Hands) -> None:
    opened(hands, "return")
    hands.press("Space")
    hands.write("#id_text", "号码不是在福州开的户，请转开户地的分公司。")
    send(hands)


HANDLER: dict[str, Callable[[Hands], None]] = {
    "grant": grant,
    "part": part,
    "refuse": refuse,
    "call": call,
    "ask": ask,
    "extension": extension,
    "return": give_back,
}


@pytest.mark.parametrize("share", SHARE)
def test_the_day_of_a_handler(world: World, visit: Callable[..., Any], share: float) -> None:
    now = timezone.now()
    says = Says(body="{消费者称呼}您好，{金额}将在{履行日}前退还，向您道歉。", verdict="grant", days=3)
    made = answer_templates.make(staff=world.lead_staff, name="全额退＋道歉", says=says, now=now)
    answer_templates.tried(made, number=1, now=now)
    Policy.objects.filter(name="extension").update(number=1)
    todo = mix("handler", share)
    for what in todo:
        if what != "return":
            contacted(world, demands=ASKED)
    visitor = visit(width=1280, user=world.ming)
    hands = Hands(visitor.go("/enterprise/queue/?size=100"))
    hands.press("n")
    hands.page.wait_for_url("**/enterprise/cases/**")
    for what in todo:
        if what == "return":
            given.a_complaint(world, status=S.WITH_ENTERPRISE, now=now - timedelta(hours=20), demands=ASKED)
            visitor.go("/enterprise/queue/?view=new")
            hands.leave("n")
        before = hands.page.url.partition("/cases/")[2].partition("/")[0]
        with hands.doing(what):
            HANDLER[what](hands)
            if before in hands.page.url and what != "return":
                hands.leave("n")
    offers = sum(todo.count(what) for what in ("grant", "part", "refuse"))
    assert Offer.objects.count() == offers
    assert Complaint.objects.filter(status=S.AWAITING_CONSUMER).count() == offers
    assert Matter.objects.filter(kind="extension").count() == todo.count("extension")
    costs = compared("handler", hands)
    assert costs["keys"][1] * 2 <= costs["keys"][0]
    assert costs["loads"][1] * 2 <= costs["loads"][0]


@pytest.mark.parametrize("share", SHARE)
def test_the_day_of_an_officer(world: World, visit: Callable[..., Any], share: float) -> None:
    todo = mix("officer", share)
    a_morning(world, sum(what.startswith("send") for what in todo))
    visitor = visit(width=1280, user=world.su)
    hands = Hands(visitor.go("/authority/triage/"))
    for what in todo:
        if what.startswith("send"):
            with hands.doing(what):
                if what == "send":
                    hands.leave("Enter")
                else:
                    hands.leave("2")
                    hands.choose("#id_why", "not_for_enterprise")
                    hands.leave("Control+Enter")
    assert not Complaint.objects.filter(status=S.TRIAGE).exists()

    under_review = [what for what in todo if not what.startswith("send")]
    now = timezone.now()
    first, *_more = [given.a_complaint(world, status=S.REVIEW, now=now) for _ in under_review]
    reviewer = visit(width=1280, user=world.rui)
    review = Hands(reviewer.go(f"/authority/review/{first.number}/"))
    for what in under_review:
        with review.doing(what):
            if what == "accept":
                review.leave("a")
            elif what == "material":
                review.press("s")
                review.type("请补充通讯地址。")
                review.leave("Control+Enter")
            else:
                review.press("r", "Space", "r")
                review.type("这是电信资费争议，由通信管理部门处理。")
                review.choose("#id_body", "12300")
                review.leave("Control+Enter")
                review.leave("Control+Enter")
    assert Complaint.objects.filter(status=S.MEDIATING).count() == todo.count("accept")
    assert Complaint.objects.filter(status=S.AWAITING_MATERIAL).count() == todo.count("material")
    assert Matter.objects.filter(kind="proposal").count() == todo.count("refuse")
    costs = compared("officer", hands, review)
    assert costs["keys"][1] * 2 <= costs["keys"][0]
    if share == 1:
        # Of a short day every second case is one of those that take two pages.
        assert costs["loads"][1] * 2 <= costs["loads"][0]
