"""Published reports and pages as everybody reads them: nothing is ranked before what could be more, by the cases
themselves, and no share, rate, place or colour is of under thirty.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

from complaints.procedure.categories import OBJECT_LABELS, PROBLEM_LABELS
from oversight.models import MonthlyReport
from tests.audit import Pair, Pairs
from tests.audit.compare import Audit
from tests.audit.core import open_counts
from tests.audit.core.open_counts import AsOf
from tests.audit.core.sheets import Release, releases
from tests.oversight.small_reader import PERCENT, SAID_BY_THE_PAGE, Element, boxes_of, tree_of, wrong_in

ENOUGH, FIRST = 30, 3
#: Pages that are read at the most, and so many of one kind.
PAGES, OF_A_KIND = 300, 25
#: By which division of what was received a list of a report is made.
LISTS = {"objects": "object", "problems": "problem", "kinds": "object", "channels": "channel"}
#: What the share in each column of a table of a report is of.
WHOLE = {"settled": "ended", "on_time": "due"}


def compared(audit: Audit) -> Pairs:
    with connection.cursor() as cursor:
        issued = {str(release): release for release in releases(cursor)}
    yield from _places(audit, issued)
    yield from _pages(audit, issued)


def newest_reports() -> Iterator[MonthlyReport]:
    """The last published version of each; what an older one said wrongly its page says."""
    published = MonthlyReport.objects.filter(state="published").select_related("authority")
    yield from published.order_by("authority_id", "month", "-version").distinct("authority_id", "month")


def _places(audit: Audit, issued: Mapping[str, Release]) -> Pairs:
    as_of = lru_cache(maxsize=4)(lambda at: AsOf(audit.book, at))
    for report in newest_reports():
        release = issued[report.figures["sets"][0]]
        stood = as_of(release.made_at)
        if stood.unsure:
            # Cases moved since: what stood then nobody can say.
            continue
        days = (release.month, open_counts.last_of(release.month))
        truth = open_counts.categories(stood.counts(days, region=report.authority.region_id))
        for name, by in LISTS.items():
            counts = {code: n for (division, code), n in truth.items() if division == by}
            if name in ("objects", "problems"):
                counts = {code: n for code, n in counts.items() if code not in ("none", "goods", "service")}
            if name == "kinds":
                counts = {code: n for code, n in counts.items() if "." not in code}
            yield from _ranked(report, name, counts, rounded=release.base > 1)
        yield from _words(report, truth)


def _ranked(report: MonthlyReport, name: str, counts: Mapping[str, int], *, rounded: bool) -> Pairs:
    about = (f"report {report.pk} {name}", f"{report.month:%Y-%m}")
    lines = report.figures[name]
    for line in lines:
        if line.get("place"):
            own, (first, last) = counts.get(line["code"], 0), line["place"]
            more = sum(n > own for n in counts.values())
            alike = 0 if rounded else sum(n == own for code, n in counts.items() if code != line["code"])
            is_right = first <= more + 1 <= more + 1 + alike <= last
            yield Pair(f"place of {line['code']}: {own} of {sorted(counts.values())[::-1][:6]}", *about, is_right, True)
    placed = [line for line in lines if line.get("place")]
    yield Pair("places of withheld numbers", *about, sum(line["received"] is None for line in placed), 0)
    if sum(counts.values()) + (4 if rounded else 0) < ENOUGH:
        yield Pair("places of under thirty", *about, len(placed), 0)


def _words(report: MonthlyReport, truth: Mapping[tuple[str, str], int]) -> Pairs:
    """Whoever the text names with a number is one of the first three."""
    for by, labels in (("object", OBJECT_LABELS), ("problem", PROBLEM_LABELS)):
        counts = {
            code: n
            for (division, code), n in truth.items()
            if division == by and code not in ("none", "goods", "service")
        }
        codes = {str(label): code for code, label in labels.items()}
        for words in report.texts.values():
            for label in re.findall(r"([^、是。；“”]+)（\d[\d,]*件）", words):
                if (code := codes.get(label)) in counts:
                    more = sum(n > counts[code] for n in counts.values())
                    about = (f"report {report.pk}", f"{report.month:%Y-%m}")
                    yield Pair(f"named among the first three: {label}", *about, more < FIRST, True)


def _ended(audit: Audit, issued: Mapping[str, Release]) -> dict[str, int]:
    """Of each region, by its id as text: how many stages ended in the last four issued quarters without a gap; 0 where
    one of them is withheld.
    """
    newest = {release.month: release for release in issued.values() if "region_quarters" in release.tables}
    months = sorted(newest, reverse=True)[:4]
    gap = (n for n, month in enumerate(months) if month != open_counts.months_back(months[0], 3 * n))
    months = months[: next(gap, len(months))]
    lines = [
        {line["region_code"]: line["ended"] for line in newest[month].tables["region_quarters"]} for month in months
    ]
    result = {}
    for pk, region in audit.rows.regions.items():
        numbers = [of.get(region.code, "0") for of in lines]
        result[str(pk)] = sum(map(int, numbers)) if all(map(str.isdigit, numbers)) else 0
    return result


#: How the page of an enterprise says of how many a share is.
OF_CASES = re.compile(r"(\d[\d,]*)(?:件有了结果|项约定)")
#: A cell that says of how many its share is.
OWN_NUMBER = re.compile(r"共[\d,]+件")
#: Pages are read in this process: under the name that the client gives, and beside the memory of the running portal.
READING: dict[str, Any] = {
    "ALLOWED_HOSTS": ["testserver"],
    "SECURE_SSL_REDIRECT": False,
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "audit"}},
    "STORAGES": {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
}


def _pages(audit: Audit, issued: Mapping[str, Release]) -> Pairs:
    with override_settings(**{**READING, "STORAGES": {**settings.STORAGES, **READING["STORAGES"]}}):
        cache.clear()
        yield from _read(audit, issued)


def _read(audit: Audit, issued: Mapping[str, Release]) -> Pairs:
    ended = _ended(audit, issued)
    client, waiting, seen, kinds = Client(), ["/open/"], set[str](), dict[str, int]()
    most = audit.most or PAGES
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        kind = re.sub(r"\d+|[0-9A-Z]{18}|e\d+", "0", address)
        if address in seen or kinds.get(kind, 0) >= OF_A_KIND:
            continue
        seen.add(address)
        kinds[kind] = kinds.get(kind, 0) + 1
        answer = client.get(address)
        if address == "/open/":
            yield Pair("answer", address, "", answer.status_code, 200)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        html = answer.content.decode()
        page = tree_of(html)
        if found := re.fullmatch(r"/open/reports/(\d+)/", address):
            wrong = _of_report(client, address, page, _is_old(int(found[1])))
        else:
            wrong = wrong_on_page(page, ended)
        yield Pair("shares, rates, places or colours of under thirty", address, "", wrong, [])
        links = [href.partition("#")[0] for href in re.findall(r'href="([^"]+)"', unescape(html))]
        waiting += [
            href if href.startswith("/") else address.partition("?")[0] + href
            for href in dict.fromkeys(links)
            if href.startswith(("/open/", "?")) and not re.search(r"\.(csv|json|pdf|py)$", href)
        ]


def _is_old(pk: int) -> bool:
    return "method" not in MonthlyReport.objects.get(pk=pk).figures


def _number(text: str) -> int | None:
    found = re.match(r"\d[\d,]*", text)
    return int(found[0].replace(",", "")) if found else None


def _says_share(text: str) -> bool:
    return PERCENT.search(SAID_BY_THE_PAGE.sub("", text)) is not None


def rows_of(table: Element) -> list[list[str]]:
    rows = [one for one in table.all() if one.tag == "tr"]
    return [[cell.text for cell in row.all() if cell.tag in ("td", "th")] for row in rows]


def _of_report(client: Client, address: str, page: Element, is_old: bool) -> list[str]:
    """Each share beside the number of cases that the CSV behind its table has; those in the words stand in a table."""
    if is_old:
        return [] if "请不要引用这些名次和比率" in page.text else ["an older report without a word about its shares"]
    wrong, cells = list[str](), ""
    whole = 0
    for section in [one for one in page.all() if one.tag == "section"]:
        heads = [one.attributes.get("id", "") for one in section.all() if one.tag == "h2"]
        tables = [one for one in section.all() if one.tag == "table"]
        if not tables or not heads or not heads[0].startswith("h-"):
            continue
        name = heads[0].removeprefix("h-")
        answer = client.get(f"{address}{name}.csv")
        if answer.status_code != 200:
            continue
        told = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        columns, *rows = rows_of(tables[0])
        for cells_of_row, line in zip(rows, told, strict=True):
            cells += " ".join(cells_of_row)
            if name == "summary" and line["figure"] == "received":
                whole = _number(line["part"]) or 0
            wrong += [f"{name} {cells_of_row}"] if _is_wrong(name, columns, cells_of_row, line, whole) else []
    words = [one for one in page.all() if one.tag == "p" and "muted" not in one.classes]
    for text in words:
        shares = PERCENT.findall(SAID_BY_THE_PAGE.sub("", text.text))
        wrong += [f"{share} in {text.text[:60]}" for share in shares if share and share not in cells]
    return wrong


def _is_wrong(name: str, columns: list[str], cells: list[str], line: Mapping[str, Any], whole: int) -> bool:
    if name in ("summary", "stages"):
        n = _number(line["whole"] or line["part"])
        before = _number(cells[2])
        if line["whole"]:
            return (_says_share(cells[1]) or _says_share(cells[3])) and (n or 0) < ENOUGH
        return _says_share(cells[3]) and min(n or 0, before or 0) < ENOUGH
    now, before = (_number(line.get(key) or "") for key in (("delivered" if name == "firms" else "received"), "before"))
    changes = [cell for column, cell in zip(columns, cells, strict=True) if column.startswith(("变化", "环比"))]
    if any(_says_share(cell) for cell in changes) and min(now or 0, before or 0) < ENOUGH:
        return True
    if name in ("units", "firms"):
        ends = [_number(line.get(column) or "") or 0 for column in WHOLE.values()]
        return any(_says_share(cell) and n < ENOUGH for cell, n in zip(cells[-2:], ends, strict=True))
    return any(
        whole < ENOUGH and (_says_share(cell) if column.startswith("占") else column == "名次" and cell[:1].isdigit())
        for column, cell in zip(columns, cells, strict=True)
    )


def wrong_on_page(page: Element, ended: Mapping[str, int]) -> list[str]:
    """In tables each share beside a number of cases of its own cell, else of its row, or of the region that it leads
    to; elsewhere within its card or line.
    """
    wrong = []
    rows = [row for table in page.all() if table.tag == "table" for row in table.all() if row.tag == "tr"]
    for row in rows:
        cells = [cell for cell in row.all() if cell.tag in ("td", "th")]
        with_own = [cell for cell in cells if OWN_NUMBER.search(cell.text)]
        wrong += [said for cell in with_own if (said := wrong_in(cell))]
        cells = [cell for cell in cells if not OWN_NUMBER.search(cell.text)]
        numbers = [n for cell in cells if not _says_share(cell.text) if (n := _number(cell.text)) is not None]
        links = [one.attributes.get("href", "") for one in row.all() if one.tag == "a"]
        places = [found[1] for link in links if (found := re.search(r"region=(\d+)", link))]
        numbers = [ended.get(place, 0) for place in places] or numbers
        if any(_says_share(cell.text) for cell in cells) and max(numbers, default=0) < ENOUGH:
            wrong.append(row.text[:120])
    in_rows = {id(one) for row in rows for one in row.all()}
    boxes = [box for box in boxes_of(page) if id(box) not in in_rows]
    of_many = [box for box in boxes if (of := OF_CASES.search(box.text)) and int(of[1].replace(",", "")) >= ENOUGH]
    wrong += [
        said
        for box in boxes
        if box not in of_many and not re.search(r"Wilson|95% ?的?可能范围", box.text) and (said := wrong_in(box))
    ]
    return wrong
