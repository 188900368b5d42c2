"""The data dictionary: each table of open data, each column.

A column that is published stands here once; the schema of the files and the page that explains them are
both made from it. A name is never used again with another meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import pgettext_lazy

from oversight.open_data.quarters import HOURS

#: What stands in a cell that is withheld; an empty cell means that there is nothing to say.
WITHHELD = "*"


@dataclass(frozen=True, slots=True)
class Column:
    """``kind``: a type of the Frictionless Table Schema."""

    name: str
    kind: str
    words: str | Promise


@dataclass(frozen=True, slots=True)
class Table:
    """One file: ``key`` are the columns that name a row."""

    name: str
    words: str | Promise
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_MONTH = Column("month", "yearmonth", pgettext_lazy("open data", "月份"))
_REGION = (
    Column("region_code", "string", pgettext_lazy("open data", "行政区划代码")),
    Column("region_name", "string", pgettext_lazy("open data", "地区名称")),
    Column("region_name_en", "string", pgettext_lazy("open data", "地区英文名称")),
)
_LEVEL = Column("level", "string", pgettext_lazy("open data", "层级：country、province、city、county"))
_PARENT = Column("parent_code", "string", pgettext_lazy("open data", "上级地区代码"))
_QUARTER = Column("quarter", "string", pgettext_lazy("open data", "季度，如2026-Q3"))
_ENDED = (
    Column("settled", "integer", pgettext_lazy("open data", "本阶段结束，消费者确认和解")),
    Column("unconfirmed", "integer", pgettext_lazy("open data", "企业称已和解，消费者没有答复")),
    Column("settled_elsewhere", "integer", pgettext_lazy("open data", "双方在平台以外和解")),
    Column("failed", "integer", pgettext_lazy("open data", "和解不成")),
    Column("other", "integer", pgettext_lazy("open data", "以上两项之和")),
    Column("ended", "integer", pgettext_lazy("open data", "确认和解、没有答复与以上之和，和解成功率的分母")),
)
_HANDLED = (
    Column("in_time", "integer", pgettext_lazy("open data", "协商期限届满前结束的阶段")),
    Column("late", "integer", pgettext_lazy("open data", "协商期限在本季届满的阶段，不论后来是否结束")),
    Column("due", "integer", pgettext_lazy("open data", "以上两项之和，按时办结率的分母")),
    Column("last_day", "integer", pgettext_lazy("open data", "届满前结束的阶段里，最后一天才结束的")),
    Column("promises_kept", "integer", pgettext_lazy("open data", "企业按时履行并经确认的约定")),
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
    Column("closed_negotiation_failed", "integer", pgettext_lazy("open data", "办结：和解不成，未转监管部门")),
    Column("closed_mediated", "integer", pgettext_lazy("open data", "办结：达成调解")),
    Column("closed_not_kept", "integer", pgettext_lazy("open data", "办结：达成调解，后来没有履行")),
    Column("closed_mediation_terminated", "integer", pgettext_lazy("open data", "办结：终止调解")),
    Column("closed_refused", "integer", pgettext_lazy("open data", "办结：不予受理")),
    Column("closed_redirected", "integer", pgettext_lazy("open data", "办结：告知其他途径")),
    Column("closed_withdrawn", "integer", pgettext_lazy("open data", "办结：消费者撤回")),
    Column("closed", "integer", pgettext_lazy("open data", "办结的投诉，以上各项之和")),
)
TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "regions",
            pgettext_lazy("open data", "各地区的月度指标"),
            ("region_code", "month"),
            (
                *_REGION,
                _LEVEL,
                _PARENT,
                _MONTH,
                Column("received", "integer", pgettext_lazy("open data", "收到的投诉")),
                *_CLOSED,
                Column("review_met", "integer", pgettext_lazy("open data", "7个工作日内决定是否受理的审查")),
                Column("review_late", "integer", pgettext_lazy("open data", "超过7个工作日的审查")),
                Column("reviewed", "integer", pgettext_lazy("open data", "以上两项之和，按时受理率的分母")),
                Column("recovered_n", "integer", pgettext_lazy("open data", "有确认退付的约定")),
                Column("recovered", "number", pgettext_lazy("open data", "经确认挽回的金额（元）")),
            ),
        ),
        Table(
            "categories",
            pgettext_lazy("open data", "各地区按渠道、商品服务和问题的收件"),
            ("region_code", "month", "by", "code"),
            (
                *_REGION,
                _MONTH,
                Column(
                    "by", "string", pgettext_lazy("open data", "按什么分：channel渠道、object商品服务、problem问题")
                ),
                Column("code", "string", pgettext_lazy("open data", "类别代码；none为没有填写")),
                Column("label", "string", pgettext_lazy("open data", "类别名称")),
                Column("received", "integer", pgettext_lazy("open data", "收到的投诉")),
            ),
        ),
        Table(
            "region_quarters",
            pgettext_lazy("open data", "各地区的季度指标：企业阶段的结果"),
            ("region_code", "quarter"),
            (*_REGION, _LEVEL, _PARENT, _QUARTER, *_ENDED, *_HANDLED),
        ),
        Table(
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
                Column("customers", "string", pgettext_lazy("open data", "企业申报的用户数，没有申报的空着")),
                _QUARTER,
                *_ENDED,
                *_HANDLED,
            ),
        ),
    )
}
#: The tables of a month that ends a quarter.
OF_QUARTERS = ("region_quarters", "enterprise_quarters")
#: Tables that were issued once and are not any more: enterprises by months.
RETIRED = ("enterprises",)
