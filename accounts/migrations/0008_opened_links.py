"""Which links with a key in their address were opened."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_account_changes")]

    operations = [
        migrations.CreateModel(
            name="OpenedLink",
            fields=[
                ("key_digest", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("form_digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={"indexes": [models.Index(fields=["at"], name="oldest_links_first")]},
        )
    ]
