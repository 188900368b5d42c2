"""How Django knows this app."""

from django.apps import AppConfig


class EnterprisesConfig(AppConfig):
    name = "enterprises"
    label = "enterprises"
    default_auto_field = "django.db.models.BigAutoField"
