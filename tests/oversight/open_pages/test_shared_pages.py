"""Reports, warnings and open data are answered like all pages that are the same for everybody: one page, kept by
whoever stands between.
"""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from oversight.models import ConsumerWarning, DataSet
from tests.cast import World
from tests.oversight.hot_spots.test_guidance import a_spot
from tests.oversight.test_reports import issued, month_issued, published, world

__all__ = ["issued", "month_issued", "world"]
FROM_MEMORY = [
    *("/open/data/", "/open/data/dictionary/", "/open/data/{set}/", "/open/reports/"),
    "/open/reports/{report}/",
]
MADE_ANEW = ["/open/warnings/", "/open/warnings/{warning}/"]
FILES = [
    "/open/data/{set}/regions.csv",
    "/open/data/{set}/datapackage.json",
    "/open/reports/{report}/summary.csv",
    "/open/reports/{report}/report.pdf",
]
GROWING = ["/open/data/all/regions.csv"]


@pytest.fixture
def told(world: World, issued: DataSet) -> dict[str, object]:
    warning = ConsumerWarning.objects.create(
        hot_spot=a_spot(world),
        authority=world.gulou,
        title="当心乱收费",
        text="请核对账单。",
        state="published",
        drafted_by=world.rui,
        drafted_at=timezone.now(),
        proposed_by=world.rui,
        decided_by=world.head_officer.user,
        published_at=timezone.now(),
    )
    result = {"set": issued, "report": published(world).pk, "warning": warning.pk}
    cache.clear()
    return result


def test_everybody_gets_the_same_with_an_etag_and_no_cookie(told: dict[str, object]) -> None:
    for pattern in (*FROM_MEMORY, *MADE_ANEW, *FILES, *GROWING):
        address = pattern.format(**told)
        first, second = Client().get(address), Client().get(address)
        assert (address, first.status_code, first.cookies, second.cookies) == (address, 200, {}, {})
        assert first.getvalue() == second.getvalue(), address
        assert "public" in first["Cache-Control"], address
        assert {"Cookie", "Accept-Language"} <= {word.strip() for word in first["Vary"].split(",")}, address
        for etag in (first["ETag"], f"W/{first['ETag']}", f'"other", {first["ETag"]}'):
            unchanged = Client().get(address, headers={"if-none-match": etag})
            assert (unchanged.status_code, unchanged.getvalue()) == (304, b""), address
            assert (unchanged["ETag"], unchanged["Cache-Control"]) == (first["ETag"], first["Cache-Control"]), address
        assert Client().get(address, headers={"if-none-match": '"other"'}).status_code == 200, address
        assert (Client().head(address).status_code, Client().post(address).status_code) == (200, 405), address


def test_the_second_visitor_costs_the_database_nothing(told: dict[str, object]) -> None:
    for pattern in FROM_MEMORY:
        address = pattern.format(**told)
        first = Client().get(address)
        assert "max-age=300" in first["Cache-Control"], address
        with CaptureQueriesContext(connection) as asked:
            Client().get(address + "?nothing=that+is+read")
        assert (address, len(asked)) == (address, 0)
        assert Client(headers={"accept-language": "en"}).get(address)["ETag"] != first["ETag"], address


def test_a_file_of_a_version_is_kept_for_a_year_and_who_is_signed_in_gets_an_own_page(
    world: World, told: dict[str, object]
) -> None:
    for pattern in FILES:
        kept = Client().get(pattern.format(**told))["Cache-Control"]
        assert "immutable" in kept, pattern
        assert "max-age=31536000" in kept, pattern
    client = Client()
    client.force_login(world.chen)
    for pattern in (*FROM_MEMORY, *MADE_ANEW):
        answer = client.get(pattern.format(**told))
        assert "no-store" in answer["Cache-Control"], pattern
        assert "ETag" not in answer, pattern


def test_a_warning_that_is_withdrawn_is_gone_at_once(told: dict[str, object]) -> None:
    address = "/open/warnings/{warning}/".format(**told)
    before = Client().get(address)
    assert "no-cache" in before["Cache-Control"]
    ConsumerWarning.objects.update(state="withdrawn", withdrawn_at=timezone.now(), withdrawn_why="已经改正。")
    after = Client().get(address, headers={"if-none-match": before["ETag"]})
    assert (after.status_code, "请核对账单。" in after.content.decode()) == (200, False)
    assert "当心乱收费" not in Client().get("/open/warnings/").content.decode()
