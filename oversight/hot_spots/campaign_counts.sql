-- name: cell
-- What a campaign is about: its place, object and problem.
region between %(region)s and (select last from authorities_region where id = %(region)s)
    and (%(sector)s = '' or object = %(sector)s)
    and (%(problem)s = '' or problem = %(problem)s)

-- name: sums
-- Of each enterprise between two days, of stages in the days in which they ended or their time ran out.
select
    enterprise, coalesce(sum(received), 0)::int,
    coalesce(sum(in_time), 0)::int, coalesce(sum(ran_out), 0)::int,
    coalesce(sum(ended_settled), 0)::int,
    (coalesce(sum(ended_unconfirmed), 0) + coalesce(sum(ended_settled_elsewhere), 0) + coalesce(sum(ended_failed), 0))::int
from $tally
where day >= %(first)s and day <= %(last)s and enterprise is not null {firms} and $cell
group by enterprise

-- name: weekly
-- The same by weeks around a day, which is in none of them: -1 ends the day before it, 0 begins the day after.
select
    enterprise,
    case when day < %(call)s::date then floor((day - %(call)s::date) / 7.0)
        else floor((day - %(call)s::date - 1) / 7.0) end::int as week,
    coalesce(sum(received), 0)::int,
    coalesce(sum(in_time), 0)::int, coalesce(sum(ran_out), 0)::int,
    coalesce(sum(ended_settled), 0)::int,
    (coalesce(sum(ended_unconfirmed), 0) + coalesce(sum(ended_settled_elsewhere), 0) + coalesce(sum(ended_failed), 0))::int
from $tally
where day >= %(first)s and day <= %(last)s and day <> %(call)s::date and enterprise = any(%(firms)s) and $cell
group by 1, 2

-- name: began
-- The first day of which the portal has complaints.
select min(day) from $tally where kind = 'received'
