"""What the tests of oversight share to open pages: as somebody, or as anybody."""

import re
from html import unescape
from typing import Any
from uuid import uuid4

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User


def browser(who: User | Client | None) -> Client:
    """Of a person who is signed in; of nobody; or the one that is given."""
    if isinstance(who, Client):
        return who
    client = Client()
    if who is not None:
        client.force_login(who)
    return client


def page_of(who: User | Client | None, url: str, **headers: str) -> str:
    answer = browser(who).get(url, headers=headers)
    assert answer.status_code == 200, (url, answer.status_code)
    return str(answer.content.decode())


_BEHIND = re.compile(r'<a[^>]*href="(/oversight/cases/[^"]*)"[^>]*>(?:共)?([0-9,]+)件?</a>')


def opened(who: User | Client, page: str) -> int:
    """How many numbers of a page open a list of what they counted; each has exactly as many lines."""
    client, links = browser(who), _BEHIND.findall(page)
    for url, n in links:
        answer = client.get(unescape(url))
        assert (answer.status_code, answer.context["n"]) == (200, int(n.replace(",", ""))), url
    return len(links)


def sent(who: User | Client, url: str, **values: Any) -> Any:
    """The form with a fresh key."""
    return browser(who).post(url, values | {"idempotency_key": uuid4().hex})


def cost(client: Client, url: str) -> int:
    """The statements of a page that was opened before."""
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200, url
    return len(seen)
