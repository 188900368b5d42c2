"""Words, dates, icons and keys for templates (built in: no load line needed)."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

import heroicons
import msgspec
from django import template
from django.core.cache import cache
from django.forms import BaseForm, BaseFormSet
from django.forms.boundfield import BoundField, BoundWidget
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from web.dates import day, day_short, last_day, last_day_short, moment
from web.deadline_chip import chip_of
from web.languages import language_tag, named, reads_chinese
from web.listing import joined, listed

register = template.Library()

_HAN, _LATIN = re.compile(r"[\u3400-\u9fff]"), re.compile(r"[A-Za-z]")
TONE_ICONS = {
    "neutral": "ellipsis-horizontal-circle",
    "info": "information-circle",
    "ok": "check-circle",
    "warn": "clock",
    "bad": "exclamation-triangle",
    "authority": "scale",
}
#: Seconds for which the memory of the process holds a part of a page (`include_kept`).
KEPT = 600


@register.filter
def money(value: Decimal | float | str | None) -> str:
    """128.5 → ¥128.50; nothing → –."""
    if value is None or value == "":
        return "–"
    return f"¥{Decimal(value):,.2f}"


@register.filter
def name_of(row: Any) -> str:
    """The name of a directory row in the reader's language, the Chinese one if there is no other."""
    return named(row) if row else ""


for _filter in (day, day_short, last_day, last_day_short, moment, listed, joined, language_tag):
    register.filter(_filter)


@register.simple_tag
def include_kept(name: str, **given: Any) -> SafeString:
    """As `{% include name with … only %}`, drawn anew only where what is given, or the language, is another.

    For large parts that stay the same for minutes. Only plain values and dataclasses of them can be given: TypeError
    for a row of the database, whose words do not say all that a template may ask of it.
    """
    said = msgspec.msgpack.encode((name, get_language(), timezone.get_current_timezone_name(), given), enc_hook=_words)
    result: SafeString | None = cache.get(key := "part:" + sha256(said).hexdigest())
    if result is None:
        result = render_to_string(name, given)
        cache.set(key, result, KEPT)
    return result


def _words(value: Any) -> str | tuple[str, str]:
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, SafeString):
        # Drawn otherwise than the same text that must be escaped.
        return "safe", value[:]
    raise TypeError(f"include_kept: a part of a page cannot be kept by {type(value).__module__}.{type(value).__name__}")


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
    """A deadline chip (what `clock` must offer: see web/deadline_chip.chip_of)."""
    if clock is None:
        return SafeString("")
    facts = chip_of(clock)
    address = url or facts.url
    body = format_html("{}{}", tone_icon(facts.tone, facts.icon), facts.text)
    if facts.is_urgent:
        body = format_html("{}<b>‼ {}</b>", tone_icon(facts.tone, facts.icon), facts.text)
    kind = "chip is-theirs" if facts.is_theirs else "chip"
    if address:
        return format_html('<a class="{}" data-tone="{}" href="{}">{}</a>', kind, facts.tone, address, body)
    return format_html('<span class="{}" data-tone="{}">{}</span>', kind, facts.tone, body)


@register.filter
def lang(text: object) -> str:
    """The attribute of an element whose text people typed: that it is Chinese, on a page in another language."""
    if reads_chinese() or not text:
        return ""
    characters, letters = len(_HAN.findall(str(text))), len(_LATIN.findall(str(text)))
    return SafeString('lang="zh-Hans"') if 2 * characters > letters else ""


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


@register.filter
def unfocused(option: BoundWidget) -> str:
    """The second and later choices of a group that has the focus: one element of a page may ask for it."""
    option.data["attrs"].pop("autofocus", None)
    return option.tag()


def _errors_of(form: BaseForm) -> list[dict[str, str]]:
    results = [{"target": "main", "label": "", "text": str(text)} for text in form.non_field_errors()]
    for bound in form:
        target = control_id(bound) if not bound.is_hidden else "main"
        label = "" if bound.is_hidden else str(bound.label)
        results += [{"target": target, "label": label, "text": str(text)} for text in bound.errors]
    return results


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
