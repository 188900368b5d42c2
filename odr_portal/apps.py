"""The wiring itself as an app: commands that belong to no single part."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "odr_portal"
