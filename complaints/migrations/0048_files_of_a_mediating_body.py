"""The body to which a mediation was handed sends files by its link: without an account, and not the respondent."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0047_lists_of_what_is_owed'),
    ]

    operations = [
        migrations.AddField(
            model_name='evidence',
            name='by_body',
            field=models.BooleanField(default=False),
        ),
    ]
