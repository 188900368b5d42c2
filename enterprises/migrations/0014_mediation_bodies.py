"""Bodies to which an authority may hand a mediation."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('enterprises', '0013_stays_out'),
    ]

    operations = [
        migrations.CreateModel(
            name='MediationBody',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='自')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='至')),
                ('name', models.CharField(max_length=120, verbose_name='名称')),
                ('name_en', models.CharField(blank=True, default='', max_length=160)),
                ('kind', models.CharField(choices=[('association', '消费者协会、消费者权益保护委员会'), ('other', '依法成立的其他组织')], max_length=12)),
                ('legal_basis', models.CharField(max_length=300)),
                ('authority', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mediation_bodies', to='authorities.authority')),
                ('enterprise', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise')),
                ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.region')),
            ],
            options={
                'constraints': [
                    models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='mediation_body_ends_after_it_starts'),
                    models.CheckConstraint(condition=models.Q(('legal_basis', ''), _negated=True), name='mediation_body_names_its_basis'),
                    models.UniqueConstraint(fields=('authority', 'name', 'starts_on'), name='a_body_is_registered_once_a_day', nulls_distinct=False),
                ],
            },
        ),
    ]
