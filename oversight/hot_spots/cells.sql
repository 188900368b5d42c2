-- name: grouped
-- Cells, what is counted of each, and by what (key). Those of regions are added up the tree, so each level has its own.
-- Nothing but the tally's rows of what was received is read.
with
received as materialized (
    select region, enterprise, problem, object, {columns}
    from $tally
    where kind = 'received' and day <= %(day)s::date and day > %(day)s::date - {days}
),
-- Cells of enterprises: all, and each problem.
firms as (
    select enterprise as of, facet, {counts}
    from received, lateral (values (''), ('p:' || problem)) f (facet)
    where enterprise is not null and facet <> 'p:'
    group by enterprise, facet{key}
),
-- Cells of the smallest places: all, each problem and each object.
places as (
    select region, facet, {counts}
    from received, lateral (values (''), ('p:' || problem), ('o:' || object)) f (facet)
    where facet not in ('p:', 'o:')
    group by region, facet{key}
),
-- The regions in which these places lie.
within as materialized (
    select r.region, up.id as above
    from (select distinct region from received) r
    join authorities_region up on r.region between up.id and up.last
),
regions as (
    select w.above as of, facet, {sums}
    from places
    join within w using (region)
    group by w.above, facet{key}
),
cells as materialized (
    select 'e' as whose, * from firms
    union all
    select 'r', * from regions
)

-- name: counted
-- Of the week and the day itself, and of the eight before each the sum: of the cells with a count that may be shown,
-- and of a part of all others, chosen by their names alone. The last rows say how many cells have enough in all nine
-- to be looked at: of each enterprise and region those of weeks and those of days.
$grouped,
drawn as (
    select c.*, c.lot %% greatest(1, count(*) over () / $sample) = 0 as is_drawn
    from (select *, (hashint8(of) # hashtext(facet)) & 2147483647 as lot from cells) c
)
select whose, of, facet, week, weeks, today, days, lot, is_drawn
from drawn
where week >= $fewest or is_drawn
union all
select whose, of, null, count(*) filter (where week + weeks >= $fewest), 0, count(*) filter (where today + days >= $fewest),
    0, 0, false
from cells
group by 1, 2

-- name: weeks
-- By week: of the cells in which a run may stand out, and of a part of all others, chosen by their names alone. A run
-- may where it lies that far above what came if all its like fell as much as any of them did. The last row says how
-- many cells have enough in the longest run and the weeks before it to be looked at.
$grouped,
summed as materialized (
    select
        whose, of, facet, array_agg(lag) as lags, array_agg(n) as counts,
        $upto
    from cells
    group by 1, 2, 3
),
drawn as (
    select s.*, s.lot %% greatest(1, count(*) over () / $sample) = 0 as is_drawn
    from (select *, (hashint8(of) # hashtext(facet)) & 2147483647 as lot from summed) s
)
select whose, of, facet, lot, is_drawn, lags, counts
from drawn
where is_drawn or exists (
    select from (values $runs) r (long, n, usual)
    where n >= $fewest
        and n - usual * %(least)s::float8 * long / $run_usual > $far * sqrt(usual * %(least)s::float8 * long / $run_usual)
)
union all
select null, null, null, count(*), null, null, null from summed where $longest >= $fewest

-- name: exposure
-- What was received on each day in the whole country, by the classes of problem and object.
select %(day)s::date - day, enterprise is not null, split_part(problem, '.', 1), split_part(object, '.', 1), count(*)
from $tally
where kind = 'received' and day <= %(day)s::date and day > %(day)s::date - %(past_days)s
group by 1, 2, 3, 4

-- name: series
-- The counts of single cells by day: of each, by its number in the lists, how many so many days back.
with
wanted as materialized (
    select nr, whose, of, left(facet, 1) as kind, substr(facet, 3) as category
    from unnest(%(whose)s::text[], %(of)s::bigint[], %(facets)s::text[]) with ordinality as w (whose, of, facet, nr)
),
received as materialized (
    select region, enterprise, problem, object, %(day)s::date - day as lag
    from $tally
    where kind = 'received' and day <= %(day)s::date and day > %(day)s::date - $past_days
),
-- The smallest places in which the wanted regions' complaints lie.
places as materialized (
    select r.region, w.nr, w.kind, w.category
    from (select distinct region from received) r
    join (select * from authorities_region where id in (select of from wanted where whose = 'r')) up
        on r.region between up.id and up.last
    join wanted w on w.whose = 'r' and w.of = up.id
),
found as (
    select w.nr, r.lag
    from received r
    join wanted w on w.whose = 'e' and w.of = r.enterprise and (w.kind = '' or w.category = r.problem)
    union all
    select p.nr, r.lag from received r join places p on p.region = r.region and p.kind = ''
    union all
    select p.nr, r.lag from received r join places p on p.region = r.region and p.kind = 'p' and p.category = r.problem
    union all
    select p.nr, r.lag from received r join places p on p.region = r.region and p.kind = 'o' and p.category = r.object
)
select nr::int, lag, count(*) from found group by 1, 2

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
