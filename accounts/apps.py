"""Registers the accounts app under its short label."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    default_auto_field = "django.db.models.BigAutoField"
    name = "accounts"
    label = "accounts"

    def ready(self) -> None:
        post_migrate.connect(_roles_as_the_file_has_them, sender=self)


def _roles_as_the_file_has_them(*, using: str, apps: Any = None, plan: Any = None, **_options: Any) -> None:
    """After ``migrate``. A flush empties no list (tests/server.py) and fills none."""
    from accounts.roles import listed
    from database.code_lists import fill

    if plan is None:
        return
    try:
        model = apps.get_model("accounts", "RoleCode")
    except LookupError:
        # Taken back to before there was one.
        return
    fill(model, listed(), using=using)
