-- name: own
select count(*) filter (where day < %(sent)s), count(*) filter (where day > %(sent)s)
from $tally
where kind = 'received' and day >= %(first)s and day <= %(last)s and day <> %(sent)s and {cell}

-- name: beside
-- The same category in an interval of regions, without another one in it and without the enterprise.
select count(*) filter (where day < %(sent)s), count(*) filter (where day > %(sent)s)
from $tally
where kind = 'received' and day >= %(first)s and day <= %(last)s and day <> %(sent)s
    and region between %(low)s and %(high)s
    and not (region between %(without)s and %(without_last)s)
    and enterprise is distinct from %(firm)s {facet}

-- name: not_elsewhere
-- What of a country is not in its control group: the region with all in it, and the enterprise wherever it is.
select count(*) filter (where day < %(sent)s), count(*) filter (where day > %(sent)s)
from (
    select day
    from $tally
    where kind = 'received' and enterprise = %(firm)s and day >= %(first)s and day <= %(last)s {facet}
    union all
    select day
    from $tally
    where kind = 'received' and region between %(without)s and %(without_last)s
        and enterprise is distinct from %(firm)s and day >= %(first)s and day <= %(last)s {facet}
) as t
where day <> %(sent)s

-- name: received
-- The cells of the whole country.
select
    coalesce(sum(received) filter (where day < %(sent)s), 0)::bigint,
    coalesce(sum(received) filter (where day > %(sent)s), 0)::bigint

-- name: of_facet
$received
from $day_facet
where facet = %(facet)s and day >= %(first)s and day <= %(last)s and day <> %(sent)s

-- name: of_all
$received
from $day_region
where region = %(country)s and day >= %(first)s and day <= %(last)s and day <> %(sent)s
