-- name: shown
-- The first of both kinds, in their order: those who hold, and officers.
with
counted (firm, office, who, late, "all", since, soon) as ({counted}),
placed as (
    select
        firm, office, who::bigint, late, "all", since, soon,
        count(*) filter (where late > 0) over (partition by who is null) as late_holders,
        row_number() over (
            partition by who is null
            order by late desc, "all" desc, coalesce(firm, 0), coalesce(office, 0), coalesce(who::bigint, 0)
        ) as place
    from counted
)
select
    p.firm, p.office, p.who, p.late, p."all", p.since, p.soon, p.late_holders,
    coalesce(e.name, a.name, ''), coalesce(e.name_en, a.name_en, '')
from placed p
left join enterprises_enterprise e on e.id = p.firm
left join authorities_authority a on a.id = p.office
where p.place <= case when p.who is null then %s else %s end
order by p.who is null desc, p.place
