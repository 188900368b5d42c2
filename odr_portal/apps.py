"""The wiring itself as an app: commands that belong to no single part."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.backends.signals import connection_created


class PortalConfig(AppConfig):
    name = "odr_portal"

    def ready(self) -> None:
        from database import row_security
        from odr_portal import checks, deploy_checks
        from web.telemetry import traces

        register(checks.every_view_has_a_row)
        for check in deploy_checks.CHECKS:
            register(check, Tags.security, deploy=True)
        register(checks.the_document_key_can_be_used)
        register(checks.the_database_user_is_under_row_security, Tags.database)
        register(checks.ids_begin_at_the_province, Tags.database)
        connection_created.connect(row_security.begin_session)
        if traces.is_on():
            connection_created.connect(traces.watch_statements)
