-- name: own
select day, count(*)::int
from $tally
where kind = 'received' and day >= %(first)s and day <= %(last)s and {cell}
group by day

-- name: around
-- The same category in an interval of regions, without another one in it and without the enterprise.
kind = 'received'
    and region between %(low)s and %(high)s
    and not (region between %(without)s and %(without_last)s)
    and enterprise is distinct from %(firm)s {facet}

-- name: beside
select day, count(*)::int
from $tally
where $around and day >= %(first)s and day <= %(last)s
group by day

-- name: firms
-- How many enterprises the control group is of, by the days before.
select count(distinct enterprise)
from $tally
where $around and day >= %(first)s and day < %(before)s

-- name: places
-- How many counties or cities.
select count(distinct r.id)
from (
    select distinct region
    from $tally
    where $around and day >= %(first)s and day < %(before)s
) t
join authorities_region r on r.level = %(level)s and t.region between r.id and r.last

-- name: provinces
-- How many other provinces had any, by the whole months before.
select count(distinct m.region)
from $month_facet m
join authorities_region r on r.id = m.region and r.level = 'province'
where m.facet = %(facet)s and m.month >= %(first)s and m.month < %(before)s and m.received > 0 and m.region <> %(own)s

-- name: not_elsewhere
-- What of a country is not in its control group: the region with all in it, and the enterprise wherever it is.
select day, count(*)::int
from $tally
where kind = 'received' and day >= %(first)s and day <= %(last)s {facet}
    and (enterprise = %(firm)s or region between %(without)s and %(without_last)s)
group by day

-- name: of_facet
-- The cells of the whole country.
select day, received
from $day_facet
where facet = %(facet)s and day >= %(first)s and day <= %(last)s and received is not null

-- name: of_all
select day, received
from $day_region
where region = %(country)s and day >= %(first)s and day <= %(last)s and received is not null
