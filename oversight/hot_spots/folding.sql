-- name: common
-- Of each pair what both have in common: in the days of both, and in the same days of the eight weeks before.
select p.nr, c.now, c.usual
from unnest(
    %(nr)s::int[], %(first)s::date[], %(last)s::date[], %(low)s::bigint[], %(high)s::bigint[],
    %(firm)s::bigint[], %(problem)s::text[], %(object)s::text[]
) as p (nr, first, last, low, high, firm, problem, object),
lateral (
    select count(*) filter (where t.day >= p.first) as now, count(*) filter (where t.day < p.first) as usual
    from $tally t
    where t.kind = 'received'
        and t.day <= p.last and t.day > p.first - $until_before
        and (p.last - t.day) %% $week <= p.last - p.first
        and t.region between p.low and p.high {enterprise}
        and (p.problem = '' or t.problem = p.problem)
        and (p.object = '' or t.object = p.object)
) c
