"""The few declared ways in which cells become a value.

A converter is data of the mapping (docs/how-to/import.md lists them); a cell that it
cannot read is a BadCell with its column, never a default.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from complaints.tables.importing.reading import BadCell

Cells = Mapping[str, str]
EARLIEST_YEAR = 1970
#: As the column of the database holds it: ten digits before the point, two behind.
MOST = Decimal(10) ** 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """From columns (or a constant) to a text: joined, split, cut to whole items, mapped."""

    where: str
    columns: tuple[str, ...] = ()
    constant: str = ""
    join: str = " "
    template: str = ""
    split: str = ""
    most: int = 0
    fit: int = 0
    case: str = ""
    map: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    needed: bool = False
    digest: bool = False
    formats: tuple[str, ...] = ("%Y-%m-%d",)
    at: time = time(9)
    time_column: str = ""
    time_formats: tuple[str, ...] = ("%H:%M:%S", "%H:%M")
    decimal_mark: str = "."
    group_mark: str = ","
    currency_marks: str = "$¥￥€£"
    zero_is_absent: bool = False
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()

    @property
    def column(self) -> str:
        return self.columns[0] if self.columns else ""

    def text(self, cells: Cells, *, longest: int = 0) -> str:
        value = self._raw(cells)
        if self.split:
            value = self._items(value)
        if self.case:
            value = value.upper() if self.case == "upper" else value.lower()
        if value and (self.map or self.otherwise is not None):
            value = self._mapped(value)
        if not value and self.digest:
            joined = "\x1f".join(f"{k}={v}" for k, v in cells.items())
            value = hashlib.sha256(joined.encode("utf-8")).hexdigest()[:32]
        if not value and self.needed:
            raise BadCell(self.column, value, _("此列不能为空"))
        if longest and len(value) > longest:
            raise BadCell(
                self.column,
                value,
                _("最多 %(longest)s 个字，现有 %(found)s 个") % {"longest": longest, "found": len(value)},
            )
        return value

    def _raw(self, cells: Cells) -> str:
        if self.constant:
            return self.constant
        if self.template:
            return self.template.format_map({c: cells[c] for c in self.columns})
        if len(self.columns) == 1:
            return unicodedata.normalize("NFC", cells[self.column])
        return unicodedata.normalize("NFC", self.join.join(cells[c] for c in self.columns if cells[c]))

    def _items(self, value: str) -> str:
        items = list(dict.fromkeys(item.strip() for item in value.split(self.split) if item.strip()))
        if self.most:
            items = items[: self.most]
        if self.map:
            # Of several values the first that the mapping knows counts.
            return next((item for item in items if item.casefold() in self.map), items[0] if items else "")
        while self.fit and len(items) > 1 and len(self.join.join(items)) > self.fit:
            items.pop()
        return self.join.join(items)

    def _mapped(self, value: str) -> str:
        known = self.map.get(value.casefold())
        if known is not None:
            return known
        if self.otherwise is None:
            raise BadCell(self.column, value, _("映射表中没有这个值"))
        return self.otherwise

    def amount(self, cells: Cells) -> Decimal | None:
        """An exact amount that is not negative; empty stays None."""
        text = unicodedata.normalize("NFKC", self.text(cells))
        plain = text.strip(self.currency_marks + " ").replace(self.group_mark, "").replace(self.decimal_mark, ".")
        if not plain:
            return None
        try:
            amount = Decimal(plain)
        except InvalidOperation:
            raise BadCell(self.column, text, _("不是金额")) from None
        if not amount.is_finite() or amount >= MOST:
            raise BadCell(self.column, text, _("不是金额"))
        if amount < 0:
            raise BadCell(self.column, text, _("金额不能是负数"))
        if amount != amount.quantize(Decimal("0.01")):
            raise BadCell(self.column, text, _("金额最多两位小数"))
        return None if self.zero_is_absent and amount == 0 else amount

    def day(self, cells: Cells) -> date | None:
        """A day in one of the declared forms; empty stays None."""
        text = unicodedata.normalize("NFKC", self.text(cells))
        if not text:
            return None
        for form in self.formats:
            try:
                result = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
            if result.year < EARLIEST_YEAR:
                raise BadCell(self.column, text, _("日期早于 %(year)s 年") % {"year": EARLIEST_YEAR})
            return result
        raise BadCell(self.column, text, _("日期不是约定的写法（%(forms)s）") % {"forms": ", ".join(self.formats)})

    def moment(self, cells: Cells, zone: ZoneInfo, *, now: datetime) -> datetime:
        """A moment of the source's zone, not after ``now``; a day alone gets the declared hour."""
        day = self.day(cells)
        if day is None:
            raise BadCell(self.column, "", _("此列不能为空"))
        at = self.at
        if self.time_column and cells[self.time_column]:
            at = self._time(cells[self.time_column])
        moment = datetime.combine(day, at, tzinfo=zone)
        if moment > now and day > now.astimezone(zone).date():
            raise BadCell(self.column, cells[self.column], _("日期在将来"))
        return min(moment, now)

    def _time(self, text: str) -> time:
        for form in self.time_formats:
            try:
                return datetime.strptime(text, form).time()  # noqa: DTZ007
            except ValueError:
                continue
        raise BadCell(
            self.time_column, text, _("时间不是约定的写法（%(forms)s）") % {"forms": ", ".join(self.time_formats)}
        )

    def flag(self, cells: Cells) -> bool | None:
        text = self.text(cells).casefold()
        if text in self.yes:
            return True
        if text in self.no:
            return False
        if not text:
            return None
        raise BadCell(self.column, text, _("既不是“是”也不是“否”"))
