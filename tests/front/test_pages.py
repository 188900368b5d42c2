"""Every plain page answers, in both languages, and the reading wishes are kept."""

import pytest
from django.test import Client

PAGES = ("/", "/how/", "/how/time-limits/", "/help/", "/privacy/", "/terms/", "/accessibility/")


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_reads_the_plain_pages(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert '<html lang="zh-Hans"' in page
    assert page.count("<h1") == 1
    assert "12315 · 人工帮助" in page
