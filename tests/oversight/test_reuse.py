"""What others find and reuse: files for machines, feeds, descriptions, the read API, charts in frames, pictures."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from PIL import Image

from access.permissions import is_public
from authorities.models import Region
from odr_portal.site import found
from oversight.counters import making
from oversight.hot_spots import warning
from oversight.models import ConsumerWarning, DataSet
from oversight.models.published_models import OpenIndicators
from oversight.open_data import describing, issuing, reading
from oversight.published import indicator_making
from oversight.reuse import calls
from tests import found_in, given, missing_in
from tests.cast import World
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight.hot_spots.test_guidance import a_spot
from tests.oversight.looking import page_of
from tests.oversight.test_reports import issue, last_month, month, published
from tests.walls.addresses import addresses
from web import environment

ATOM = "{http://www.w3.org/2005/Atom}"
SITE = "https://odr.example"
API = "/api/open/v1/"


@pytest.fixture
def issued(world: World, settings: Any) -> DataSet:
    settings.SITE_URL = SITE
    return issue(world)


def a_warning(world: World, title: str = "当心<宽带>乱收费") -> ConsumerWarning:
    by: Any = {"by": world.rui, "now": timezone.now()}
    made = warning.draft(a_spot(world).pk, authority_id=world.gulou.pk, **by)
    warning.edit(made.pk, title=title, text="请核对<b>账单</b>。", **by)
    warning.propose(made.pk, **by)
    return warning.approve(made.pk, by=officer_of(world, "head"), now=timezone.now())


def entries(kind: str) -> list[dict[str, str]]:
    answer = Client().get(f"/open/{kind}.atom")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    feed = ET.fromstring(answer.content)
    results = []
    for entry in feed.findall(f"{ATOM}entry"):
        texts = {one.tag.removeprefix(ATOM): one.text or "" for one in entry}
        link = entry.find(f"{ATOM}link")
        assert link is not None
        author = entry.find(f"{ATOM}author/{ATOM}name")
        results.append(texts | {"link": link.get("href", ""), "author": "" if author is None else author.text or ""})
    return results


def linked(data: Any) -> list[str]:
    """Every address that is named in it."""
    return re.findall(r"https?://[^\"\s<]+", json.dumps(data))


@pytest.mark.django_db
def test_a_search_engine_is_led_to_what_everybody_reads_and_away_from_all_else(settings: Any) -> None:
    settings.SITE_URL = SITE
    lines = Client().get("/robots.txt").content.decode().splitlines()
    assert "Disallow: /" in lines
    assert lines[-1] == f"Sitemap: {SITE}/sitemap.xml"
    allowed = [line.removeprefix("Allow: ") for line in lines if line.startswith("Allow: ")]
    assert {"/$", "/open/", "/how/", "/file/$"} <= set(allowed)
    for path in ("/account/", "/cases/", "/answer/x/", "/authority/", "/enterprise/", "/api/", "/track/x/", "/embed/"):
        assert not [one for one in allowed if (path == one[:-1] if one.endswith("$") else path.startswith(one))], path
    settings.DEMO = True
    cache.clear()
    assert Client().get("/robots.txt").content.decode() == "User-agent: *\nDisallow: /\n"
    assert Client().get("/sitemap.xml").status_code == 404


def test_every_address_of_the_sitemap_opens_for_a_stranger_and_stands_in_robots(world: World, issued: DataSet) -> None:
    a_warning(world)
    published(world)
    indicator_making.publish(now=timezone.now())
    index = ET.fromstring(Client().get("/sitemap.xml").content)
    lists = [one.text or "" for one in index.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert f"{SITE}/sitemap-warnings.xml" in lists
    pages: list[str] = []
    for one in lists:
        listed = ET.fromstring(Client().get(one.removeprefix(SITE)).content)
        pages += [loc.text or "" for loc in listed.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")]
    assert len(pages) == len(set(pages)) > 25
    robots = Client().get("/robots.txt").content.decode().splitlines()
    allowed = [line.removeprefix("Allow: ") for line in robots if line.startswith("Allow: ")]
    for page in pages:
        path = page.removeprefix(SITE)
        assert Client().get(path).status_code == 200, path
        assert [one for one in allowed if (path == one[:-1] if one.endswith("$") else path.startswith(one))], path
    assert Client().get("/sitemap-nothing.xml").status_code == 404


#: Pages that everybody may open and a search engine does not lead to: getting in, the middle of something, pieces of a
#: page.
NOT_FOR_SEARCH = frozenset(
    [
        "accounts:sign-in",
        "accounts:sign-in-code",
        "accounts:sign-in-password",
        "accounts:second-factor",
        "accounts:factor-set-up",
        "accounts:reset",
        "accounts:reset-code",
        "enterprises:invitation",
        "complaints:join",
        "complaints:station-confirm",
        "complaints:enrol-application",
        "complaints:enrol-licence",
        "complaints:my-data-closed",
        "display",
        "demo-mail",
        "routing:letter",
        "routing:find-hits",
        "routing:find-suggest",
    ]
)


def test_a_new_page_for_everybody_stands_in_the_sitemap_or_is_named_as_left_out() -> None:
    shown = {
        one.name
        for one in addresses()
        if not one.parameters and one.pattern.endswith("/") and is_public(one.name, "GET")
        if not one.pattern.startswith(("/api/", "/embed/"))
    }
    assert len(shown) > 30
    assert shown - set(found.PAGES) == NOT_FOR_SEARCH


@pytest.mark.django_db
def test_security_txt_says_whom_to_tell_and_until_when_it_holds(settings: Any) -> None:
    address = "/.well-known/security.txt"
    assert Client().get(address).status_code == 404
    settings.SECURITY_CONTACT, settings.SITE_URL = "mailto:security@example.org", SITE
    fields = dict(line.split(": ", 1) for line in Client().get(address).content.decode().splitlines())
    assert (fields["Contact"], fields["Canonical"]) == ("mailto:security@example.org", f"{SITE}{address}")
    left = datetime.fromisoformat(fields["Expires"]) - timezone.now()
    assert timedelta(days=80) < left < timedelta(days=365)


def test_a_contact_is_a_mailbox_or_an_https_address() -> None:
    wanted = {
        "": "",
        "a@b.org": "mailto:a@b.org",
        "mailto:a@b.org": "mailto:a@b.org",
        "https://b.org/x": "https://b.org/x",
    }
    assert {value: environment.contact("SECURITY_CONTACT", value) for value in wanted} == wanted
    for odd in ("tel:12315", "http://b.org", "a b", "a@b.org\nContact: x@y.org", "https://b.org/\nx"):
        with pytest.raises(SystemExit, match="SECURITY_CONTACT"):
            environment.contact("SECURITY_CONTACT", odd)


def test_feeds_tell_what_was_published_whole_addresses_and_what_was_withdrawn(world: World, issued: DataSet) -> None:
    assert entries("warnings") == []
    made, report = a_warning(world), published(world)
    (entry,) = entries("warnings")
    assert (entry["title"], entry["link"]) == (made.title, f"{SITE}/open/warnings/{made.pk}/")
    assert (entry["author"], "&lt;b&gt;" in entry["summary"], "<b>" in entry["summary"]) == (
        world.gulou.name,
        True,
        False,
    )
    assert [one["link"] for one in entries("reports")] == [f"{SITE}/open/reports/{report.pk}/"]
    assert [one["link"] for one in entries("data")] == [f"{SITE}/open/data/{issued}/"]
    assert entries("campaigns") == []
    assert b"1970-01-01T00:00:00" in Client().get("/open/campaigns.atom").content, "the same at each look"
    answer = Client().get("/open/warnings.atom")
    assert Client().get("/open/warnings.atom", headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert f'href="{"/open/warnings.atom"}"' in page_of(None, "/open/warnings/")
    warning.withdraw(made.pk, why="情况已经改正。", by=officer_of(world, "head"), now=timezone.now())
    (entry,) = entries("warnings")
    assert entry["title"].startswith("已撤回：")
    assert ("情况已经改正。" in entry["summary"], "账单" in entry["summary"]) == (True, False)
    assert Client().get("/open/nothing.atom").status_code == 404
    english = Client().get("/open/warnings.atom", headers={"accept-language": "en"}).content.decode()
    assert not missing_in(english, "Consumer warnings", 'xml:lang="en"')


def test_a_version_is_cited_and_described_for_search_engines_and_catalogues(issued: DataSet) -> None:
    page = page_of(None, f"/open/data/{issued}/")
    address = f"{SITE}/open/data/{issued}/"
    assert not missing_in(page, f"{month():%Y-%m}，第1版[DS/OL]", f"). {address}")
    (described,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    told = json.loads(described)
    assert (told["@type"], told["url"], told["license"]) == (
        "Dataset",
        address,
        "https://creativecommons.org/licenses/by/4.0/",
    )
    files = {file.name: file for file in issued.files.all()}
    assert {one["name"]: one["sha256"] for one in told["distribution"]} == {name: f.sha256 for name, f in files.items()}
    for one in told["distribution"]:
        assert Client().get(one["contentUrl"].removeprefix(SITE)).content == bytes(files[one["name"]].content)
    assert '"@type": "DataCatalog"' in page_of(None, "/open/data/")
    answer = Client().get("/open/data/catalogue.jsonld")
    assert (answer["Content-Type"], answer["Access-Control-Allow-Origin"]) == ("application/ld+json", "*")
    catalogue = answer.json()
    # What DCAT-AP asks of each.
    assert {"dct:title", "dct:description", "dct:publisher", "dcat:dataset"} <= catalogue.keys()
    (one,) = catalogue["dcat:dataset"]
    assert ({"dct:title", "dct:description"} <= one.keys(), one["@id"]) == (True, address)
    assert {text["@language"] for text in one["dct:title"]} == {"zh-Hans", "en"}
    assert {part["dcat:accessURL"]["@id"] for part in one["dcat:distribution"]} == {
        f"{address}{name}" for name in files
    }
    own = [url for url in linked(one) + linked(told) if url.startswith(SITE)]
    assert own
    assert {Client().get(url.removeprefix(SITE).partition("#")[0]).status_code for url in own} == {200}


def test_nothing_in_a_description_ends_the_script_element() -> None:
    drawn = describing.script_of({"name": "</script><script>alert(1)</script>&"})
    assert not found_in(drawn, "<", ">", "&")
    assert json.loads(drawn)["name"].startswith("</script>")


def test_the_read_api_gives_the_numbers_of_the_files_as_they_were_issued(world: World, issued: DataSet) -> None:
    start = Client().get(API).json()
    for name in ("versions", "tables", "publications", "schema"):
        assert Client().get(start[name].removeprefix(SITE)).status_code == 200, name
    (version,) = Client().get(f"{API}versions/").json()["results"]
    assert (version["mark"], version["is_newest"]) == (str(issued), True)
    one = Client().get(version["url"].removeprefix(SITE)).json()
    assert {file["name"] for file in one["files"]} == set(issued.files.values_list("name", flat=True))
    rows = f"{API}versions/{issued}/regions/"
    answer = Client().get(rows, {"of": world.region.code}, headers={"origin": "https://elsewhere.example"})
    assert answer["Access-Control-Allow-Origin"] == "*"
    (row,) = answer.json()["results"]
    told = {
        key: None if value == "*" else value for key, value in _lines(issued, "regions")[row["region_code"]].items()
    }
    assert float(told.pop("recovered") or 0) == float(row.pop("recovered") or 0)
    assert {key: value if value is None else str(value) for key, value in row.items()} == told
    assert row["received"] == 12
    whole = Client().get(rows).json()["results"]
    assert {line["region_code"] for line in whole} == _lines(issued, "regions").keys()
    by_region = Client().get(f"{API}versions/{issued}/categories/", {"of": world.region.code}).json()["results"]
    wanted = [
        line
        for line in reading.lines(issued.files.get(name="categories.csv"))
        if line["region_code"] == world.region.code
    ]
    assert [line["code"] for line in by_region] == [line["code"] for line in wanted]
    assert len(by_region) > 3
    assert Client().get(rows, {"of": "nothing"}).json()["results"] == []
    assert Client().get(rows, {"of": world.region.code}, headers={"if-none-match": answer["ETag"]}).status_code == 304


def _lines(data_set: DataSet, table: str) -> dict[str, dict[str, str]]:
    text = bytes(data_set.files.get(name=f"{table}.csv").content).decode("utf-8-sig")
    return {line["region_code"]: line for line in csv.DictReader(io.StringIO(text, newline=""))}


def test_odd_calls_say_what_is_wrong_and_a_long_table_whose_lines_to_ask_for(
    issued: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = {"origin": "https://elsewhere.example"}
    for mark in ("x.1", "2026-99.1", f"{month():%Y-%m}.9", "2031-01.1", "２０２６-10.1"):
        for path in (f"versions/{mark}/", f"versions/{mark}/regions/"):
            answer = Client().get(f"{API}{path}", headers=asking)
            assert (answer.status_code, answer.json()["code"]) == (404, "no_such_version"), path
            assert not missing_in(answer.json()["detail"], mark, f"{SITE}{API}versions/")
            assert answer["Access-Control-Allow-Origin"] == "*"
    for table in ("nothing", "enterprise_quarters"):
        answer = Client().get(f"{API}versions/{issued}/{table}/")
        assert (answer.status_code, answer.json()["code"]) == (404, "no_such_table")
        assert not missing_in(answer.json()["detail"], table, f"{SITE}{API}versions/{issued}/")
    answer = Client().get(f"{API}publications/?kind=nothing")
    assert (answer.status_code, answer.json()["code"]) == (400, "no_such_kind")
    assert not missing_in(answer.json()["detail"], "kind", "warnings", "data")
    assert Client().get(f"{API}nothing/").status_code == 404
    assert Client().post(f"{API}versions/").status_code == 405
    monkeypatch.setattr(calls, "MOST_LINES", 1)
    answer = Client().get(f"{API}versions/{issued}/regions/")
    assert (answer.status_code, answer.json()["code"]) == (400, "table_too_long")
    assert f"{SITE}/open/data/{issued}/regions.csv" in answer.json()["detail"]


def test_the_api_tells_publications_and_describes_itself(world: World, issued: DataSet) -> None:
    made = a_warning(world)
    (told,) = Client().get(f"{API}publications/?kind=warnings").json()["results"]
    assert (told["title"], told["page"]) == (made.title, f"{SITE}/open/warnings/{made.pk}/")
    schema = Client().get(f"{API}schema/").json()
    for path, calls_of in schema["paths"].items():
        answers = calls_of["get"]["responses"]
        assert ("ETag" in answers["200"]["headers"], "304" in answers, "404" in answers) == (True, True, "{" in path)
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) == {
        f"/{one.pattern}".replace("<str:", "{").replace("<slug:", "{").replace(">", "}") for one in calls.CALLS
    }
    assert not found_in(json.dumps(schema), "/api/v1/", "Authorization: Bearer")
    own = Client().get("/api/v1/schema/").json()
    assert not [path for path in own["paths"] if path.startswith(API)]
    assert "/api/v1/complaints/" in own["paths"]


@pytest.fixture
def figures(world: World, issued: DataSet) -> OpenIndicators:
    indicator_making.publish(now=timezone.now())
    return OpenIndicators.objects.get(level="country")


def policy_of(answer: Any) -> dict[str, str]:
    parts = answer["Content-Security-Policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts if part.strip())


def test_charts_may_be_framed_anywhere_and_no_other_page(figures: OpenIndicators) -> None:
    usual = Client().get("/open/")
    assert (usual["X-Frame-Options"], policy_of(usual)["frame-ancestors"]) == ("DENY", "'none'")
    codes = page_of(None, "/open/").replace("&quot;", '"')
    for chart, words in (("received", "每月收到的投诉"), ("kinds", "投诉的是什么")):
        path = f"/embed/{chart}/?region={figures.region}"
        answer = Client().get(path)
        page = answer.content.decode()
        assert not missing_in(page, words, f"{month():%Y-%m}", f"{SITE}/open/?region={figures.region}")
        assert not found_in(page, "<form", "csrf")
        assert not answer.cookies
        assert policy_of(answer) == policy_of(usual) | {"frame-ancestors": "*"}
        assert "X-Frame-Options" not in answer
        kept = Client().get(path, headers={"if-none-match": answer["ETag"]})
        assert (kept.status_code, "X-Frame-Options" in kept) == (304, False)
        assert f'src="{SITE}{path}"' in codes
        for odd in ("?region=x", "?region=99999999", "?region=-1"):
            assert Client().get(f"/embed/{chart}/{odd}").status_code == 404, odd
        # A region that had no complaint in twelve months any more: a frame that stands on another site goes on.
        empty = Region.objects.exclude(pk__in=OpenIndicators.objects.values("region")).earliest("pk")
        assert "近12个月没有公布数字。" in page_of(None, f"/embed/{chart}/?region={empty.pk}")


@pytest.mark.django_db
def test_before_anything_is_published_chart_and_picture_say_so() -> None:
    assert "近12个月没有公布数字。" in page_of(None, "/embed/received/")
    assert Client().get("/open/picture.png")["Content-Type"] == "image/png"
    assert "og:image" not in page_of(None, "/open/")


def test_a_shared_link_shows_a_picture_made_of_what_stands_on_the_page(world: World, figures: OpenIndicators) -> None:
    made = a_warning(world)
    for page, path in (
        ("/open/", f"/open/picture.png?region={figures.region}"),
        (f"/open/warnings/{made.pk}/", f"/open/picture/warnings/{made.pk}.png"),
        (f"/open/data/{month():%Y-%m}.1/", f"/open/picture/data/{DataSet.objects.get().pk}.png"),
    ):
        shown = page_of(None, page)
        assert not missing_in(
            shown, f'property="og:image" content="{SITE}{path}"', f'property="og:url" content="{SITE}{page}"'
        )
        assert shown.count('property="og:description" content="') == shown.count('name="description" content="') == 1
        answer = Client().get(path)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (1200, 630)
            assert len(picture.convert("RGB").getcolors(1_000_000) or ()) > 3, "not empty"
        assert Client().get(path, headers={"if-none-match": answer["ETag"]}).status_code == 304
    draft = warning.draft(a_spot(world, facet="").pk, authority_id=world.gulou.pk, by=world.rui, now=timezone.now())
    for odd in (f"warnings/{draft.pk}", "warnings/9999999999999999999999", "nothing/1"):
        assert Client().get(f"/open/picture/{odd}.png").status_code == 404, odd


def test_a_package_says_its_version_when_it_was_made_where_from_and_what_holds(issued: DataSet, world: World) -> None:
    package = json.loads(bytes(issued.files.get(name="datapackage.json").content))
    assert (package["version"], package["homepage"]) == ("1.0.0", f"{SITE}/open/data/{issued}/")
    assert datetime.fromisoformat(package["created"]) == issued.made_at
    assert package["sources"][0]["title"]
    schemas = {one["name"]: one["schema"] for one in package["resources"]}
    fields = {one["name"]: one.get("constraints", {}) for one in schemas["regions"]["fields"]}
    assert fields["level"]["enum"] == ["country", "province", "city", "county"]
    assert (fields["received"], fields["region_code"]) == ({"minimum": 0}, {"required": True})
    reference = {"resource": "regions", "fields": ["region_code"]}
    assert schemas["categories"]["foreignKeys"] == [{"fields": ["region_code"], "reference": reference}]
    # A package that is worded otherwise makes no version; another number does.
    assert issuing.issue(month(), now=timezone.now() + timedelta(hours=1)) is None
    for hours in range(1, 7):
        given.filed(world, now=last_month() + timedelta(hours=hours))
    making.rebuild(now=timezone.now())
    second = issuing.issue(month(), now=datetime.now(UTC))
    assert second is not None
    assert json.loads(bytes(second.files.get(name="datapackage.json").content))["version"] == "2.0.0"
