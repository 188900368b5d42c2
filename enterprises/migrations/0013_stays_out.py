"""Who was shut out when its enrolment ended stays out."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0012_answer_templates'),
    ]

    operations = [
        migrations.AddField(
            model_name='enterprise',
            name='stays_out',
            field=models.BooleanField(default=False),
        ),
    ]
