"""What a program was answered is kept with its key."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_closing'),
    ]

    operations = [
        migrations.AddField(
            model_name='idempotencykey',
            name='answer',
            field=models.BinaryField(null=True),
        ),
    ]
