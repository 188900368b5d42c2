"""Two ways into the tally: what counts for days far from its own, by place and enterprise; and first responses by day."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('oversight', '0005_director_letters'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='tally',
            index=models.Index(condition=models.Q(('open__isnull', False), ('waiting__isnull', False), ('ran_out__isnull', False), ('ran_out_taken__isnull', False), ('ran_out_ended__isnull', False), _connector='OR'), fields=['region', 'day', 'enterprise'], name='tally_that_lasts'),
        ),
        migrations.AddIndex(
            model_name='tally',
            index=models.Index(condition=models.Q(('response_minutes__isnull', False)), fields=['day', 'region'], include=('response_minutes',), name='tally_of_first_responses'),
        ),
    ]
