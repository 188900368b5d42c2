"""What an officer writes to a forwarding is sealed: it stood in the clear among the facts of the decision."""

from typing import Any

from django.db import migrations
from django.db.models import Q

from accounts.keys.sealed_fields import SealedText
from accounts.keys.sealing_rows import seal_rows

_TABLE, _NAME = "complaints_forwardingdecision", "forwardingdecision"
_LIFTED = f"drop trigger {_NAME}_is_append_only on {_TABLE}"
#: As before, but that the note can be emptied when its person is erased.
_STANDING = [
    f"create trigger {_NAME}_is_only_erased before update on {_TABLE} "
    "for each row execute function refuse_change_but_erasure('note')",
    f"create trigger {_NAME}_is_never_deleted before delete on {_TABLE} for each row execute function refuse_change()",
    f"grant update (note) on {_TABLE} to portal_steps",
]


def seal(apps: Any, schema_editor: Any) -> None:
    seal_rows(apps.get_model("complaints", "ForwardingDecision"), {"note": lambda row: row.explanation["note"]},
              which=Q(explanation__has_key="note") & ~Q(explanation__note=""))


class Migration(migrations.Migration):
    dependencies = [("complaints", "0042_sets_in_two_names"), ("accounts", "0009_sealed_messages")]

    operations = [
        migrations.RunSQL(_LIFTED, migrations.RunSQL.noop),
        migrations.AddField("forwardingdecision", "note", SealedText(
            blank=True, default=b"", whose="complaint.consumer_key", place=["complaint_id", "at", "verdict"], free_text=True),
            preserve_default=False),
        migrations.RunPython(seal),
        migrations.RunSQL(f"update {_TABLE} set explanation = explanation - 'note' where explanation ? 'note'",
                          migrations.RunSQL.noop),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RunSQL(_STANDING, migrations.RunSQL.noop),
    ]
