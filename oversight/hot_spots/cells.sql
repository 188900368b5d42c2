-- name: grouped
-- Cells and how many there are of each by lag. Those of regions are added up the tree, so each level has its own.
-- Nothing but the tally's rows of what was received is read.
with
received as materialized (
    select region, enterprise, problem, object, {lag} as lag, {day} as is_day
    from $tally
    where kind = 'received' and day <= %(day)s::date and day > %(day)s::date - {days}
),
-- Cells of enterprises: all, and each problem.
firms as (
    select enterprise as of, facet, lag, count(*) as n, count(*) filter (where is_day) as d
    from received, lateral (values (''), ('p:' || problem)) f (facet)
    where enterprise is not null and facet <> 'p:'
    group by 1, 2, 3
),
-- Cells of the smallest places: all, each problem and each object.
places as (
    select region, facet, lag, count(*) as n, count(*) filter (where is_day) as d
    from received, lateral (values (''), ('p:' || problem), ('o:' || object)) f (facet)
    where facet not in ('p:', 'o:')
    group by 1, 2, 3
),
-- The regions in which these places lie.
within as materialized (
    select r.region, up.id as above
    from (select distinct region from received) r
    join authorities_region up on r.region between up.id and up.last
),
regions as (
    select w.above as of, p.facet, p.lag, sum(p.n)::bigint as n, sum(p.d)::bigint as d
    from places p
    join within w using (region)
    group by 1, 2, 3
),
cells as (
    select 'e' as whose, of, facet, lag, n, d from firms
    union all
    select 'r', of, facet, lag, n, d from regions
)

-- name: counted
-- Of the week and the day itself, and of the eight before each the sum: of the cells with a count that may be shown,
-- and of a part of all others, chosen by their names alone. The last rows say how many cells have enough in all nine
-- to be looked at: of each enterprise and region those of weeks and those of days.
$grouped,
summed as materialized (
    select
        whose, of, facet,
        coalesce(sum(n) filter (where lag = 0), 0)::bigint as week,
        coalesce(sum(n) filter (where lag > 0), 0)::bigint as weeks,
        coalesce(sum(d) filter (where lag = 0), 0)::bigint as today,
        coalesce(sum(d) filter (where lag > 0), 0)::bigint as days
    from cells
    group by 1, 2, 3
),
drawn as (
    select s.*, s.lot %% greatest(1, count(*) over () / $sample) = 0 as is_drawn
    from (select *, (hashint8(of) # hashtext(facet)) & 2147483647 as lot from summed) s
)
select whose, of, facet, week, weeks, today, days, lot, is_drawn
from drawn
where week >= $fewest or is_drawn
union all
select whose, of, null, count(*) filter (where week + weeks >= $fewest), 0, count(*) filter (where today + days >= $fewest),
    0, 0, false
from summed
group by 1, 2

-- name: weeks
-- By week: of the cells in which a run may stand out, and of a part of all others, chosen by their names alone. A run
-- may where it lies that far above what came if all its like fell as much as any of them did. The last row says how
-- many cells have enough in the longest run and the weeks before it to be looked at.
$grouped,
summed as materialized (
    select
        whose, of, facet,
        $upto
    from cells
    group by 1, 2, 3
),
drawn as (
    select s.*, s.lot %% greatest(1, count(*) over () / $sample) = 0 as is_drawn
    from (select *, (hashint8(of) # hashtext(facet)) & 2147483647 as lot from summed) s
),
chosen as materialized (
    select whose, of, facet, lot, is_drawn
    from drawn
    where is_drawn or exists (
        select from (values $runs) r (long, n, usual)
        where n >= $fewest
            and n - usual * %(least)s::float8 * long / $run_usual > $far * sqrt(usual * %(least)s::float8 * long / $run_usual)
    )
)
select whose, of, facet, lot, is_drawn, array_agg(c.lag), array_agg(c.n)
from chosen
join cells c using (whose, of, facet)
group by 1, 2, 3, 4, 5
union all
select null, null, null, count(*), null, null, null from summed where $longest >= $fewest

-- name: exposure
-- What was received on each day in the whole country, by the classes of problem and object.
select %(day)s::date - day, enterprise is not null, split_part(problem, '.', 1), split_part(object, '.', 1), count(*)
from $tally
where kind = 'received' and day <= %(day)s::date and day > %(day)s::date - %(past_days)s
group by 1, 2, 3, 4

-- name: series
-- The counts of single cells by day.
with
wanted as materialized (
    select * from unnest(%(whose)s::text[], %(of)s::bigint[], %(facets)s::text[]) as w (whose, of, facet)
),
received as materialized (
    select region, enterprise, problem, object, %(day)s::date - day as lag, count(*) as n
    from $tally
    where kind = 'received' and day <= %(day)s::date and day > %(day)s::date - $past_days
    group by 1, 2, 3, 4, 5
),
within as materialized (
    select r.region, up.id as above
    from (select distinct region from received) r
    join authorities_region up on r.region between up.id and up.last
    where up.id in (select of from wanted where whose = 'r')
)
select 'e', enterprise, facet, lag, sum(n)::bigint
from received
cross join lateral (values (''), ('p:' || problem)) f (facet)
join wanted w using (facet)
where w.whose = 'e' and w.of = enterprise
group by 1, 2, 3, 4
union all
select 'r', w.of, facet, lag, sum(n)::bigint
from received
join within using (region)
cross join lateral (values (''), ('p:' || problem), ('o:' || object)) f (facet)
join wanted w using (facet)
where w.whose = 'r' and w.of = above
group by 1, 2, 3, 4

-- name: began
select exists (
    select from $tally
    where kind = 'received'
        and day <= %(day)s::date - $eight_weeks and day > %(day)s::date - $nine_weeks
)

-- name: looked
-- How many cells were looked at, by place: of an enterprise its domicile.
insert into oversight_hotspotcells (place, day, weeks, days)
select coalesce(e.domicile_id, w.of), %(day)s, sum(w.weeks), sum(w.days)
from unnest(%(is_firm)s::boolean[], %(of)s::bigint[], %(weeks)s::int[], %(days)s::int[]) as w (is_firm, of, weeks, days)
left join enterprises_enterprise e on w.is_firm and e.id = w.of
where not w.is_firm or e.domicile_id is not null
group by 1
