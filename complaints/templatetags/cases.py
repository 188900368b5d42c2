"""{% urgent case %}: the mark of an urgent case in a list, nothing for any other; {% urgent case is_whole=True %}: with
the causes in sight."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from complaints.models import Complaint
from complaints.procedure.urgency import urgent_text
from web.templatetags.portal import tag

register = template.Library()


@register.simple_tag
def urgent(case: Complaint, *, is_whole: bool = False) -> SafeString:
    """In a list the causes are read out and shown on hovering; they would cut the row."""
    text = urgent_text(case.facts)
    if not text:
        return SafeString("")
    shown = text if is_whole else format_html('<span title="{0}">{1}<span class="vh"> {0}</span></span>', text, _("急"))
    return tag(shown, "warn", "exclamation-triangle")
