"""Indexes that another index does the work of go: each was paid for with every step.

A unique index or one for reading a case begins with the complaint already; and where text is
compared by code point, the plain index of a number also finds its beginning.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0006_levels'),
        ('enterprises', '0002_published_figures'),
    ]

    operations = [
        migrations.RunSQL(
            "drop index if exists complaints_complaint_number_0bd00cd2_like",
            "create index if not exists complaints_complaint_number_0bd00cd2_like "
            "on complaints_complaint (number varchar_pattern_ops)"),
        migrations.AlterField(
            model_name='deadline',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deadlines', to='complaints.complaint'),
        ),
        migrations.AlterField(
            model_name='demand',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='demands', to='complaints.complaint'),
        ),
        migrations.AlterField(
            model_name='engagement',
            name='branch',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='engagements', to='enterprises.branch'),
        ),
        migrations.AlterField(
            model_name='engagement',
            name='enterprise',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='engagements', to='enterprises.enterprise'),
        ),
        migrations.AlterField(
            model_name='handlingstep',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='complaints.complaint'),
        ),
        migrations.AlterField(
            model_name='matter',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='matters', to='complaints.complaint'),
        ),
        migrations.AlterField(
            model_name='notice',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='complaints.complaint'),
        ),
        migrations.AlterField(
            model_name='obligation',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='obligations', to='complaints.complaint'),
        ),
        migrations.AlterField(
            model_name='offer',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='complaints.complaint'),
        ),
        migrations.AlterField(
            model_name='personaltext',
            name='complaint',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='texts', to='complaints.complaint'),
        ),
    ]
