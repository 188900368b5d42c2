"""Codes are found by a digest of their address; messages and kept answers are sealed."""

from typing import Any

from django.db import migrations, models

from accounts.keys.sealed_fields import BlindIndex, SealedText, digest_of
from accounts.keys.sealing_rows import sealed_columns

_MESSAGE = ("channel", "created_at")


def digest(apps: Any, schema_editor: Any) -> None:
    codes = apps.get_model("accounts", "SignInCode")
    for code in codes.objects.all():
        code.address_digest = digest_of("email" if "@" in code.address else "phone", code.address) or b""
        code.save(update_fields=["address_digest"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_person_keys")]

    operations = [
        migrations.RemoveIndex("signincode", "newest_code_of_an_address"),
        migrations.AddField("signincode", "address_digest", BlindIndex(default=b""), preserve_default=False),
        migrations.RunPython(digest),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RemoveField("signincode", "address"),
        migrations.AddIndex("signincode", models.Index(
            fields=["address_digest", "purpose", "-created_at"], name="newest_code_of_an_address")),
        *sealed_columns("accounts", "outgoingmessage", {
            "address": SealedText(whose="person_key", place=_MESSAGE),
            "subject": SealedText(blank=True, whose="person_key", place=_MESSAGE),
            "body": SealedText(blank=True, whose="person_key", place=_MESSAGE),
        }),
        *sealed_columns("accounts", "idempotencykey", {"answer": SealedText(null=True, place=("actor", "key"))},
                        lambda kept: None if kept is None else bytes(kept).decode("latin-1")),
    ]
