"""Public counts that stand alone (call-backs, a station) are multiples of 5 from December 2026 on."""

import re
from datetime import date, timedelta
from statistics import fmean
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from complaints.models import CallBackMonth, StationEntry
from enterprises.models import Station
from tests import found_in, missing_in
from tests.cast import World
from tests.oversight.looking import page_of
from web import small_numbers
from web.small_numbers import rounded_number

DECEMBER = date(2026, 12, 1)


def test_a_count_becomes_a_neighbouring_multiple_and_is_right_on_average() -> None:
    for n in range(0, 40):
        told = {rounded_number(n, "cell", str(cell)) for cell in range(60)}
        assert all(one % 5 == 0 and abs(one - n) <= 4 for one in told)
        assert told == {n} if n % 5 == 0 else len(told) == 2
    assert fmean(rounded_number(2, "cell", str(cell)) for cell in range(4000)) == pytest.approx(2, abs=0.15)
    assert {rounded_number(3, "same") for _ in range(20)} in ({0}, {5}), "asked again it says the same"


def test_call_backs_of_december_and_later_are_told_rounded(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(small_numbers, "ROUNDED_FROM", DECEMBER)
    same: Any = {"commitment": "0" * 64, "made_at": timezone.now(), "seed": "1" * 64, "drawn_at": timezone.now()}
    for month, drawn, population in ((date(2026, 11, 1), 17, 333), (DECEMBER, 18, 334), (date(2027, 1, 1), 1, 2)):
        CallBackMonth.objects.create(month=month, drawn=drawn, population=population, **same)
    cache.clear()
    page = page_of(None, "/open/call-backs/")
    assert not missing_in(page, "17/333", "2026-12起的月份，件数均为5的倍数")
    assert "18/334" not in page
    assert any(f"{drawn}/{population}" in page for drawn in (15, 20) for population in (330, 335))
    assert any(re.search(rf">\s*{little}\s*<", page) for little in ("0/0", "0/5", "5/5")), "1 of 2"


def test_twelve_months_of_a_station_are_rounded_once_a_rounded_month_is_among_them(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(small_numbers, "ROUNDED_FROM", date(2020, 1, 1))
    place: Any = {"kind": "hall", "address": "八一七路1号", "authority": world.gulou, "name": "东街口服务站"}
    station = Station.objects.create(code="FZ001", starts_on=date(2026, 1, 1), **place)
    before, now = timezone.localtime().replace(day=1) - timedelta(days=2), timezone.now()
    same: Any = {"station": station, "by": world.rui, "category": "service.repair", "how": "refund", "problem": "电池"}
    for state, n in (("confirmed", 7), ("unconfirmed", 3)):
        for _ in range(n):
            StationEntry.objects.create(at=before, state=state, answered_at=now, **same)
    cache.clear()
    page = page_of(None, "/open/stations/FZ001/")
    assert not missing_in(page, "件数均为5的倍数，与实际相差不超过4", "<dd>0</dd>")
    assert "<dd>5</dd>" in page or "<dd>10</dd>" in page
    assert not found_in(page, "<dd>7</dd>", "少于5")
