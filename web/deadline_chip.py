"""The words on a deadline chip, from the facts of one clock.

A chip says how much working time is left and the last day; colour only repeats it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, ngettext

from web.dates import day_text


@dataclass(frozen=True, slots=True)
class Chip:
    text: str
    tone: str = "neutral"
    icon: str = ""
    is_urgent: bool = False
    url: str = ""
    is_theirs: bool = False


def _last_day(due_at: datetime) -> Any:
    return timezone.localtime(due_at - timedelta(microseconds=1)).date()


def _short(due_at: datetime) -> str:
    return day_text(_last_day(due_at), weekday=False)


def chip_of(clock: Any) -> Chip:
    """The chip of a clock: any object (or dict) that offers

    ``due_at`` (first late instant) and, as far as known: ``state`` (running, paused, met, lapsed,
    ended: a row of complaints.Deadline will do), ``working_days_left`` (int, negative or
    ``working_days_overdue`` when late), ``fraction`` (0..1 of the time that has run), ``paused_for``
    (text: who must do what; empty = not paused), ``is_met``, ``is_overdue``, ``is_provisional``,
    ``url`` (its derivation page), ``listed_as`` (its name, where a list sorts by another clock than the status is
    about), ``is_theirs`` (somebody else owes it: it colours nothing).
    """
    chip = _chip_of(clock)
    if isinstance(clock, dict) and clock.get("is_theirs"):
        chip = replace(chip, tone="neutral", icon="pause-circle", is_urgent=False, is_theirs=True)
    name = clock.get("listed_as") if isinstance(clock, dict) else ""
    return replace(chip, text=gettext("%(clock)s：%(text)s") % {"clock": name, "text": chip.text}) if name else chip


def _chip_of(clock: Any) -> Chip:
    def fact(name: str, default: Any = None) -> Any:
        if isinstance(clock, dict):
            return clock.get(name, default)
        return getattr(clock, name, default)

    due_at: datetime | None = fact("due_at")
    url = str(fact("url", "") or "")
    state = fact("state", "")
    if fact("is_met") or state == "met":
        return Chip(gettext("已按期完成"), "ok", "check-circle", url=url)
    paused_for = fact("paused_for") or ""
    if paused_for:
        text = gettext("计时暂停：等%(what)s") % {"what": paused_for}
        return Chip(text, "neutral", "pause-circle", url=url)
    if state == "paused":
        rest = fact("remaining") or 0
        text = ngettext("计时暂停，还剩%(n)s个工作日", "计时暂停，还剩%(n)s个工作日", rest) % {"n": rest}
        return Chip(text, "neutral", "pause-circle", url=url)
    if due_at is None or state == "ended":
        return Chip(gettext("没有期限"), "neutral", "minus-circle", url=url)
    late_by = fact("working_days_overdue")
    left = fact("working_days_left")
    if late_by is None and left is not None and left < 0:
        late_by = -left
    now = timezone.now()
    if fact("is_overdue", False) or state == "lapsed" or now >= due_at:
        if late_by:
            text = ngettext("已逾期%(n)s个工作日，应于%(day)s完成", "已逾期%(n)s个工作日，应于%(day)s完成", late_by) % {
                "n": late_by,
                "day": _short(due_at),
            }
        else:
            text = gettext("已逾期，应于%(day)s完成") % {"day": _short(due_at)}
        return Chip(text, "bad", "exclamation-triangle", url=url)
    fraction = fact("fraction") or 0
    is_today = _last_day(due_at) == timezone.localdate(now)
    is_urgent = is_today or fraction >= 0.8
    tone = "warn" if is_urgent or fraction >= 0.5 else "neutral"
    if is_today:
        local = timezone.localtime(due_at)
        if local.hour or local.minute:
            text = gettext("今天%(time)s前") % {"time": f"{local:%H:%M}"}
        else:
            text = gettext("今天24:00前")
    elif left is None:
        text = gettext("%(day)s24:00前") % {"day": _short(due_at)}
    else:
        text = ngettext("还剩%(n)s个工作日 · %(day)s", "还剩%(n)s个工作日 · %(day)s", left) % {
            "n": left,
            "day": _short(due_at),
        }
    if fact("is_provisional"):
        text = gettext("%(text)s（暂定）") % {"text": text}
    return Chip(text, tone, "clock", is_urgent=is_urgent, url=url)
