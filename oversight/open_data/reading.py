"""The issued files read back as numbers, and all months of a table in one file.

What pages show of longer times is added up from here and from nothing else. A withheld number stays unknown in every
sum: what can be said then is the least and the most, as any reader of the files can work it out. The data dictionary
of each table and column stands below.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, BinaryIO

from django.db import connection
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import pgettext_lazy

from oversight.models import DataFile, DataSet
from oversight.open_data.quarters import HOURS, MEND_HOURS


def newest_files(table: str) -> list[int]:
    """The CSV of the newest version of each month, the oldest month first. One statement."""
    newest = DataSet.objects.order_by("month", "-version").distinct("month").values("pk")
    files = DataFile.objects.filter(data_set__in=newest, name=f"{table}.csv").order_by("data_set__month")
    return list(files.values_list("pk", flat=True))


def write(files: list[int], out: BinaryIO, name: str) -> int:
    """The lines of these files under the head of today, what older ones do not have left empty; how many bytes."""
    names = [column.name for column in TABLES[name].columns]
    head = b"\xef\xbb\xbf" + ",".join(names).encode() + b"\r\n"
    size = out.write(head)
    for pk in files:
        content = memoryview(DataFile.objects.values_list("content", flat=True).get(pk=pk))
        if content[: len(head)] == head:
            size += out.write(content[len(head) :])
        else:
            text = io.StringIO(newline="")
            older = csv.DictReader(io.StringIO(bytes(content).decode("utf-8-sig"), newline=""))
            csv.DictWriter(text, names, restval="", extrasaction="ignore").writerows(older)
            size += out.write(text.getvalue().encode())
        # Else it is still there while the next one is read.
        del content
    return size


#: Of a table with more lines than this those of one region or enterprise are read.
MOST_LINES = 5_000
#: Bytes that the lines of one of them take at most, and the head of a file.
_ROOM, _HEAD = 4 << 20, 8192
_FOUND = f"""
select substring(content for %s),
    case when at > 0 then substring(content from at + 2 for %s) end
