"""The tag that says before a decision of two persons that it was asked for on this same device (built in)."""

from typing import Any

from django import template
from django.db.models import Model

from accounts.models import User
from accounts.sign_in import persons

register = template.Library()


@register.inclusion_tag("components/same_device.html", takes_context=True)
def asked_here(context: dict[str, Any], matter: Model | str) -> dict[str, bool]:
    """``matter``: a row, or what the decision is called. One statement a page, however many wait on it."""
    request = context.get("request")
    user = getattr(request, "user", None)
    if request is None or not isinstance(user, User):
        return {"is_same": False}
    if not hasattr(request, "asked_here"):
        request.asked_here = persons.asked_here(by_others_than=user)
    name = matter if isinstance(matter, str) else persons.matter_of(matter)
    return {"is_same": name in request.asked_here}
