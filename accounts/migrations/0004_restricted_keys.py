"""A key may be restricted before it is destroyed: what it closes is kept and no longer shown.

That an account is closed, and until when its data are kept, stood in a table of its own; it stands with the key now, so
that it is said of people without an account too."""

from django.db import migrations, models
from django.db.models import F, Q

CLOSED = """
update accounts_personkey k
set restricted_at = case when k.destroyed_at is null then c.closed_at end, destroy_after = c.destroy_after
from accounts_accountclosing c join accounts_user u on u.id = c.user_id
where k.person = u.person_key and (k.destroyed_at is null or k.destroyed_at >= c.destroy_after)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_roles")]

    operations = [
        migrations.AddField("personkey", "restricted_at", models.DateTimeField(null=True)),
        migrations.AddField("personkey", "destroy_after", models.DateTimeField(null=True)),
        migrations.RunSQL(CLOSED, migrations.RunSQL.noop),
        migrations.AddConstraint(
            "personkey",
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True)
                | Q(destroy_after__isnull=True)
                | Q(destroyed_at__gte=F("destroy_after")),
                name="nothing_is_destroyed_before_its_time",
            ),
        ),
        migrations.AddConstraint(
            "personkey",
            models.CheckConstraint(
                condition=Q(restricted_at__isnull=True) | Q(destroy_after__isnull=False),
                name="restricted_key_has_its_day",
            ),
        ),
        migrations.AddIndex(
            "personkey",
            models.Index(
                fields=["destroy_after"],
                name="keys_to_destroy",
                condition=Q(restricted_at__isnull=False, destroyed_at__isnull=True),
            ),
        ),
        migrations.DeleteModel("AccountClosing"),
    ]
