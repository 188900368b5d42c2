"""Pages of oversight that an authority keeps under a name; no case, so no policies: asked for by the authorities of an officer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0002_officer_absence'),
        ('oversight', '0007_system_checks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OversightView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(unique=True)),
                ('made_at', models.DateTimeField()),
                ('name', models.CharField(max_length=40)),
                ('page', models.CharField(max_length=20)),
                ('query', models.CharField(blank=True, max_length=600)),
                ('authority', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('made_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['name', 'id'],
                'constraints': [models.UniqueConstraint(fields=('authority', 'name'), name='a_view_has_one_name_at_an_authority')],
            },
        ),
    ]
