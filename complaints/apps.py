"""How Django knows this app."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class ComplaintsConfig(AppConfig):
    name = "complaints"
    label = "complaints"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts.sign_in.contacts import contact_proven
        from authorities.loading import authorities_loaded
        from complaints.links import proving
        from complaints.record.beside import directory
        from enterprises.directory.naming import names_written

        post_migrate.connect(_lists_as_the_files_have_them, sender=self)
        names_written.connect(directory.names_written)
        authorities_loaded.connect(directory.authorities_loaded)
        contact_proven.connect(proving.contact_proven)
        post_migrate.connect(_keys_are_laid, sender=self)


def _lists_as_the_files_have_them(*, using: str, apps: Any = None, plan: Any = None, **_options: Any) -> None:
    """After ``migrate``. A flush empties no list (tests/server.py) and fills none."""
    from complaints.models.code_lists import fill_lists

    if plan is None:
        return
    try:
        fill_lists(apps, using=using)
    except LookupError:
        # Taken back to before there were any.
        return


def _keys_are_laid(*, using: str, plan: Any = None, **_options: Any) -> None:
    """After ``migrate``: the database knows the words of this SECRET_KEY, and what is withheld from callers."""
    from database import columns, request_words

    if plan is not None and "request_key" in connections[using].introspection.table_names():
        request_words.lay(connections[using])
        columns.grant(connections[using])
