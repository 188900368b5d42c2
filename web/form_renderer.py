"""How every form field is drawn: the project's field template, found among the project's templates.

A form draws its fields with as_field_group, so that label, hint, error and control
are always tied together the same way.
"""

from django.forms.renderers import TemplatesSetting


class PageRenderer(TemplatesSetting):
    """Draws fields with components/field.html and groups them into a form with components/form.html."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
