"""A morning at a city branch: sixty complaints, by keyboard alone.

The complaints are rows of the public telecom file where it lies beside the project, else rows of our own of the same
shape; nothing of it is kept.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from authorities.models import Policy
from complaints.models import Complaint, Contact, HandlingStep, Matter, Offer
from complaints.procedure.workflow import Status
from enterprises.models import Staff, TwoPersons
from tests import given
from tests.cast import World, a_new_phone
from tests.routing.labelled.test_labelled import SHARED

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
S = Status
FILE = SHARED / "wa_ag" / "cases_telecom.csv"
MORNING = 60


def rows() -> Iterator[dict[str, str]]:
    """What was complained about."""
    if FILE.exists():
        with FILE.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    else:
        for n in range(MORNING):
            yield {
                "complaint_id": f"{420000 + n}",
                "practice_names": ("Billing Issues", "Unsatisfactory Service|Billing Issues")[n % 2],
                "business_name": "a carrier",
            }


def a_morning(world: World) -> list[Complaint]:
    now = timezone.now()
    return [
        given.a_complaint(
            world,
            status=S.WITH_ENTERPRISE,
            now=now - timedelta(hours=20, minutes=-n),
            item_name=row["practice_names"].split("|")[0][:60],
            order_no=row["complaint_id"],
            statement=f"{row['business_name']}: {row['practice_names'].replace('|', '; ')}",
        )
        for n, row in enumerate(islice(rows(), MORNING))
    ]


class Keys:
    """Somebody who never touches the mouse."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.page.wait_for_load_state("domcontentloaded")

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def to(self, selector: str) -> None:
        """By Tab, as far as it takes."""
        for _ in range(400):
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"{self.page.url}: no Tab leads to {selector}")

    def open(self, selector: str) -> None:
        """Tab to it and press Enter; the next page is there afterwards."""
        self.to(selector)
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.press("Enter")

    def leave(self, *keys: str) -> None:
        """Keys of which the last leads to another page."""
        self.press(*keys[:-1])
        with self.page.expect_navigation(wait_until="domcontentloaded"):
            self.press(keys[-1])

    def choose(self, selector: str, text: str) -> None:
        """The option of a list that says ``text``, by the arrows."""
        self.to(selector)
        for key in ("ArrowDown",) * 9 + ("ArrowUp",) * 18:
            if text in self.page.evaluate("document.activeElement.selectedOptions[0].text"):
                return
            self.press(key)
        raise AssertionError(f"{selector} does not offer {text}")

    def write(self, selector: str, text: str) -> None:
        self.to(selector)
        self.press("Control+a")
        self.type(text)


def test_sixty_complaints_before_lunch_by_keyboard_alone(world: World, visit: Callable[..., Any]) -> None:
    made = a_morning(world)
    Policy.objects.filter(name="extension").update(number=1)
    TwoPersons.objects.create(enterprise=world.mobile, refusals=True, set_by=world.lead, set_at=timezone.now())
    colleague = Staff.objects.create(
        user=User.objects.create_user(
            email="second@example.com", password="x" * 20, name="次试", own_phone=a_new_phone()
        ),
        enterprise=world.mobile,
        branch=world.fuzhou,
        role=Role.HANDLER.post,
    )
    visitor = visit(width=1280, user=world.ming)
    page = visitor.go("/enterprise/queue/?size=100")
    keys = Keys(page)
    assert page.locator("[data-case]").count() == MORNING

    # Two that are not ours go back, each with the reason.
    for n in (1, 2):
        keys.leave(*["j"] * n, "Enter")
        keys.open('main a[href$="/return/"]')
        keys.to('input[name="reason"]')
        keys.press("Space")
        keys.write("#id_text", "号码不是在福州开的户，请转开户地的分公司。")
        keys.open('button[name="send"]')
        visitor.go("/enterprise/queue/?size=100")
    gone = Complaint.objects.filter(pk__in=[c.pk for c in made]).exclude(status=S.WITH_ENTERPRISE)
    assert gone.count() == 2

    # Five to a colleague, then all others taken on at once.
    for _ in range(5):
        keys.press("j", "x")
    assert page.locator("[data-case] input:checked").count() == 5
    page.evaluate("document.activeElement.blur()")
    keys.choose("#bulk_handler", "次试")
    keys.press("Shift+Tab")
    keys.open('button[name="do"][value="assign"]:focus')
    assert Complaint.objects.filter(handler=colleague).count() == 5
    visitor.go("/enterprise/queue/?size=100&view=new")
    keys.to("#bulk_all")
    keys.press("Space")
    page.evaluate("document.activeElement.blur()")
    keys.open('button[name="do"][value="accept"]')
    assert Complaint.objects.filter(status=S.NEGOTIATING).count() == MORNING - 2
    visitor.look()

    # A call, written down with one press; then what burns first gets its offer.
    visitor.go("/enterprise/queue/?size=100")
    keys.leave("j", "Enter")
    keys.press("c")
    keys.leave("Enter")
    assert Contact.objects.count() == 1
    first = Complaint.objects.get(number=page.url.split("/")[-2])
    keys.leave("o")
    for demand in (1, 2):
        keys.to(f'input[name="answer-{demand}"]')
        keys.press("Space")
    keys.write("#id_message", "您好，核对账单后，多扣的费用全部按原渠道退还给您。")
    keys.open('button[name="send"]')
    if page.locator('button[name="anyway"]').count():
        keys.open('button[name="anyway"]')
    first.refresh_from_db()
    assert first.status == S.AWAITING_CONSUMER
    assert Offer.objects.get(complaint=first).obligations.get(kind="original_channel").amount == Decimal("128.50")

    # The next one needs more time than the rule gives.
    visitor.go("/enterprise/queue/?size=100")
    keys.leave("j", "j", "Enter")
    second = Complaint.objects.get(number=page.url.split("/")[-2])
    keys.open('main a[href$="/extension/"]')
    keys.write("#id_days", "3")
    keys.write("#id_text", "总部在核对三个月的账单，需要多三个工作日。")
    keys.open("main form[method=post] button.btn:not(.is-2)")
    assert Matter.objects.filter(complaint=second, kind="extension", state="open").exists()

    # A refusal takes a second person; meanwhile the clock runs on, and the page says so.
    visitor.go("/enterprise/queue/?size=100")
    keys.leave("j", "j", "j", "Enter")
    third = Complaint.objects.get(number=page.url.split("/")[-2])
    keys.leave("o")
    for demand in (1, 2):
        keys.to(f'input[name="answer-{demand}"]')
        keys.press("Space", "ArrowDown", "ArrowDown")
        keys.write(f"#id_reason-{demand}", "合约期内不能单独退订这一项业务，合同第六条写明了。")
    keys.write("#id_message", "您好，合同约定如此，已附上合同页，请您核对。")
    keys.open('button[name="send"]')
    if page.locator('button[name="anyway"]').count():
        keys.open('button[name="anyway"]')
    third.refresh_from_db()
    assert third.status == S.NEGOTIATING
    assert Matter.objects.filter(complaint=third, kind="proposal", state="open").exists()
    boss = visit(width=1280, user=world.lead)
    other = Keys(boss.go("/enterprise/approvals/"))
    other.open('main a[href*="/approvals/"]')
    assert "不停" in boss.page.content()
    other.to("main input[name=decision]")
    other.press("Space")
    other.open("main form[method=post] .btn")
    third.refresh_from_db()
    assert third.status == S.AWAITING_CONSUMER
    names = {entry.name_id for entry in HandlingStep.objects.filter(complaint=third, step__in=["propose", "approve"])}
    assert len(names) == 2
