"""Who came into a demo after its data counts as of the demo, as whoever comes in from now on does (User.is_demo)."""

from typing import Any

from django.conf import settings
from django.db import migrations


def mark(apps: Any, _schema_editor: Any) -> None:
    """Only where this is a demo and the demo data began the database."""
    users = apps.get_model("accounts", "User").objects
    oldest = users.order_by("pk").first()
    if settings.DEMO and oldest is not None and oldest.is_demo:
        users.filter(is_demo=False).update(is_demo=True)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_row_tags")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]
