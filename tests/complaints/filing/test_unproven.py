"""Many complaints of nobody proven from one line: more work or a code is asked for, and nobody is sent away."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from accounts.models import CountedTry
from accounts.sign_in import codes
from complaints.filing import unproven
from complaints.models import Complaint
from tests import missing_in
from tests.accounts.test_codes_and_limits import solved
from tests.complaints.filing.answers import STATEMENT
from tests.complaints.filing.conftest import Town
from tests.complaints.filing.test_drafts import OTHER_PHONE, screen, send, url
from tests.complaints.filing.test_submit import AGREED, file, ready, signed_in, submitted

ASKED, BY_CODE = "请再点一次提交", "收验证码证明是您"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small numbers, and work that takes no time."""
    monkeypatch.setattr(unproven, "EASY", 2)
    monkeypatch.setattr(unproven, "UNWORKED", unproven.Limit("unproven_filing_unworked", 2, unproven.HOUR))
    monkeypatch.setattr(unproven, "OF_PERSON", unproven.Limit("unproven_filing_of_person", 1, unproven.HOUR))
    monkeypatch.setattr(codes, "HARDEST", 50)


def work_of(page: str) -> str:
    """What the script of the page puts into the form."""
    task = re.search(r'data-task="([^"]+)"', page)
    assert task
    return solved(unescape(task[1]))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_T34_without_scripts_a_code_is_asked_after_a_few_and_nothing_typed_is_lost(town: Town, language: str) -> None:
    for one in (Client(), Client()):
        assert file(one, ready(one, town)).status_code == 302
    client = Client(headers={"accept-language": language})
    draft = ready(client, town)
    for proof in ("", "rubbish", "e30=", "9" * 5000):
        refused = send(client, url(draft, "check"), AGREED, proof=proof)
        page = refused.content.decode()
        assert (refused.status_code, "Retry-After" in refused) == (429, True)
        assert f'href="{url(draft, "you")}?back=check"' in page
    if language == "zh-hans":
        assert not missing_in(page, ASKED, BY_CODE, STATEMENT)
    assert Complaint.objects.count() == 2
    # Elsewhere, and with a code, it goes on.
    elsewhere = Client(REMOTE_ADDR="198.51.100.4")
    assert file(elsewhere, ready(elsewhere, town)).status_code == 302
    assert "/receipt/" in submitted(Client(), town)
    assert Complaint.objects.count() == 4


def test_T34_with_scripts_each_round_takes_twice_the_work_and_none_is_the_last(town: Town) -> None:
    levels = []
    for _ in range(9):
        client = Client()
        draft = ready(client, town)
        page, level = screen(client, draft), 1
        answer = send(client, url(draft, "check"), AGREED, proof=work_of(page))
        while answer.status_code == 429:
            page, level = answer.content.decode(), level + 1
            assert ASKED in page
            answer = send(client, url(draft, "check"), AGREED, proof=work_of(page))
        assert answer.status_code == 302
        levels.append(level)
    # The page asks for the right level at once: one more press, never two.
    assert levels == [1, 1, *[2] * 7]
    assert Complaint.objects.count() == 9


def test_T34_who_is_signed_in_has_a_budget_apart_from_the_line(town: Town) -> None:
    for one in (Client(), Client(), Client()):
        last = file(one, ready(one, town))
    assert last.status_code == 429
    client = signed_in(OTHER_PHONE)
    assert file(client, ready(client, town)).status_code == 302
    # It is no second budget of the line: more than that is asked for work as everybody is.
    assert file(client, ready(client, town)).status_code == 429
    assert CountedTry.objects.filter(kind="unproven_filing_of_person").count() == 1
    proven: dict[str, Any] = {"is_unverified": None}
    own = signed_in()
    assert file(own, ready(own, town, you=proven)).status_code == 302, "the own number needs no budget at all"
