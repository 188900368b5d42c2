"""A report as people read it: its tables in the language of the reader, its words, what a correction changed.

Page, print and CSV are made from the same tables, so what they say is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from oversight.figures.definitions import DEFINITIONS
from oversight.models import MonthlyReport
from oversight.open_data.files import label_of
from oversight.open_data.reading import WITHHELD
from oversight.presenting import cards, shifts
from oversight.reports import changes
from oversight.reports.drafting import BLOCKS
from oversight.reports.shares import BY_QUARTER, Share, shares
from web.languages import name_in_language
from web.small_numbers import ENOUGH, too_few

TITLES: Mapping[str, Any] = {
    "overview": gettext_lazy("本月概况"),
    "problems": gettext_lazy("主要问题"),
    "cases": gettext_lazy("典型案例"),
    "tips": gettext_lazy("消费提示"),
}
#: Tables by their name in the address, in the order of the page.
TABLES: Mapping[str, Any] = {
    "summary": gettext_lazy("主要指标"),
    "stages": gettext_lazy("企业和解得怎么样"),
    "channels": gettext_lazy("从哪个渠道来"),
    "units": gettext_lazy("各地区"),
    "firms": gettext_lazy("住所在本地的在线和解企业"),
    "kinds": gettext_lazy("商品和服务"),
    "objects": gettext_lazy("投诉较多的商品和服务"),
    "problems": gettext_lazy("反映较多的问题"),
}
Cells = list[str]


@dataclass(frozen=True, slots=True)
class Head:
    """A column: what people read, its name in the CSV, whether it is a number."""

    label: str
    name: str
    is_number: bool = True


@dataclass(frozen=True, slots=True)
class ReportTable:
    """``rows`` for people, ``raw`` for programs; both in the same order."""

    name: str
    title: str
    heads: Sequence[Head]
    rows: Sequence[Cells]
    raw_names: Sequence[str]
    raw: Sequence[Cells]

    @property
    def lines(self) -> list[list[tuple[Head, str]]]:
        return [list(zip(self.heads, row, strict=True)) for row in self.rows]


def tables_of(report: MonthlyReport) -> list[ReportTable]:
    """All tables that have a line."""
    figures = report.figures
    results = [
        _summary(figures),
        _stages(figures),
        _counted(figures, "channels", "channel"),
        _units(figures),
        _enterprises(figures),
        _counted(figures, "kinds", "object"),
        _counted(figures, "objects", "object"),
        _counted(figures, "problems", "problem"),
    ]
    return [table for table in results if table.rows]


def blocks_of(report: MonthlyReport) -> list[tuple[str, str]]:
    """(title, text) of the blocks that say something."""
    return [(str(TITLES[block]), report.texts.get(block, "")) for block in BLOCKS if report.texts.get(block)]


def changes_between(old: MonthlyReport, new: MonthlyReport) -> list[tuple[str, str, str]]:
    """(what, before, after): every cell of a table and every block of words that the newer version says otherwise."""
    results: list[tuple[str, str, str]] = []
    was = {
        (table.name, row[0], head.name): cell
        for table in tables_of(old)
        for row in table.rows
        for head, cell in zip(table.heads, row, strict=True)
    }
    for table in tables_of(new):
        for row in table.rows:
            for head, cell in list(zip(table.heads, row, strict=True))[1:]:
                before = was.get((table.name, row[0], head.name), cards.NOTHING)
                if before != cell:
                    results.append((f"{table.title} · {row[0]} · {head.label}", before, cell))
    for block in BLOCKS:
        before, after = old.texts.get(block, ""), new.texts.get(block, "")
        if before != after:
            results.append((str(TITLES[block]), before or cards.NOTHING, after or cards.NOTHING))
    return results


def _shown(number: int | None) -> str:
    return WITHHELD if number is None else f"{number:,}"


def _raw(number: Any) -> str:
    return WITHHELD if number is None else str(number)


def change_of(now: int | None, before: int | None, kept: Mapping[str, Any] | None) -> str:
    """▲ 多80件，超出平常波动（多8%–84%）, or that no change can be claimed, and why.

    ``kept``: what is said of it; without any a dash: what is withheld, nothing twice, or a report of before changes
    were judged.
    """
    if now is None or before is None or kept is None:
        return cards.NOTHING
    return shifts.alone("received", changes.read(now, before, kept))


def _before(line: Mapping[str, Any]) -> str:
    return _shown(line["before"]) if "before" in line else cards.NOTHING


def _raw_before(line: Mapping[str, Any]) -> str:
    return _raw(line["before"]) if "before" in line else ""


def _counted(figures: Mapping[str, Any], name: str, by: str) -> ReportTable:
    is_rounded = bool(figures["summary"].get("is_rounded"))
    share = Share(None, figures["summary"].get("received", 0), is_rounded=is_rounded)
    with_places = name in ("objects", "problems")
    heads = [
        Head(str(TABLES[name]), "label", is_number=False),
        Head(_("件数"), "received"),
        Head(_("占全部"), "share"),
        Head(_("上月"), "before"),
        Head(_("变化"), "change", is_number=False),
        *([Head(_("名次"), "place")] if with_places else []),
    ]
    rows, raw = [], []
    for line in figures[name]:
        label, n = label_of(by, line["code"]), line["received"]
        cells = [label, _shown(n), _share_text(replace(share, part=n)), _before(line)]
        cells.append(change_of(n, line.get("before"), line.get("change")))
        rows.append([*cells, *([place_of(line)] if with_places else [])])
        raw.append([line["code"], label, _raw(n), _raw_before(line)])
    return ReportTable(name, str(TABLES[name]), heads, rows, ["code", "label", "received", "before"], raw)


def place_of(line: Mapping[str, Any]) -> str:
    """2, or 2–4 where the place is shared; a dash where what is not published could stand before."""
    first, last = line.get("place", (None, None))
    return cards.NOTHING if first is None else f"{first}" if first == last else f"{first}–{last}"


def _share_text(share: Share | None) -> str:
    if share is None or share.whole == 0:
        return cards.NOTHING
    if share.part is None or share.whole is None:
        return WITHHELD
    if share.is_too_few:
        return too_few(share.whole)
    return _percents(share.value, share.upper_value, is_rounded=share.is_rounded)


def _percents(value: float | None, upper: float | None = None, *, is_rounded: bool) -> str:
    """With a decimal; whole ones where the numbers are rounded."""
    if not is_rounded:
        return cards.percent(value) if upper is None else cards.percents(value, upper)
    first, last = (f"{(one or 0) * 100:.0f}" for one in (value, value if upper is None else upper))
    if first == last:
        return f"{first}%"
    return pgettext("from a share to a share", "%(low)s～%(high)s%%") % {"low": first, "high": last}


def _quarter(figures: Mapping[str, Any]) -> str:
    """（2026-Q3）; nothing in reports of before figures were told by quarters."""
    mark = (figures.get("quarter") or [""])[0]
    return _("（%(quarter)s）") % {"quarter": mark} if mark else ""


_OF_STAGES = ("settled", "unconfirmed", "ended", "in_time", "due")


def _units(figures: Mapping[str, Any]) -> ReportTable:
    quarter = _quarter(figures)
    heads = [
        Head(_("地区"), "name", is_number=False),
        Head(_("收到"), "received"),
        Head(_("上月"), "before"),
        Head(_("变化"), "change", is_number=False),
        Head(_("办结"), "closed"),
        Head(_("和解成功率") + quarter, "settled"),
        Head(_("按时办结率") + quarter, "on_time"),
    ]
    names = ["region_code", "region_name", "received", "before", "closed", *_OF_STAGES]
    return _of_places("units", str(TABLES["units"]), heads, names, figures["units"])


def _enterprises(figures: Mapping[str, Any]) -> ReportTable:
    """Of a county: the enterprises that have their seat there, by quarter."""
    heads = [
        Head(_("企业"), "name", is_number=False),
        Head(_("送达的投诉"), "received"),
        Head(_("上季"), "before"),
        Head(_("变化"), "change", is_number=False),
        Head(_("和解成功率"), "settled"),
        Head(_("按时办结率"), "on_time"),
    ]
    names = ["enterprise", "name", "delivered", "before", *_OF_STAGES]
    return _of_places("firms", f"{TABLES['firms']}{_quarter(figures)}", heads, names, figures.get("firms", ()))


def _of_places(
    name: str, title: str, heads: list[Head], names: list[str], lines: Sequence[Mapping[str, Any]]
) -> ReportTable:
    """A line each; ``closed`` only where it has a column."""
    rows, raw = [], []
    for line in lines:
        result, received = shares(dict(line)), line["received"]
        closed = [line["closed"]] if "closed" in names else []
        rates = [_share_text(result.get(code)) for code in ("settled", "on_time")]
        change = change_of(received, line.get("before"), line.get("change"))
        counts = [_shown(received), _before(line), change, *map(_shown, closed)]
        rows.append([name_of(line), *counts, *rates])
        plain = [line["code"], line["name"], _raw(received), _raw_before(line), *map(_raw, closed)]
        raw.append([*plain, *[_raw(line[column]) if column in line else "" for column in _OF_STAGES]])
    return ReportTable(name, title, heads, rows, names, raw)


def name_of(line: Mapping[str, Any]) -> str:
    return name_in_language(str(line["name"]), str(line["name_en"]))


def _summary(figures: Mapping[str, Any]) -> ReportTable:
    """Each line: figure, value, a month before, parts. Reports of before quarters have all figures here."""
    line, was = figures["summary"], figures.get("summary_before")
    rows, raw = [], []
    for code, title in (("received", _("收到的投诉")), ("closed", _("办结的投诉"))):
        n = line.get(code, 0)
        before = _shown(was.get(code, 0)) if was is not None else cards.NOTHING
        change = change_of(n, (was or {}).get(code), line.get("changes", {}).get(code))
        rows.append([title, _shown(n), before, change])
        raw.append([code, _raw(n), "", ""])
    _add_let_rest(rows, raw, "closed_let_rest", line, was)
    codes = [code for code in shares(line) if "quarter" not in figures or code not in BY_QUARTER]
    _add_shares(rows, raw, line, was, codes, line.get("changes", {}))
    before = _yuan(was) if was is not None else cards.NOTHING
    rows.append([str(DEFINITIONS["recovered"].title), _yuan(line), before, ""])
    raw.append(["recovered", _raw(line.get("recovered", "0")), "", ""])
    if "quarter" not in figures:
        _add_rating(rows, raw, line, was)
    return ReportTable("summary", str(TABLES["summary"]), _heads_of_figures(_("本月"), _("上月")), rows, _RAW, raw)


def _stages(figures: Mapping[str, Any]) -> ReportTable:
    rows: list[Cells] = []
    raw: list[Cells] = []
    if _quarter(figures):
        line, was = figures["summary"], figures.get("stages_before")
        codes = [code for code in shares(line) if code in BY_QUARTER]
        _add_shares(rows, raw, line, was, codes, line.get("quarter_changes", {}))
        _add_let_rest(rows, raw, "let_rest", line, was)
        _add_rating(rows, raw, line, was)
    title = f"{TABLES['stages']}{_quarter(figures)}"
    return ReportTable("stages", title, _heads_of_figures(_("本季"), _("上季")), rows, _RAW, raw)


_RAW = ["figure", "part", "whole", "upper"]


def _heads_of_figures(now: str, before: str) -> list[Head]:
    made_of = Head(_("变化或者构成"), "made_of", is_number=False)
    return [Head(_("指标"), "figure", is_number=False), Head(now, "value"), Head(before, "before"), made_of]


def _add_shares(
    rows: list[Cells],
    raw: list[Cells],
    line: Mapping[str, Any],
    was: Mapping[str, Any] | None,
    codes: Sequence[str],
    said: Mapping[str, Mapping[str, Any]],
) -> None:
    result, old = shares(dict(line)), shares(dict(was)) if was is not None else {}
    for code in codes:
        share = result[code]
        before = _share_text(old[code]) if code in old else cards.NOTHING
        made_of = _made_of(share)
        if code in said and code in old:
            change = changes.read(share.value or 0, old[code].value or 0, said[code])
            made_of = _("%(parts)s；%(change)s") % {"parts": made_of, "change": shifts.alone(code, change)}
        rows.append([str(DEFINITIONS[code].title), _share_text(share), before, made_of])
        raw.append([code, _raw(share.part), _raw(share.whole), "" if share.upper is None else str(share.upper)])


def _add_let_rest(
    rows: list[Cells], raw: list[Cells], code: str, line: Mapping[str, Any], was: Mapping[str, Any] | None
) -> None:
    """What ended because nothing was granted and the consumer left it at that; nothing where no file tells it."""
    if line.get(code) is None:
        return
    before = cards.NOTHING if was is None or was.get(code) is None else _shown(was[code])
    rows.append([_("一项也没同意、消费者不再坚持的"), _shown(line[code]), before, ""])
    raw.append([code, _raw(line[code]), "", ""])


def _add_rating(rows: list[Cells], raw: list[Cells], line: Mapping[str, Any], was: Mapping[str, Any] | None) -> None:
    rated = line.get("rated", 0)
    before = _mean(was) if was is not None and "rated" in was else cards.NOTHING
    rows.append([_("满意度（1–5分）"), _mean(line), before, _("共%(n)s件") % {"n": _shown(rated)}])
    raw.append(["rating", _raw(line.get("marks", 0)), _raw(rated), ""])


def _mean(line: Mapping[str, Any]) -> str:
    marks, rated = line.get("marks", 0), line.get("rated", 0)
    if marks is None or rated is None:
        return WITHHELD
    if not rated:
        return cards.NOTHING
    return f"{marks / rated:.2f}" if rated >= ENOUGH else too_few(rated)


def _made_of(share: Share) -> str:
    if share.interval is None:
        return f"{share.part:,}/{share.whole:,}" if share.part is not None and share.whole else ""
    low, high = share.interval
    return _("%(part)s/%(whole)s；95%%区间%(low)s～%(high)s%%") % {
        "part": _shown(share.part),
        "whole": _shown(share.whole),
        "low": f"{low * 100:.{0 if share.is_rounded else 1}f}",
        "high": f"{high * 100:.{0 if share.is_rounded else 1}f}",
    }


def _yuan(line: Mapping[str, Any]) -> str:
    amount = line.get("recovered", "0")
    return (
        WITHHELD
        if amount is None
        else pgettext("an amount of money", "¥%(amount)s") % {"amount": f"{float(amount):,.2f}"}
    )
