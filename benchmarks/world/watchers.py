"""People who look: an officer of a province, a manager of an enterprise, a consumer, each with a page to ask for.

They hold their rights by the rows that give them to everybody, and their requests go through the views.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from accounts.roles import Role

PROVINCE, COUNTY = 350000000, 350102000


def officer(region: int = PROVINCE) -> Any:
    """An officer of the authority of a region; one is made where the directory has none."""
    from accounts.sign_in.contacts import Contact, user_for
    from authorities.models import Authority, Officer, Region

    place = Region.objects.get(pk=region)
    authority = Authority.objects.filter(region=place).exclude(level="office").first()
    if authority is None:
        level = "province" if place.level == "province" else "county"
        nation = Authority.objects.get(level="national")
        authority = Authority.objects.create(
            name=f"{place.name}市场监督管理局",
            region=place,
            level=level,
            parent=nation,
            has_power=True,
            document_code="试",
        )
    user = user_for(Contact("email", f"officer{region}@example.com"), name="瑞试")
    Officer.objects.get_or_create(user=user, authority=authority, defaults={"role": Role.OFFICER.post})
    return user


def manager(enterprise_id: int) -> Any:
    from accounts.sign_in.contacts import Contact, user_for
    from enterprises.models import Staff

    user = user_for(Contact("email", f"manager{enterprise_id}@example.com"), name="主管")
    Staff.objects.get_or_create(user=user, enterprise_id=enterprise_id, defaults={"role": Role.MANAGER.post})
    return user


def pages_of_a_case(pattern: Any, case: Any) -> dict[str, tuple[Any, str]]:
    """Who looks at it, and where: each side."""
    return {
        "case page, consumer": (pattern.chen, f"/cases/{case.number}/"),
        "case page, enterprise": (manager(pattern.enterprise.pk), f"/enterprise/cases/{case.number}/"),
        "case page, authority": (officer(COUNTY), f"/authority/cases/{case.number}/"),
    }


def pages_of_a_consumer(pattern: Any) -> dict[str, tuple[Any, str]]:
    return {
        "my cases": (pattern.chen, "/cases/"),
        "first screen of a filing": (pattern.chen, "/file/"),
        "search for an enterprise": (pattern.chen, "/find/?q=移动"),
    }


def page_for(user: Any, path: str) -> Callable[[], Any]:
    """Asks for a page as this person, all middleware included, without a network."""
    from django.test import Client

    from accounts.sign_in import entering

    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    session = client.session
    for name in (entering.ENTERED, entering.SEEN, entering.VERIFIED, entering.CONFIRMED):
        session[name] = int(now().timestamp())
    session.save()

    def ask() -> Any:
        answer = client.get(path)
        if answer.status_code != 200:
            raise SystemExit(f"{path} answers {answer.status_code}")
        return answer

    return ask


def empty_for(user: Any) -> Callable[[], Any]:
    """Asks as this person for a page whose view answers nothing: what everything around a view costs."""
    from django.http import HttpResponse

    from accounts.urls import urlpatterns

    ask, place = page_for(user, "/account/"), next(one for one in urlpatterns if one.name == "account")
    whole = place.callback

    def nothing() -> Any:
        place.callback = lambda request: HttpResponse()
        try:
            return ask()
        finally:
            place.callback = whole

    return nothing


def queries_of(ask: Callable[[], Any]) -> int:
    """How many statements a page needs, once it is warm."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask()
    with CaptureQueriesContext(connection) as seen:
        ask()
    return len(seen)


def request_of(user: Any, path: str = "/") -> Any:
    """What a view is given, for the parts of a page that stand alone."""
    from django.test import RequestFactory

    request = RequestFactory().get(path)
    request.user = user
    return request


def now() -> datetime:
    from django.utils import timezone

    return timezone.now()
