"""Teams, invitations, looking at contact data and the administrators' pages, on a phone and at a desk."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Administrator, OutgoingMessage, User
from accounts.sign_in.contacts import Contact
from complaints.procedure.workflow import Status
from enterprises.team import team
from enterprises.team.rights import Post, TeamActor, enterprise_reach
from tests import given
from tests.cast import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def invited(world: World) -> str:
    """The path of a link to join."""
    now = timezone.now()
    team.invite(
        Contact("email", "newcomer@example.com"),
        Post(enterprise=world.mobile, branch=world.fuzhou),
        "handler",
        by=TeamActor(user=world.lead, reach=enterprise_reach(world.lead.pk, on=timezone.localdate(now)), now=now),
        place="/account/invitation/",
        language="zh-hans",
    )
    return next(line for line in OutgoingMessage.objects.get().body.splitlines() if line.startswith("/account/"))


@pytest.mark.parametrize(("width", "language"), [(360, "zh-hans"), (1280, "en")])
def test_pages_hold_before_axe_and_fit(world: World, visit: Any, width: int, language: str) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    link, look = invited(world), f"{width}-{language}"
    pages: list[tuple[User | None, list[str]]] = [
        (
            world.lead,
            [
                "/enterprise/team/",
                "/enterprise/team/invite/",
                f"/enterprise/team/{world.ming_staff.pk}/",
                f"/enterprise/cases/{case.number}/",
                f"/enterprise/cases/{case.number}/reveal/",
            ],
        ),
        (world.head_officer.user, ["/authority/team/"]),
        (None, [link]),
    ]
    addresses = {
        "system": ["/administration/system/"],
        "audit": ["/administration/audit/"],
        "security": [
            "/administration/log/",
            "/administration/people/",
            f"/administration/people/{world.ming.person_key}/",
        ],
    }
    for kind, paths in addresses.items():
        keeper = User.objects.create_user(email=f"{kind}@example.com", password="x" * 20, name=kind)
        Administrator.objects.create(user=keeper, kind=kind, since=timezone.now())
        pages.append((keeper, paths))
    for user, paths in pages:
        visitor = visit(width=width, language=language, user=user)
        for nth, path in enumerate(paths):
            visitor.go(path)
            visitor.check()
            visitor.shot(f"roles-{path.strip('/').split('/')[0]}-{nth}-{user.pk if user else 0}-{look}")


def test_without_a_script_somebody_looks_at_a_number_and_the_consumer_sees_it(world: World, visit: Any) -> None:
    case = given.a_complaint(world, status=Status.NEGOTIATING, now=timezone.now())
    handler = visit(width=360, user=world.ming, javascript=False)
    page = handler.go(f"/enterprise/cases/{case.number}/")
    assert "13800000001" not in page.content()
    page.get_by_role("link", name="查看完整联系方式").click()
    page.locator("form.panel button.btn").click()
    assert page.get_by_role("link", name="13800000001").count() == 1
    own = visit(width=360, user=world.chen, javascript=False).go(f"/cases/{case.number}/")
    assert "明试" in own.locator("section", has=own.get_by_role("heading", name="谁看过我的联系方式")).inner_text()
