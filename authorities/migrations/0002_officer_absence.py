"""Leave of officers: from–to, with a deputy; its start hands over their open cases."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='OfficerAbsence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('entered_at', models.DateTimeField()),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancelled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('deputy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.officer')),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('officer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='absences', to='authorities.officer')),
            ],
            options={
                'ordering': ['starts_on', 'id'],
                'indexes': [models.Index(condition=models.Q(('cancelled_at', None)), fields=['ends_on'], name='officers_leave_that_counts')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='an_officers_leave_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('deputy', None), models.Q(('deputy', models.F('officer')), _negated=True), _connector='OR'), name='no_officer_deputises_for_themselves')],
            },
        ),
    ]
