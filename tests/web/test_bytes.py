"""How many bytes a page costs somebody on a slow network, with every style and script it asks for.

Each page has its own limit here, about a quarter above what it weighs; who makes a page heavier says so
here.
"""

import gzip
import re

import pytest
from django.test import Client

from complaints.procedure.workflow import Status
from tests import ROOT
from tests.cast import World
from tests.given import a_complaint

ROOT = ROOT / "static"
#: The first page that anybody sees, compressed, in bytes (issue: consumer).
MOST = 100_000
#: Kilobytes compressed, styles and scripts included, that the page may weigh; the same uncompressed, the page alone.
LIMITS: dict[str, tuple[int, int]] = {
    "/": (16, 9),
    "/how/": (16, 7),
    "/file/": (17, 11),
    "/find/?q=移动": (17, 10),
    "/find/suggest/?q=移动": (2, 3),
    "/check/": (17, 9),
    "/check/?matter=purchase&trade=telecom&since=over&elsewhere=no": (17, 10),
    "/check/letter/": (16, 11),
    "/track/": (16, 7),
    "/account/sign-in/": (17, 7),
    "/cases/": (16, 7),
    "/cases/{number}/": (19, 20),
    "/cases/{number}/offer/1/": (18, 14),
    "/cases/{number}/why/confirmation/": (17, 11),
}
LINKED = re.compile(r'(?:href|src)="[^"]*/static/((?:css|js|img)/[\w.-]+?)(?:\.[0-9a-f]{12})?(\.(?:css|js|svg))"')


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def weight(page: bytes) -> int:
    """Compressed bytes of the page and of what it links to, each once."""
    linked = {"".join(part) for part in LINKED.findall(page.decode())}
    assert len(linked) >= 6 or b"<html" not in page, linked
    return packed(page) + sum(packed((ROOT / name).read_bytes()) for name in linked)


@pytest.mark.django_db
def test_no_page_grows_unseen(world: World) -> None:
    case = a_complaint(world, status=Status.AWAITING_CONSUMER)
    client = Client()
    client.force_login(world.chen)
    heavy = []
    for path, (compressed, alone) in LIMITS.items():
        visitor = client if path.startswith("/cases/") else Client()
        answer = visitor.get(path.format(number=case.number))
        assert answer.status_code == 200, path
        whole, page = weight(answer.content) / 1000, len(answer.content) / 1000
        if whole > compressed or page > alone:
            heavy.append(f"{path}: {whole:.1f} kB compressed with all it links to, {page:.1f} kB the page itself")
        assert whole * 1000 < MOST, path
    assert not heavy, "\n".join(heavy)
