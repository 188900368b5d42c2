"""How every form field is drawn: the project's field template, found among the project's templates.

A form draws its fields with as_field_group, so that label, hint, error and control
are always tied together the same way.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString


class PageRenderer(TemplatesSetting):
    """Draws fields with components/field.html and groups them into a form with components/form.html.

    A choice of one is drawn here: Django's template takes two more for each option, which for the ninety options of the
    first page of oversight was a tenth of that page.
    """

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        if template_name == "django/forms/widgets/select.html":
            return _select(context["widget"])
        return super().render(template_name, context, request)


def _select(widget: Mapping[str, Any]) -> SafeString:
    """The same as Django's template says."""
    groups = []
    for name, options, _index in widget["optgroups"]:
        drawn = " ".join(
            f'<option value="{escape(str(one["value"]))}"{_attributes(one["attrs"])}>'
            f"{conditional_escape(one['label'])}</option>"
            for one in options
        )
        groups.append(f'<optgroup label="{conditional_escape(name)}"> {drawn} </optgroup>' if name else drawn)
    named = f'name="{conditional_escape(widget["name"])}"{_attributes(widget["attrs"])}'
    return SafeString(f"<select {named}> {' '.join(groups)} </select>")


def _attributes(given: Mapping[str, Any]) -> str:
    return "".join(
        f" {escape(name)}" if value is True else f' {escape(name)}="{escape(str(value))}"'
        for name, value in given.items()
        if value is not False
    )
