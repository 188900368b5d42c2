"""The tag that puts a proof of work into a form (built in: no load line needed)."""

from typing import Any

from django import template
from django.utils import timezone

from accounts.sign_in.codes import new_task

register = template.Library()


@register.inclusion_tag("components/proof.html", takes_context=True)
def proof_of_work(context: dict[str, Any], buttons: str = "") -> dict[str, str]:
    """A small search that the browser does unseen before the form goes out (accounts/sign_in/codes.py).

    ``buttons``: names of the buttons that need it, with spaces between; the others do not wait. Empty: all.
    """
    level: int = getattr(context.get("request"), "work_level", 1)
    return {"task": new_task(now=timezone.now(), level=level), "buttons": buttons}
