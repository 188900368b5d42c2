import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_administrators'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccountClosing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('closed_at', models.DateTimeField()),
                ('destroy_after', models.DateTimeField()),
                ('destroyed_at', models.DateTimeField(null=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='closing', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('destroyed_at__isnull', True)), fields=['destroy_after'], name='accounts_to_destroy')],
                'constraints': [models.CheckConstraint(condition=models.Q(('destroyed_at__isnull', True), ('destroyed_at__gte', models.F('destroy_after')), _connector='OR'), name='nothing_is_destroyed_before_its_time')],
            },
        ),
    ]
