"""Who runs the platform; and letters that are of use longer than a code."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_getting_in'),
    ]

    operations = [
        migrations.AddField(
            model_name='outgoingmessage',
            name='useful_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='Administrator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('system', '系统管理员'), ('security', '安全管理员'), ('audit', '审计管理员')], max_length=8)),
                ('since', models.DateTimeField()),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='duties', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ('system', 'security', 'audit'))), name='a_duty_is_one_of_three')],
            },
        ),
    ]
