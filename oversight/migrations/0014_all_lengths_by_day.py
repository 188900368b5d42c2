"""All lengths of provinces and of the country by day: of the country a month from the middle on was read case by case."""

from django.db import migrations

#: As `rollup_sums` adds them up; what is folded later is added to it.
_FILLED = """
insert into oversight_dayspread (region, what, day, bucket, n)
with recursive up (of, at) as (
    select distinct region, region from oversight_tally
    union select up.of, r.parent_id from up join authorities_region r on r.id = up.at where r.parent_id is not null)
select up.at, s.what, t.day, case when s.v <= s.exact then s.v else s.exact + ceil(ln(s.v / s.exact::float8) / ln(1.1::float8)) end::smallint, count(*)
from oversight_tally t
cross join lateral (values ('response_wd', t.response_wd, 120), ('accept_minutes', t.accept_minutes, 20),
                           ('handled_wd', t.handled_wd, 120), ('handled_cd', t.handled_cd, 120)) s (what, v, exact)
join up on up.of = t.region join authorities_region r on r.id = up.at
where r.level in ('country', 'province') and s.v is not null
group by 1, 2, 3, 4
"""


class Migration(migrations.Migration):
    dependencies = [("oversight", "0013_first_responses_by_day")]

    operations = [migrations.RunSQL(_FILLED, migrations.RunSQL.noop)]
