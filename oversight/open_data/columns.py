"""The data dictionary: each table of open data, each column, in Chinese and in English.

The one rule: a column that is published stands here once; the schema of the files and the page that explains them are
both made from it. A name is never used again with another meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oversight.open_data.quarters import HOURS

#: What stands in a cell that is withheld; an empty cell means that there is nothing to say.
WITHHELD = "*"


@dataclass(frozen=True, slots=True)
class Column:
    """``kind``: a type of the Frictionless Table Schema."""

    name: str
    kind: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Table:
    """One file: ``key`` are the columns that name a row."""

    name: str
    zh: str
    en: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_MONTH = Column("month", "yearmonth", "月份", "Month")
_REGION = (
    Column("region_code", "string", "行政区划代码", "Code of the region"),
    Column("region_name", "string", "地区名称", "Name of the region, in Chinese"),
    Column("region_name_en", "string", "地区英文名称", "Name of the region in English, where it is known"),
)
_LEVEL = Column("level", "string", "层级：country、province、city、county", "Level: country, province, city or county")
_PARENT = Column("parent_code", "string", "上级地区代码", "Code of the region that it lies in")
_QUARTER = Column("quarter", "string", "季度，如2026-Q3", "Quarter, as 2026-Q3")
_ENDED = (
    Column(
        "settled",
        "integer",
        "本阶段结束，消费者确认和解",
        "Stages at the enterprise that ended: settled, confirmed by the consumer",
    ),
    Column(
        "unconfirmed",
        "integer",
        "企业称已和解，消费者没有答复",
        "Ended: the enterprise says settled, the consumer did not answer",
    ),
    Column("settled_elsewhere", "integer", "双方在平台以外和解", "Ended: settled outside of the platform"),
    Column("failed", "integer", "和解不成", "Ended without a settlement"),
    Column("other", "integer", "以上两项之和", "Sum of the two before"),
    Column(
        "ended",
        "integer",
        "确认和解、没有答复与以上之和，和解成功率的分母",
        "Settled, unconfirmed and these; what the share settled is a share of",
    ),
)
_HANDLED = (
    Column("in_time", "integer", "协商期限届满前结束的阶段", "Stages that ended before their time ran out"),
    Column(
        "late",
        "integer",
        "协商期限在本季届满的阶段，不论后来是否结束",
        "Stages whose time ran out in the quarter, whether they ended later or not",
    ),
    Column("due", "integer", "以上两项之和，按时办结率的分母", "Sum of the two; what the share in time is a share of"),
    Column(
        "last_day",
        "integer",
        "届满前结束的阶段里，最后一天才结束的",
        "Of the stages that ended in time, those that ended on their last day",
    ),
    Column(
        "promises_kept", "integer", "企业按时履行并经确认的约定", "Promises of enterprises kept in time, and confirmed"
    ),
    Column("promises_not_kept", "integer", "其余已到期的企业约定", "Other promises of enterprises that came due"),
    Column("promised", "integer", "以上两项之和，守约率的分母", "Sum of the two; what the share kept is a share of"),
    Column("delivered", "integer", "送达企业的投诉", "Complaints delivered to an enterprise"),
    Column(
        "again",
        "integer",
        "其中同一消费者60天内再次投诉同一企业的",
        "Of these, by a consumer who had complained of the same enterprise within 60 days",
    ),
    Column("rated", "integer", "有满意度评分的办结投诉", "Closed complaints with a rating"),
    Column("marks", "integer", "满意度评分之和（每件1–5分）", "Sum of the ratings, 1 to 5 each"),
    *(
        Column(
            f"responded_{hours}h",
            "integer",
            f"首次响应，{hours}个工作小时以内（不含上一档）",
            f"First responses within {hours} working hours, without those of the column before",
        )
        for hours in HOURS
    ),
    Column("responded_later", "integer", "首次响应，更晚的", "First responses that came later"),
    Column(
        "responded", "integer", "有首次响应的阶段，以上各档之和", "Stages with a first response; sum of the classes"
    ),
)
_CLOSED = (
    Column("closed_settled", "integer", "办结：企业和解成功", "Closed: settled with the enterprise"),
    Column("closed_unconfirmed", "integer", "办结：消费者没有答复", "Closed: the consumer did not answer"),
    Column("closed_settled_elsewhere", "integer", "办结：双方另行和解", "Closed: settled elsewhere"),
    Column(
        "closed_negotiation_failed",
        "integer",
        "办结：和解不成，未转监管部门",
        "Closed: no settlement, not passed to the authority",
    ),
    Column("closed_mediated", "integer", "办结：达成调解", "Closed: mediated"),
    Column("closed_not_kept", "integer", "办结：达成调解，后来没有履行", "Closed: mediated, but not kept afterwards"),
    Column("closed_mediation_terminated", "integer", "办结：终止调解", "Closed: mediation terminated"),
    Column("closed_refused", "integer", "办结：不予受理", "Closed: refused"),
    Column("closed_redirected", "integer", "办结：告知其他途径", "Closed: pointed to another body"),
    Column("closed_withdrawn", "integer", "办结：消费者撤回", "Closed: withdrawn"),
    Column("closed", "integer", "办结的投诉，以上各项之和", "Complaints closed; sum of the above"),
)
TABLES: Mapping[str, Table] = {
    table.name: table
    for table in (
        Table(
            "regions",
            "各地区的月度指标",
            "Indicators by region and month",
            ("region_code", "month"),
            (
                *_REGION,
                _LEVEL,
                _PARENT,
                _MONTH,
                Column("received", "integer", "收到的投诉", "Complaints received"),
                *_CLOSED,
                Column(
                    "review_met",
                    "integer",
                    "7个工作日内决定是否受理的审查",
                    "Reviews decided within seven working days",
                ),
                Column("review_late", "integer", "超过7个工作日的审查", "Reviews that took longer"),
                Column(
                    "reviewed",
                    "integer",
                    "以上两项之和，按时受理率的分母",
                    "Sum of the two; what the share in time is a share of",
                ),
                Column("recovered_n", "integer", "有确认退付的约定", "Promises of money that were confirmed as paid"),
                Column("recovered", "number", "经确认挽回的金额（元）", "Money recovered and confirmed, in yuan"),
            ),
        ),
        Table(
            "categories",
            "各地区按渠道、商品服务和问题的收件",
            "Complaints received by region, channel, object and problem",
            ("region_code", "month", "by", "code"),
            (
                *_REGION,
                _MONTH,
                Column(
                    "by",
                    "string",
                    "按什么分：channel渠道、object商品服务、problem问题",
                    "Divided by channel, object or problem",
                ),
                Column(
                    "code", "string", "类别代码；none为没有填写", "Code of the category; none where it was not given"
                ),
                Column("label", "string", "类别名称", "Name of the category, in Chinese"),
                Column("received", "integer", "收到的投诉", "Complaints received"),
            ),
        ),
        Table(
            "region_quarters",
            "各地区的季度指标：企业阶段的结果",
            "Indicators by region and quarter: how stages at enterprises ended",
            ("region_code", "quarter"),
            (*_REGION, _LEVEL, _PARENT, _QUARTER, *_ENDED, *_HANDLED),
        ),
        Table(
            "enterprise_quarters",
            "各在线和解企业的季度指标",
            "Indicators by ODR enterprise and quarter",
            ("enterprise", "quarter"),
            (
                Column(
                    "enterprise",
                    "string",
                    "企业代码：统一社会信用代码，没有的用e加编号",
                    "Code of the enterprise: its credit code, else e and a number",
                ),
                Column("name", "string", "企业名称", "Name of the enterprise, in Chinese"),
                Column("name_en", "string", "企业英文名称", "Name of the enterprise in English, where it is known"),
                Column("seat_code", "string", "企业住所的行政区划代码", "Code of the region of its registered seat"),
                Column(
                    "seat_path",
                    "string",
                    "住所所在的各级地区代码，从省到住所，用斜线分开",
                    "Codes of the regions that the seat lies in, from the province down, parted by strokes",
                ),
                Column(
                    "sector",
                    "string",
                    "一年里投诉最多的商品或服务",
                    "What most complaints of the year against it are about",
                ),
                Column(
                    "customers",
                    "string",
                    "企业申报的用户数，没有申报的空着",
                    "How many customers it filed to have; empty where it did not",
                ),
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
