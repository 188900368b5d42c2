"""Who changes from one enterprise to another that has the same case finds the row of the first in the way no more."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0029_offer_drafts'),
        ('enterprises', '0012_answer_templates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='offerdraft', name='a_person_drafts_an_offer_once'),
        migrations.RemoveConstraint(model_name='reading', name='a_person_reads_a_case_once'),
        migrations.AddConstraint(
            model_name='offerdraft',
            constraint=models.UniqueConstraint(fields=('complaint', 'user', 'enterprise'), name='a_person_drafts_an_offer_once'),
        ),
        migrations.AddConstraint(
            model_name='reading',
            constraint=models.UniqueConstraint(fields=('complaint', 'user', 'enterprise'), name='a_person_reads_a_case_once'),
        ),
    ]
