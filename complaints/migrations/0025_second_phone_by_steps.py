"""The second phone of an account lets somebody in, so the steps alone write it (database/writing.py)."""

from django.db import migrations

_OF_AN_ACCOUNT = (
    "INSERT OR DELETE OR UPDATE OF password, email, email_index, phone, phone_index, second_phone, second_phone_index,"
    " own_phone, own_phone_index, is_active, is_demo, person_key, contact_changed_at, tag"
)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0024_told_roles_alone"), ("accounts", "0012_second_phones")]

    operations = [
        migrations.RunSQL(
            [
                "drop trigger only_steps_write on accounts_user",
                f"create trigger only_steps_write after {_OF_AN_ACCOUNT} on accounts_user"
                " for each statement execute function only_steps_write()",
            ]
        )
    ]
