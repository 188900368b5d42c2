"""{% urgent case %}: the mark of an urgent case, nothing for any other."""

from django import template
from django.utils.safestring import SafeString

from complaints.models import Complaint
from complaints.procedure.urgency import urgent_text
from web.templatetags.portal import tag

register = template.Library()


@register.simple_tag
def urgent(case: Complaint) -> SafeString:
    text = urgent_text(case.facts)
    return tag(text, "warn", "exclamation-triangle") if text else SafeString("")
