"""How Django knows this app."""

from django.apps import AppConfig


class AuthoritiesConfig(AppConfig):
    name = "authorities"
    label = "authorities"
    default_auto_field = "django.db.models.BigAutoField"
