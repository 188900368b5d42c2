"""The secrets of webhooks are sealed. Whoever had one changes it: the endpoints that stand are switched off."""

from django.db import migrations

from accounts.keys.sealed_fields import SealedText


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_person_keys'),
        ('enterprises', '0005_api_tokens'),
    ]

    operations = [
        migrations.RunSQL("update enterprises_webhookendpoint set state = 'off', paused_until = null", migrations.RunSQL.noop),
        migrations.RemoveField("webhookendpoint", "secret"),
        migrations.RemoveField("webhookendpoint", "previous_secret"),
        migrations.AddField("webhookendpoint", "secret", SealedText(default=b"", place=["public_id"]), preserve_default=False),
        migrations.AddField("webhookendpoint", "previous_secret", SealedText(blank=True, default=b"", place=["public_id"])),
    ]
