"""What a first visit costs on a slow line: the page with everything it asks for, compressed."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = [pytest.mark.usefixtures("demo_directory"), pytest.mark.django_db]
MOST = 100_000
_ASKED = re.compile(r'<(?:link|script|img)\b[^>]*?\b(?:href|src)="([^"]+)"')
_IN_STYLE = re.compile(rb'url\(["\']?([^"\')]+)|@import\s+["\']([^"\']+)')
_IN_SCRIPT = re.compile(rb'(?:from|import|new URL\(|new Worker\()\s*["\']([^"\']+\.js)["\']')


def _compressed(body: bytes) -> int:
    return len(gzip.compress(body, compresslevel=6, mtime=0))


def _asked_for(page: str) -> dict[str, int]:
    """Our files behind a page, with those that styles and scripts ask for in turn → compressed bytes."""
    waiting = [address.removeprefix(settings.STATIC_URL) for address in _ASKED.findall(page) if address.startswith(settings.STATIC_URL)]
    found: dict[str, int] = {}
    while waiting:
        name = waiting.pop()
        if name in found or name.startswith("data:"):
            continue
        where = finders.find(name)
        assert where, f"{name} is asked for and not there"
        body = Path(str(where)).read_bytes()
        found[name] = _compressed(body)
        more = [part for parts in _IN_STYLE.findall(body) for part in parts if part] + _IN_SCRIPT.findall(body)
        waiting += [str((Path("/") / Path(name).parent / one.decode()).resolve())[1:] for one in more if not one.startswith(b"data:")]
    return found


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", ["/", "/check/", "/find/?q=移动", "/file/", "/file/?query=移动&service_region=350102000"])
def test_a_first_page_with_styles_and_scripts_is_under_100_kilobytes(path: str, language: str) -> None:
    answer = Client(headers={"accept-language": language}).get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    files = _asked_for(page)
    # Were nothing found, the sum would say nothing.
    assert {"css/base.css", "css/components.css"} <= set(files)
    total = _compressed(answer.content) + sum(files.values())
    assert total < MOST, f"{path}: {total} bytes, of them {files}"
    # And nothing from elsewhere, which no sum of ours would know.
    assert not [address for address in _ASKED.findall(page) if re.match(r"(https?:)?//", address)]
