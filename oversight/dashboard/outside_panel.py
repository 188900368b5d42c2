"""A place outside of the own regions beside the one that is looked at: by what is published of both, and nothing else.

Officers see the cases of their own region alone (complaints.models.Complaint.visible_to); of any other place they know
what everybody knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from authorities.models import Region
from oversight.models.published_models import OpenIndicators
from oversight.presenting import tile_map
from oversight.published.indicator_making import LEVELS
from web.languages import named
from web.small_numbers import ENOUGH, too_few, wilson

#: Quarters that a share is the sum of, each rounded.
QUARTERS = 4
PER = 100_000


def found(text: str, own: Sequence[Region]) -> Region:
    """The place of this name or code. Raises ValidationError: none, several, or one of the own."""
    known = Region.objects.filter(country="CN", level__in=LEVELS).select_related("parent")
    rows = list(known.filter(Q(code=text) | Q(name=text) | Q(name_en__iexact=text)).order_by("pk")[:20])
    if not rows:
        raise forms.ValidationError(_("没有这个地方；请写全称，例如“厦门市”，或者行政区划代码。"))
    if len(rows) > 1:
        names = "、".join(f"{named(row.parent)}{named(row)} {row.code}" for row in rows if row.parent is not None)
        raise forms.ValidationError(_("叫这个名字的不止一处，请写代码：%(names)s。") % {"names": names})
    if any(one.covers(rows[0].pk) for one in own):
        raise forms.ValidationError(_("这个地方在您的辖区里，请在“对比的地区”里选。"))
    return rows[0]


def read(here: Sequence[Region], there: Region | None) -> dict[str, Any] | None:
    """``why`` where nothing can stand there, else ``lines`` of both places; two statements."""
    if there is None:
        return None
    result: dict[str, Any] = {"name": named(there)}
    if len(here) != 1:
        return result | {"why": _("请先选一个地区，再和辖区以外的地方对比。")}
    rows = {row.region: row for row in OpenIndicators.objects.filter(region__in=[here[0].pk, there.pk])}
    missing = [named(one) for one in (here[0], there) if one.pk not in rows]
    if missing:
        return result | {"why": _("%(names)s还没有公布过数字，不能对比。") % {"names": "、".join(missing)}}
    sides = [rows[here[0].pk], rows[there.pk]]
    first, last = sides[0].first, sides[0].last
    return result | {
        "here": named(here[0]),
        "first": date_format(first, "YEAR_MONTH_FORMAT"),
        "last": date_format(last, "YEAR_MONTH_FORMAT"),
        "lines": [
            {
                "title": _("收到的投诉"),
                "sides": [_received(row, one) for row, one in zip(sides, (here[0], there), strict=True)],
            },
            *(_share(title, [row.data for row in sides], name) for name, title in _titles()),
        ],
    }


def _titles() -> tuple[tuple[str, str], ...]:
    return ("settled", _("ODR和解成功率")), ("on_time", _("按时办结率")), ("kept", _("守约率"))


def _received(row: OpenIndicators, region: Region) -> list[str]:
    n, lived = row.data["received"], tile_map.people_of(region.code, row.last + timedelta(days=1))
    texts = [_("至少%(n)s") % {"n": f"{n[0]:,}"} if isinstance(n, list) else _("不公布") if n is None else f"{n:,}"]
    if isinstance(n, int) and n >= ENOUGH and lived is not None:
        rate = tile_map.rate_text(PER * n / lived.n)
        texts.append(_("每10万人%(rate)s（%(year)s年人口）") % {"rate": rate, "year": lived.year})
    return texts


def _share(title: str, sides: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """The share of both sides; a difference is claimed where their intervals lie apart."""
    texts, intervals = [], []
    for data in sides:
        part, whole = data[name][0], data[name][-1]
        if part is None or whole is None:
            texts.append([_("不公布")])
        elif whole < ENOUGH:
            texts.append([too_few(whole) or "–"])
        else:
            low, high = wilson(part, whole, rounded=QUARTERS if data.get("multiple_of", 1) > 1 else 0)
            told = {"n": f"{whole:,}", "share": f"{100 * low:.0f}–{100 * high:.0f}%"}
            words = _("共%(n)s项，95%%区间%(share)s") if name == "kept" else _("共%(n)s件，95%%区间%(share)s")
            texts.append([f"{100 * part / whole:.0f}%", words % told])
            intervals.append((low, high))
    verdict = "–"
    if len(intervals) == len(sides):
        (low, high), (other_low, other_high) = intervals
        verdict = _("这里更高") if low > other_high else _("那里更高") if other_low > high else _("分不出高低")
    return {"title": title, "sides": texts, "verdict": verdict}
