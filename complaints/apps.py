"""How Django knows this app."""

from django.apps import AppConfig


class ComplaintsConfig(AppConfig):
    name = "complaints"
    label = "complaints"
    default_auto_field = "django.db.models.BigAutoField"
