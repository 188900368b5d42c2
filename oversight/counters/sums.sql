-- name: by_month
select 'r' as whose, l.at::bigint as of, d.what, d.month, d.bucket, d.n
from spread d
join alone l on l.of = d.region
where d.n <> 0
union all
select 'r', l.at, d.what, d.month, d.bucket, sum(d.n)::int
from spread_above d
join above l on l.of = d.region
group by 2, 3, 4, 5
having sum(d.n) <> 0
union all
select 'e', enterprise, what, month, bucket, sum(sign)::int
from spans
where enterprise is not null
group by 2, 3, 4, 5
having sum(sign) <> 0

-- name: by_day
select l.at as region, d.what, d.day, d.bucket, sum(d.sign)::int as n
from spans d
join wide l on l.of = d.region
group by 1, 2, 3, 4
having sum(d.sign) <> 0

-- name: shared
-- Made of diff, the rows to be added up (what is taken back has a sign of -1 and its measures below zero). Each step
-- leaves fewer rows to the next one, and most lie in one month and place. Counts stay small numbers, as sums of large
-- ones are slow.
places as materialized (
    select d.region, d.day, $numbers
    from diff d
    group by 1, 2
),
-- Which regions lie in which (of in at), as far as there are rows. A region is alone where nothing but one of them lies
-- in it; the others are added up in two steps: to the lowest that is not alone, and from there to those above it.
levels as materialized (
    with recursive up (of, at, height) as (
        select distinct region, region, 0
        from places
        union
        select up.of, r.parent_id, up.height + 1
        from up
        join authorities_region r on r.id = up.at
        where r.parent_id is not null
    )
    select *, count(*) over (partition by at) = 1 as is_alone
    from up
),
alone as materialized (
    select of, at
    from levels
    where is_alone
),
wide as materialized (
    select l.of, l.at
    from levels l
    join authorities_region r on r.id = l.at
    where r.level in ($wide)
),
trunk as materialized (
    select distinct on (of) of, at
    from levels
    where not is_alone
    order by of, height
),
above as materialized (
    select distinct t.at as of, l.at
    from trunk t
    join levels l on l.of = t.of and not l.is_alone
),
places_above as materialized (
    select l.at as region, d.day, $numbers
    from places d
    join trunk l on l.of = d.region
    group by 1, 2
),
days as materialized (
    select d.day, d.problem, d.object, d.channel, $numbers
    from diff d
    group by 1, 2, 3, 4
),
months as materialized (
    select $month as month, d.region, d.problem, d.object, d.channel, $numbers
    from diff d
    group by 1, 2, 3, 4, 5
),
facets as materialized (
    select d.month, d.region, f.facet, $numbers
    from months d
    cross join lateral (values ('p:' || d.problem), ('o:' || d.object), ('c:' || d.channel), ('')) f (facet)
    where f.facet not in ('p:', 'o:', 'c:')
    group by 1, 2, 3
),
facets_above as materialized (
    select d.month, l.at as region, d.facet, $numbers
    from facets d
    join trunk l on l.of = d.region
    group by 1, 2, 3
),
firms as materialized (
    select $month as month, d.enterprise, d.branch, $numbers
    from diff d
    where d.enterprise is not null
    group by 1, 2, 3
),
-- Lengths in buckets. Each row of diff stands beside each length (and up to where it is exact), which costs less than
-- five rows made of it.
spans as materialized (
    select
        sign, region, enterprise, what, day, month,
        case
            when v <= exact then v
            else exact + ceil(ln(v / exact::float8) / ln($ratio::float8))
        end::smallint as bucket
    from (
        select d.sign, d.region, d.enterprise, s.what, s.exact, d.day, $month as month, $length as v
        from diff d
        cross join (values $whats) s (nth, what, exact)
        where num_nonnulls($lengths) > 0
    ) d
    where v is not null
),
spread as materialized (
    select region, what, month, bucket, sum(sign)::int as n
    from spans
    group by 1, 2, 3, 4
),
spread_above as materialized (
    select l.at as region, d.what, d.month, d.bucket, sum(d.n)::int as n
    from spread d
    join trunk l on l.of = d.region
    group by 1, 2, 3, 4
)
