"""The first draft of what a report says: sentences made from its figures, in official Chinese, for people to edit.

A sentence names only numbers that are shown; what is withheld is left out.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import override

from authorities.policies import Limits
from oversight.open_data.files import label_of
from oversight.reports.figures import shares

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


def change_words(now: int | None, before: int | None) -> str:
    """环比上升12.3%（上月110件）; nothing where one of the two is withheld, unknown or zero."""
    if now is None or not before:
        return ""
    if now == before:
        return f"，与上月（{before:,}件）持平"
    return f"，环比{'上升' if now > before else '下降'}{abs(now - before) / before * 100:.1f}%（上月{before:,}件）"


def _overview(place: str, month: date, figures: dict[str, Any]) -> str:
    line = figures["summary"]
    received, closed = line.get("received"), line.get("closed")
    said = []
    if received is not None:
        said.append(
            f"{month.year}年{month.month}月，{place}收到投诉{received:,}件"
            f"{change_words(received, figures.get('summary_before', {}).get('received'))}"
        )
    if closed is not None:
        said.append(f"办结{closed:,}件")
    found, quarter = shares(line), (figures.get("quarter") or [""])[0]
    settled, on_time = found.get("settled"), found.get("on_time")
    if settled is not None and settled.value is not None and settled.upper_value is not None:
        said.append(
            f"{_quarter_words(quarter)}企业和解成功率{settled.value * 100:.1f}%（消费者确认），"
            f"未答复的都算同意则为{settled.upper_value * 100:.1f}%"
        )
    if on_time is not None and on_time.value is not None:
        said.append(f"{_quarter_words(quarter)}企业按时办结率{on_time.value * 100:.1f}%")
    if line.get("recovered") and line["recovered"] != "0":
        said.append(f"经确认挽回经济损失{float(line['recovered']):,.2f}元")
    return "；".join(said) + "。" if said else ""


def _quarter_words(mark: str) -> str:
    """2026年第三季度."""
    year, _mark, number = mark.partition("-Q")
    return f"{year}年第{'一二三四'[int(number) - 1]}季度" if number else ""


def _named(by: str, rows: list[dict[str, Any]], most: int = 3) -> str:
    return "、".join(f"{label_of(by, row['code'])}（{row['received']:,}件）" for row in rows[:most])


def _problems(figures: dict[str, Any]) -> str:
    said = []
    if figures["objects"]:
        said.append(f"投诉较多的商品和服务是{_named('object', figures['objects'])}。")
    if figures["problems"]:
        said.append(f"反映较多的问题是{_named('problem', figures['problems'])}。")
    return "".join(said)


def _tips(figures: dict[str, Any], limits: Limits) -> str:
    begins = f"本月反映最多的是“{label_of('problem', figures['problems'][0]['code'])}”。" if figures["problems"] else ""
    return (
        f"{begins}消费前请问清价格、期限和退订办法，留好合同、账单和聊天记录；有争议可以先与企业在线协商，"
        f"{limits['negotiation']}内谈不成的，再转监管部门。"
    )
