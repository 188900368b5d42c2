"""A draft of the words of a monthly report, from its figures; a sentence names only numbers that are shown."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import override

from authorities.policies import Limits
from oversight.open_data.files import label_of
from oversight.presenting import shifts
from oversight.reports import changes
from oversight.reports.shares import DataLine, shares
from web.small_numbers import ENOUGH

#: The blocks of a report, in their order.
BLOCKS = ("overview", "problems", "cases", "tips")


def first_draft(place: str, month: date, figures: dict[str, Any], *, limits: Limits) -> dict[str, str]:
    """Words by block; the cases are told by people. ``limits``: those in force at the place."""
    with override("zh-hans"):
        return {
            "overview": _overview(place, month, figures),
            "problems": _problems(figures),
            "cases": "",
            "tips": _tips(figures, limits),
        }


def change_text(now: int | None, before: int | None, kept: Mapping[str, Any] | None) -> str:
    """比上月多80件，超出平常波动（多8%–84%）, or the month before and that no change can be claimed.

    Nothing where one is withheld. ``kept``: what is said of the change.
    """
    if now is None or before is None:
        return ""
    if kept is None:
        return f"（上月{before:,}件）"
    return f"，{shifts.shift('received', changes.read(now, before, kept), '上月').text}"


def _overview(place: str, month: date, figures: dict[str, Any]) -> str:
    line = figures["summary"]
    received, closed = line.get("received"), line.get("closed")
    was = figures.get("summary_before", {})
    decimals = 0 if line.get("quarter_is_rounded") else 1
    texts = []
    if received is not None:
        texts.append(
            f"{month.year}年{month.month}月，{place}收到投诉{received:,}件"
            f"{change_text(received, was.get('received'), line.get('changes', {}).get('received'))}"
        )
    if closed is not None:
        texts.append(f"办结{closed:,}件")
    result, quarter = shares(line), (figures.get("quarter") or [""])[0]
    settled, on_time = result.get("settled"), result.get("on_time")
    if settled is not None and settled.value is not None and settled.upper_value is not None:
        texts.append(
            f"{_quarter_label(quarter)}企业和解成功率{settled.value * 100:.{decimals}f}%（消费者确认），"
            f"未答复的都算同意则为{settled.upper_value * 100:.{decimals}f}%"
        )
    if on_time is not None and on_time.value is not None:
        texts.append(f"{_quarter_label(quarter)}企业按时办结率{on_time.value * 100:.{decimals}f}%")
    if line.get("recovered") and line["recovered"] != "0":
        texts.append(f"经确认挽回经济损失{float(line['recovered']):,.2f}元")
    if line.get("is_rounded"):
        texts.append("件数均为5的倍数，与实际一般相差不超过4")
    return "；".join(texts) + "。" if texts else ""


def _quarter_label(mark: str) -> str:
    year, _mark, number = mark.partition("-Q")
    return f"{year}年第{'一二三四'[int(number) - 1]}季度" if number else ""


#: So many are named as the most frequent.
FIRST = 3


def _named(by: str, rows: list[DataLine]) -> str:
    """The first three, as far as their places are known; that some of them are not published is said."""
    placed = [row for row in rows if "place" in row]
    first = [row for row in placed if row["place"][1] <= FIRST]
    names = "、".join(f"{label_of(by, row['code'])}（{row['received']:,}件）" for row in first)
    if len(placed) == len(rows) or len(placed) >= FIRST:
        return names
    if all(row["received"] is not None for row in rows):
        return f"共不足{ENOUGH}件，不排先后"
    return f"{names}，前三名中有未公布项" if names else "前三名中有未公布项，不排名次"


def _problems(figures: dict[str, Any]) -> str:
    texts = []
    for by, rows, about in (
        ("object", figures["objects"], "投诉较多的商品和服务"),
        ("problem", figures["problems"], "反映较多的问题"),
    ):
        if named := _named(by, rows):
            texts.append(f"{about}{'是' if rows and 'place' in rows[0] else '：'}{named}。")
    return "".join(texts)


def _tips(figures: dict[str, Any], limits: Limits) -> str:
    first = next((row for row in figures["problems"] if row.get("place") == [1, 1]), None)
    begins = f"本月反映最多的是“{label_of('problem', first['code'])}”。" if first else ""
    return (
        f"{begins}消费前请问清价格、期限和退订办法，留好合同、账单和聊天记录；有争议可以先与企业在线协商，"
        f"{limits['negotiation']}内谈不成的，再交市场监管局。"
    )
