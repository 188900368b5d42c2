"""Words, dates, icons and keys for templates (built in: no load line needed).

The one rule: a deadline is shown as the last day on which one may still act, never as the raw
first late instant.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

import heroicons
from django import template
from django.forms import BaseForm, BaseFormSet
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from web.listing import listed, told
from web.templatetags.clock_words import chip_of

register = template.Library()

WEEKDAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS_EN = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS_ZH = "一二三四五六日"

TONE_ICONS = {
    "neutral": "ellipsis-horizontal-circle",
    "info": "information-circle",
    "ok": "check-circle",
    "warn": "clock",
    "bad": "exclamation-triangle",
    "authority": "scale",
}


def _local_day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date()
    return value


def day_text(value: date | datetime, *, weekday: bool = True, language: str | None = None) -> str:
    """12月2日（周三） / Wed 2 Dec; the year is added when it is not this year."""
    day = _local_day(value)
    is_other_year = day.year != timezone.localdate().year
    if (language or get_language()) == "en":
        head = f"{WEEKDAYS_EN[day.weekday()]} " if weekday else ""
        tail = f" {day.year}" if is_other_year else ""
        return f"{head}{day.day} {MONTHS_EN[day.month - 1]}{tail}"
    head = f"{day.year}年" if is_other_year else ""
    tail = f"（周{WEEKDAYS_ZH[day.weekday()]}）" if weekday else ""
    return f"{head}{day.month}月{day.day}日{tail}"


def last_day_text(due_at: datetime, *, weekday: bool = True) -> str:
    """The last day of a deadline in words, from the first instant that is late."""
    late = timezone.localtime(due_at)
    is_english = get_language() == "en"
    if late.time() == time(0):
        last = day_text(late - timedelta(microseconds=1), weekday=weekday)
        return f"by the end of {last}" if is_english else f"{last}24:00前"
    text = day_text(late, weekday=weekday)
    return f"by {late:%H:%M} on {text}" if is_english else f"{text}{late:%H:%M}前"


@register.filter
def last_day(due_at: datetime | None) -> str:
    """due_at → 12月2日（周三）24:00前 / by the end of Wed 2 Dec."""
    return last_day_text(due_at) if due_at else ""


@register.filter
def last_day_short(due_at: datetime | None) -> str:
    """due_at → 12月2日24:00前 / by the end of 2 Dec."""
    return last_day_text(due_at, weekday=False) if due_at else ""


@register.filter
def day(value: date | datetime | None) -> str:
    """A day with its weekday."""
    return day_text(value) if value else ""


@register.filter
def day_short(value: date | datetime | None) -> str:
    """A day without its weekday."""
    return day_text(value, weekday=False) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """11月25日 16:05 / 25 Nov, 16:05."""
    if not value:
        return ""
    local, language = timezone.localtime(value), get_language()
    separator = ", " if language == "en" else " "
    return f"{day_text(local.date(), weekday=False, language=language)}{separator}{local:%H:%M}"


@register.filter
def money(value: Decimal | float | str | None) -> str:
    """128.5 → ¥128.50; nothing → –."""
    if value is None or value == "":
        return "–"
    return f"¥{Decimal(value):,.2f}"


@register.filter
def name_of(row: Any) -> str:
    """The name of a directory row in the reader's language, the Chinese one if there is no other."""
    if not row:
        return ""
    english = getattr(row, "name_en", "") if get_language() == "en" else ""
    return str(english or row.name)


register.filter(listed)
register.filter(told)


@register.simple_tag
def idempotency_key() -> SafeString:
    """The hidden field that makes a form sent twice take effect once."""
    return format_html('<input type="hidden" name="idempotency_key" value="{}">', uuid.uuid4().hex)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An outline icon by its heroicons name; hidden from readers, as words stand beside it."""
    return _drawn(str(name) + "")


@lru_cache(maxsize=256)
def _drawn(name: str) -> SafeString:
    """Drawn once: a page shows twenty of them, and drawing one copies its tree and writes it out."""
    svg = heroicons._render_icon("outline", name, None, {"class": "icon", "stroke-width": "2"})
    return mark_safe(svg)  # noqa: S308 - drawn from the pinned wheel, no input of people


@register.simple_tag
def tone_icon(tone: str = "neutral", name: str = "") -> SafeString:
    """The icon that goes with a tone, so that colour never speaks alone."""
    return icon(name or TONE_ICONS.get(str(tone), TONE_ICONS["neutral"]))


@register.simple_tag
def tag(text: Any, tone: str = "neutral", name: str = "") -> SafeString:
    """A status tag: icon and word in a tone."""
    return format_html('<span class="tag" data-tone="{}">{}{}</span>', tone, tone_icon(tone, name), text)


@register.simple_tag
def chip(clock: Any, url: str = "") -> SafeString:
    """A deadline chip (what `clock` must offer: see clock_words.chip_of)."""
    if clock is None:
        return SafeString("")
    facts = chip_of(clock)
    address = url or facts.url
    body = format_html("{}{}", tone_icon(facts.tone, facts.icon), facts.text)
    if facts.is_urgent:
        body = format_html("{}<b>‼ {}</b>", tone_icon(facts.tone, facts.icon), facts.text)
    if address:
        return format_html('<a class="chip" data-tone="{}" href="{}">{}</a>', facts.tone, address, body)
    return format_html('<span class="chip" data-tone="{}">{}</span>', facts.tone, body)


@register.filter
def control_id(field: BoundField) -> str:
    """The id that a link to this field must aim at: its first control."""
    if field.use_fieldset and field.widget_type in {"radioselect", "checkboxselectmultiple"}:
        return f"{field.auto_id}_0"
    return field.id_for_label or field.auto_id


@register.filter
def why_asked(field: BoundField) -> str:
    """The line "为什么问" that the form set on its field, or nothing."""
    return getattr(field.field, "why", "")


@register.filter
def widget_kind(field: BoundField) -> str:
    """textinput, checkbox, radioselect, ... for the field template."""
    return field.widget_type


def _errors_of(form: BaseForm) -> list[dict[str, str]]:
    found = [{"target": "main", "label": "", "text": str(text)} for text in form.non_field_errors()]
    for bound in form:
        target = control_id(bound) if not bound.is_hidden else "main"
        label = "" if bound.is_hidden else str(bound.label)
        found += [{"target": target, "label": label, "text": str(text)} for text in bound.errors]
    return found


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm | BaseFormSet[Any] | None) -> dict[str, Any]:
    """The list of all that is wrong in these forms and formsets, each line a link to its control."""
    errors: list[dict[str, str]] = []
    for form in forms:
        if form is None or not form.is_bound:
            continue
        if isinstance(form, BaseFormSet):
            errors += [{"target": "main", "label": "", "text": str(text)} for text in form.non_form_errors()]
            for child in form.forms:
                errors += _errors_of(child)
        else:
            errors += _errors_of(form)
    return {"errors": errors}
