"""First responses of provinces and of the country by day, so that a week of them is read from cells and not case by case."""

from django.db import migrations, models

#: As `rollup_sums` adds them up; what is folded later is added to it.
_FILLED = """
insert into oversight_dayspread (region, what, day, bucket, n)
with recursive up (of, at) as (
    select distinct region, region from oversight_tally
    union select up.of, r.parent_id from up join authorities_region r on r.id = up.at where r.parent_id is not null)
select up.at, 'response_minutes', t.day,
       case when t.response_minutes <= 20 then t.response_minutes
            else 20 + ceil(ln(t.response_minutes / 20::float8) / ln(1.1::float8)) end::smallint, count(*)
from oversight_tally t join up on up.of = t.region join authorities_region r on r.id = up.at
where r.level in ('country', 'province') and t.response_minutes is not null
group by 1, 2, 3, 4
"""


class Migration(migrations.Migration):
    dependencies = [("oversight", "0012_folded_hot_spots")]

    operations = [
        migrations.CreateModel(
            name="DaySpread",
            fields=[
                ("pk", models.CompositePrimaryKey("region", "what", "day", "bucket", blank=True, editable=False,
                                                  primary_key=True, serialize=False)),
                ("region", models.IntegerField()),
                ("what", models.CharField(max_length=16)),
                ("day", models.DateField()),
                ("bucket", models.SmallIntegerField()),
                ("n", models.IntegerField()),
            ],
        ),
        migrations.RunSQL(_FILLED, migrations.RunSQL.noop),
    ]
