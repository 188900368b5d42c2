"""What people said and are called is sealed with its salt; the clear columns go.

The salt goes with it: beside a digest it lets anybody try all phone numbers. The triggers that allow only emptying
are lifted for the sealing, and stand again, over the sealed column, when this migration is through.
"""

from typing import Any

from django.db import migrations, models

from complaints.models.record import with_salt
from accounts.keys import keyring
from accounts.keys.sealed_fields import SealedText
from accounts.keys.sealing_rows import seal_rows
from accounts.keys import sealing

_TABLES = ("personaltext", "recordedname")
# Bytes that were emptied read \\x in json, texts nothing.
_EMPTIED = """
create or replace function refuse_change_but_erasure() returns trigger language plpgsql as $$
declare
    before jsonb := to_jsonb(old) - tg_argv[0];
    after jsonb := to_jsonb(new) - tg_argv[0];
begin
    if before <> after or (to_jsonb(new) ->> tg_argv[0]) not in ('', '\\x') then
        raise exception 'a personal text can be emptied, not changed: % is refused', tg_table_name;
    end if;
    return new;
end $$
"""
_LIFTED = [f"drop trigger {name}_is_only_erased on complaints_{name}" for name in _TABLES]
_STANDING = [_EMPTIED, *(
    f"create trigger {name}_is_only_erased before update on complaints_{name} "
    f"for each row execute function refuse_change_but_erasure('sealed')" for name in _TABLES)]


def seal(apps: Any, schema_editor: Any) -> None:
    seal_rows(apps.get_model("complaints", "PersonalText"),
              {"sealed": lambda row: with_salt(bytes(row.salt), row.text) if row.text else ""})
    names = apps.get_model("complaints", "RecordedName")
    seal_rows(names, {"sealed": lambda row: with_salt(bytes(row.salt), row.name) if row.name else "", "mark": _mark})


def _mark(row: Any) -> bytes:
    secret = keyring.secrets_of([row.person_key], make=True).get(row.person_key)
    return sealing.mark(row.name, secret=secret, place="recorded name") if secret and row.name else bytes(row.salt)


class Migration(migrations.Migration):
    dependencies = [("complaints", "0013_uploads"), ("accounts", "0008_person_keys")]

    operations = [
        migrations.RunSQL(_LIFTED, migrations.RunSQL.noop),
        migrations.AddField("personaltext", "sealed", SealedText(
            default=b"", whose="key_id", place=["complaint_id", "audience", "sequence", "kind", "digest"],
            free_text="is_free"), preserve_default=False),
        migrations.AddField("recordedname", "sealed", SealedText(
            default=b"", whose="person_key", place=["person_key", "digest"]), preserve_default=False),
        migrations.AddField("recordedname", "mark", models.BinaryField(default=b""), preserve_default=False),
        migrations.RunPython(seal),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RemoveConstraint("recordedname", "name_is_kept_once"),
        migrations.RemoveField("personaltext", "text"),
        migrations.RemoveField("personaltext", "salt"),
        migrations.RemoveField("recordedname", "name"),
        migrations.RemoveField("recordedname", "salt"),
        migrations.AddConstraint("recordedname", models.UniqueConstraint(
            fields=["person_key", "mark"], name="name_is_kept_once")),
        migrations.RunSQL(_STANDING, migrations.RunSQL.noop),
    ]