from {DataFile._meta.db_table}, lateral (select position(%s::bytea in content)) found (at)
where id = %s
"""  # noqa: S608


def lines_of(file: DataFile, first: str) -> list[dict[str, str]]:
    """The lines of a table whose first column says this. They stand together, so nothing else leaves the database."""
    begins = f"{first},".encode()
    with connection.cursor() as cursor:
        cursor.execute(_FOUND, [_HEAD, _ROOM, b"\r\n" + begins, file.pk])
        head, found = cursor.fetchone()
    names = bytes(head).partition(b"\r\n")[0]
    own: list[bytes] = []
    for line in bytes(found or b"").split(b"\r\n"):
        if not line.startswith(begins):
            break
        own.append(line)
    text = b"\r\n".join([names, *own]).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def typed(name: str, line: Mapping[str, str]) -> dict[str, Any]:
    """The values of a line as programs want them: numbers as numbers, None where a value is withheld."""
    readers: Mapping[str, Callable[[str], Any]] = {"integer": int, "number": float}
    kinds = {column.name: column.kind for column in TABLES[name].columns}
    return {
        column: None if value == WITHHELD else readers.get(kinds.get(column, ""), str)(value) if value else value
        for column, value in line.items()
    }


FileLine = dict[str, Any]
#: Parts of a sum that may be unknown: the least and the most, None where there is no most.
Range = tuple[int, int | None]


def lines(file: DataFile) -> Iterator[dict[str, str]]:
    """The lines of a table as they stand in its CSV."""
    yield from csv.DictReader(io.StringIO(bytes(file.content).decode("utf-8-sig"), newline=""))


def newest_sets(*, upto: int = 60) -> list[DataSet]:
    """The newest version of each month, the newest month first."""
    return list(DataSet.objects.order_by("-month", "-version").distinct("month")[:upto])


def table(data_set: DataSet, name: str) -> list[FileLine] | None:
    """The lines of one table: counts as int, None where withheld; all else as text. None where the set has no such
    table.

    A table of an earlier shape counts as none: its numbers meant something else; a column that came later is unknown.
    One without ``answered`` counted other stages as ``last_day``, which is unknown there too.
    """
    file = DataFile.objects.filter(data_set=data_set, name=f"{name}.csv").first()
    if file is None:
        return None
    counts = {column.name for column in TABLES[name].columns if column.kind == "integer"}
    names = {column.name for column in TABLES[name].columns}
    results = []
    for line in lines(file):
        if not (line.keys() <= names and names - line.keys() <= LATER.keys()):
            return None
        given = {
            key: None if value == WITHHELD else int(value) if key in counts else value for key, value in line.items()
        }
        results.append({**given, **{key: LATER[key] for key in names - line.keys()}})
        if name in OF_QUARTERS and "answered" not in line:
            results[-1]["last_day"] = None
    return results


def run_of(sets: Sequence[DataSet], *, step: int, most: int) -> list[DataSet]:
    """The newest of these and those right before it, each ``step`` months after the next one; at most so many."""
    results: list[DataSet] = []
    for one in sets:
        if results and one.month != back(results[-1].month, step):
            break
        results.append(one)
        if len(results) == most:
            break
    return results


def back(month: date, months: int) -> date:
    """The first day of the month so many months earlier."""
    for _ in range(months):
        month = (month - timedelta(days=1)).replace(day=1)
    return month


def added(numbers: Iterable[int | None]) -> int | None:
    """The sum, unknown where one of them is."""
    results = list(numbers)
    return None if None in results else sum(number for number in results if number is not None)


def at_least(numbers: Iterable[int | None]) -> int:
    """What the sum is at least: a withheld number may be zero in a later version."""
    return sum(number or 0 for number in numbers)


def range_of(line: Mapping[str, Any], part: str, parts: Sequence[str], whole: str) -> Range:
    """What a part may be, from its line alone."""
    if line[part] is not None:
        return line[part], line[part]
    if line[whole] is None:
        return 0, None
    return 0, line[whole] - at_least(line[other] for other in parts)


def ranges_added(ranges: Iterable[Range]) -> Range:
    results = list(ranges)
    highest = [most for _, most in results if most is not None]
    return sum(least for least, _ in results), sum(highest) if len(highest) == len(results) else None


#: What stands in a cell that is withheld; an empty cell means that there is nothing to say.
WITHHELD = "*"


@dataclass(frozen=True, slots=True)
class Column:
    """``kind``: a type of the Frictionless Table Schema. ``among``: all values that there are; ``like``: how they look
    (a regular expression); ``within``: a table in which the value has a row, by the column ``of``.
    """

    name: str
    kind: str
    title: str | Promise
    among: tuple[str | int, ...] = ()
    like: str = ""
    within: str = ""
    of: str = ""


@dataclass(frozen=True, slots=True)
class DataTable:
    """One file: ``key`` are the columns that name a row."""

    name: str
    title: str | Promise
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_MONTH = Column("month", "yearmonth", pgettext_lazy("open data", "月份"))
_REGION = (
    Column("region_code", "string", pgettext_lazy("open data", "行政区划代码")),
    Column("region_name", "string", pgettext_lazy("open data", "地区名称")),
    Column("region_name_en", "string", pgettext_lazy("open data", "地区英文名称")),
)
_LEVEL = Column(
    "level",
    "string",
    pgettext_lazy("open data", "层级：country、province、city、county"),
    among=("country", "province", "city", "county"),
)
_PARENT = pgettext_lazy("open data", "上级地区代码")
_QUARTER = Column("quarter", "string", pgettext_lazy("open data", "季度，如2026-Q3"), like="[0-9]{4}-Q[1-4]")
_ENDED = (
    Column("settled", "integer", pgettext_lazy("open data", "本阶段结束，消费者确认和解")),
    Column("unconfirmed", "integer", pgettext_lazy("open data", "企业称已和解，消费者没有答复")),
    Column("settled_elsewhere", "integer", pgettext_lazy("open data", "双方在平台以外和解")),
    Column("failed", "integer", pgettext_lazy("open data", "和解不成")),
    Column("let_rest", "integer", pgettext_lazy("open data", "其中：企业一项也没同意，消费者不再坚持的")),
    Column("other", "integer", pgettext_lazy("open data", "另行和解与和解不成之和")),
    Column("ended", "integer", pgettext_lazy("open data", "确认和解、没有答复与以上之和，和解成功率的分母")),
)
_MULTIPLE_OF = Column(
    "multiple_of",
    "integer",
    pgettext_lazy("open data", "件数是几的倍数：5为取整到5（与实际一般相差不超过4，各项相加等于合计），1为实际的数"),
    among=(1, 5),
)
_FINEST = Column(
    "finest",
    "string",
    pgettext_lazy("open data", "公布到哪一级；city、province：件数太少，不按县（市）公布"),
    DataSet.FINEST,
)
_MISROUTED = (
    Column("misrouted", "integer", pgettext_lazy("open data", "误送：企业以不是本企业为由退回的阶段（重复投诉除外）")),
    Column("routed", "integer", pgettext_lazy("open data", "结束的阶段，因重复投诉退回的除外；误送率的分母")),
    *(
        Column(
            f"mended_{hours}h",
            "integer",
            format_lazy(pgettext_lazy("open data", "误送后{hours}小时以内又转出的（不含上一档）"), hours=hours),
        )
        for hours in MEND_HOURS
    ),
    Column("mended_later", "integer", pgettext_lazy("open data", "误送后更晚才又转出的")),
    Column("mended", "integer", pgettext_lazy("open data", "误送后又转给企业或者监管部门的，以上各档之和")),
)
_HANDLED = (
    Column("in_time", "integer", pgettext_lazy("open data", "协商期限届满前结束的阶段")),
    Column("late", "integer", pgettext_lazy("open data", "协商期限在本季届满的阶段，不论后来是否结束")),
    Column("due", "integer", pgettext_lazy("open data", "以上两项之和，按时办结率的分母")),
    Column("answered", "integer", pgettext_lazy("open data", "届满前结束的阶段里，企业自己办结的")),
    Column("last_day", "integer", pgettext_lazy("open data", "企业自己办结的阶段里，协商期限最后一天才办结的")),
    Column("promises_kept", "integer", pgettext_lazy("open data", "企业按时做到并经确认的约定")),
    Column("promises_not_kept", "integer", pgettext_lazy("open data", "其余已到期的企业约定")),
    Column("promised", "integer", pgettext_lazy("open data", "以上两项之和，守约率的分母")),
    Column("delivered", "integer", pgettext_lazy("open data", "送达企业的投诉")),
    Column("again", "integer", pgettext_lazy("open data", "其中同一消费者60天内再次投诉同一企业的")),
    Column("rated", "integer", pgettext_lazy("open data", "有满意度评分的办结投诉")),
    Column("marks", "integer", pgettext_lazy("open data", "满意度评分之和（每件1–5分）")),
    *(
        Column(
            f"responded_{hours}h",
            "integer",
            format_lazy(pgettext_lazy("open data", "首次响应，{hours}个工作小时以内（不含上一档）"), hours=hours),
        )
        for hours in HOURS
    ),
    Column("responded_later", "integer", pgettext_lazy("open data", "首次响应，更晚的")),
    Column("responded", "integer", pgettext_lazy("open data", "有首次响应的阶段，以上各档之和")),
)
_CLOSED = (
    Column("closed_settled", "integer", pgettext_lazy("open data", "办结：企业和解成功")),
    Column("closed_unconfirmed", "integer", pgettext_lazy("open data", "办结：消费者没有答复")),
    Column("closed_settled_elsewhere", "integer", pgettext_lazy("open data", "办结：双方另行和解")),
    Column("closed_negotiation_failed", "integer", pgettext_lazy("open data", "办结：和解不成，未交市场监管局")),
    Column("closed_mediated", "integer", pgettext_lazy("open data", "办结：达成调解")),
    Column("closed_not_kept", "integer", pgettext_lazy("open data", "办结：达成调解，后来没有做到")),
    Column("closed_mediation_terminated", "integer", pgettext_lazy("open data", "办结：终止调解")),
    Column("closed_refused", "integer", pgettext_lazy("open data", "办结：不予受理")),
    Column("closed_redirected", "integer", pgettext_lazy("open data", "办结：告知其他途径")),
    Column("closed_withdrawn", "integer", pgettext_lazy("open data", "办结：消费者撤回")),
    Column(
        "closed_let_rest", "integer", pgettext_lazy("open data", "办结：企业一项也没同意，消费者不再坚持（不算撤回）")
    ),
    Column("closed", "integer", pgettext_lazy("open data", "办结的投诉，以上各项之和")),
)
TABLES: Mapping[str, DataTable] = {
    table.name: table
    for table in (
        DataTable(
            "regions",
            pgettext_lazy("open data", "各地区的月度指标"),
            ("region_code", "month"),
            (
                *_REGION,
                _LEVEL,
                Column("parent_code", "string", _PARENT, within="regions", of="region_code"),
                _MONTH,
                Column("received", "integer", pgettext_lazy("open data", "收到的投诉")),
                *_CLOSED,
                Column("review_met", "integer", pgettext_lazy("open data", "7个工作日内决定是否受理的审查")),
                Column("review_late", "integer", pgettext_lazy("open data", "超过7个工作日的审查")),
                Column("reviewed", "integer", pgettext_lazy("open data", "以上两项之和，按时受理率的分母")),
                Column("recovered_n", "integer", pgettext_lazy("open data", "有确认退付的约定")),
                Column(
                    "recovered",
                    "number",
                    pgettext_lazy(
                        "open data", "经确认挽回的金额（元）；取整的月份以千元计，不足10笔或一两笔占大部分的不公布"
                    ),
                ),
                _MULTIPLE_OF,
                _FINEST,
            ),
        ),
        DataTable(
            "categories",
            pgettext_lazy("open data", "各地区按渠道、商品服务和问题的收件"),
            ("region_code", "month", "by", "code"),
            (
                replace(_REGION[0], within="regions", of="region_code"),
                *_REGION[1:],
                _MONTH,
                Column(
                    "by",
                    "string",
                    pgettext_lazy("open data", "按什么分：channel渠道、object商品服务、problem问题"),
                    among=("channel", "object", "problem"),
                ),
                Column("code", "string", pgettext_lazy("open data", "类别代码；none为没有填写")),
                Column("label", "string", pgettext_lazy("open data", "类别名称")),
                Column("received", "integer", pgettext_lazy("open data", "收到的投诉")),
                _MULTIPLE_OF,
                _FINEST,
            ),
        ),
        DataTable(
            "region_quarters",
            pgettext_lazy("open data", "各地区的季度指标：企业阶段的结果"),
            ("region_code", "quarter"),
            (
                *_REGION,
                _LEVEL,
                Column("parent_code", "string", _PARENT, within="region_quarters", of="region_code"),
                _QUARTER,
                *_ENDED,
                *_HANDLED,
                *_MISROUTED,
                _MULTIPLE_OF,
                _FINEST,
            ),
        ),
        DataTable(
            "enterprise_quarters",
            pgettext_lazy("open data", "各在线和解企业的季度指标"),
            ("enterprise", "quarter"),
            (
                Column(
                    "enterprise", "string", pgettext_lazy("open data", "企业代码：统一社会信用代码，没有的用e加编号")
                ),
                Column("name", "string", pgettext_lazy("open data", "企业名称")),
                Column("name_en", "string", pgettext_lazy("open data", "企业英文名称")),
                Column("seat_code", "string", pgettext_lazy("open data", "企业住所的行政区划代码")),
                Column(
                    "seat_path", "string", pgettext_lazy("open data", "住所所在的各级地区代码，从省到住所，用斜线分开")
                ),
                Column("sector", "string", pgettext_lazy("open data", "一年里投诉最多的商品或服务")),
                Column(
                    "customers", "string", pgettext_lazy("open data", "企业申报的用户数，没有申报的空着"), like="[0-9]+"
                ),
                _QUARTER,
                *_ENDED,
                *_HANDLED,
                *_MISROUTED,
                _MULTIPLE_OF,
            ),
        ),
    )
}
#: Columns that older sets do not have, with what is known of them there.
LATER: Mapping[str, int | str | None] = {
    **{column.name: None for column in _MISROUTED},
    **dict.fromkeys(("answered", "let_rest", "closed_let_rest")),
    "multiple_of": 1,
    "finest": "county",
}
#: The tables of a month that ends a quarter.
OF_QUARTERS = ("region_quarters", "enterprise_quarters")
#: Tables that were issued once and are not any more: enterprises by months.
RETIRED = ("enterprises",)
