-- name: common
-- What is received in several of these cells at once, or in one that rose several times (rises), by day.
with
wanted as materialized (
    select w.*, row_number() over () - 1 as nr
    from unnest(%(firms)s::bigint[], %(regions)s::bigint[], %(facets)s::text[], %(rises)s::int[])
        as w (firm, region, facet, rises)
),
received as materialized (
    select region, coalesce(enterprise, 0) as firm, problem, object, day, count(*) as n
    from $tally
    where kind = 'received' and {ours} and day between %(first)s and %(last)s
    group by 1, 2, 3, 4, 5
),
kinds as materialized (select distinct region, firm, problem, object from received),
within as materialized (
    select r.region, up.id as above
    from (select distinct region from received) r
    join authorities_region up on r.region between up.id and up.last
    where up.id in (select region from wanted)
),
members as (
    select k.*, w.nr, w.rises
    from kinds k
    cross join lateral (values (''), ('p:' || k.problem)) f (facet)
    join wanted w on w.firm = k.firm and w.facet = f.facet
    union all
    select k.*, w.nr, w.rises
    from kinds k
    join within i on i.region = k.region
    cross join lateral (values (''), ('p:' || k.problem), ('o:' || k.object)) f (facet)
    join wanted w on w.region = i.above and w.facet = f.facet
),
common as materialized (
    select region, firm, problem, object, array_agg(nr order by nr) as cells
    from members
    group by 1, 2, 3, 4
    having sum(rises) > 1
)
select c.cells, r.day, sum(r.n)::int
from common c
join received r using (region, firm, problem, object)
group by 1, 2

-- name: regions
select distinct up.id, up.last, up.last - up.id as size
from unnest(%(places)s::int[]) as p (place)
join authorities_region up on p.place between up.id and up.last
where up.level <> %(country)s
order by size desc, up.id
