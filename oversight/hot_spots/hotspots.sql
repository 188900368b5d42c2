-- name: cells
-- A row a cell and number of weeks back: the seven days, and the one day. Cells of regions are added up the tree, so
-- each level has its own. Nothing but the tally's rows of what was received is read.
with
-- What was received in nine weeks, by how many weeks ago that is.
received as materialized (
    select
        region, enterprise, problem, object,
        (%(day)s::date - day) / $week as lag,
        (%(day)s::date - day) %% $week = 0 as is_day
    from $tally
    where kind = 'received' and day <= %(day)s::date and day > %(day)s::date - $nine_weeks
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
-- Of the week and the day itself, and of the eight before each the sum and the sum of squares.
$cells
select
    whose, of, facet,
    coalesce(sum(n) filter (where lag = 0), 0)::bigint,
    coalesce(sum(n) filter (where lag > 0), 0)::bigint,
    coalesce(sum(n * n) filter (where lag > 0), 0)::bigint,
    coalesce(sum(d) filter (where lag = 0), 0)::bigint,
    coalesce(sum(d) filter (where lag > 0), 0)::bigint,
    coalesce(sum(d * d) filter (where lag > 0), 0)::bigint
from cells
group by 1, 2, 3

-- name: eight
-- The counts of the few cells that are found.
$cells
select whose, of, facet, lag, n, d
from cells
join unnest(%(whose)s::text[], %(of)s::bigint[], %(facets)s::text[]) as w (whose, of, facet) using (whose, of, facet)
where lag > 0

-- name: began
select exists (
    select from $tally
    where kind = 'received'
        and day <= %(day)s::date - $eight_weeks and day > %(day)s::date - $nine_weeks
)
