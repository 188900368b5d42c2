"""How every form field is drawn: the project's field template, found among the project's templates."""

from django.forms.renderers import TemplatesSetting


class PageRenderer(TemplatesSetting):
    """Draws fields with components/field.html and groups them into a form with components/form.html."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"
