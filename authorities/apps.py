"""How Django knows this app."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AuthoritiesConfig(AppConfig):
    name = "authorities"
    label = "authorities"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(_policies_that_the_code_asks_for, sender=self)


def _policies_that_the_code_asks_for(
    *, using: str, apps: Any = None, plan: Any = None, verbosity: int = 1, **_options: Any
) -> None:
    """After ``migrate``: a number that is new in this release gets its default. A flush brings none back."""
    from authorities.loading import add_missing_policies

    if plan is None:
        return
    try:
        model = apps.get_model("authorities", "Policy")
    except LookupError:
        # Taken back to before there were any.
        return
    added = add_missing_policies(model, using=using)
    if added and verbosity:
        print(f"  Added {added} policies with their national defaults.")
