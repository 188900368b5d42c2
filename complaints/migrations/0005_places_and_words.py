"""What the database writes beside a case by itself, so that lists find it: its province, city, county and its words.

Whoever writes handling_region (a step, an import, a statement by hand) cannot forget the three levels. Words are found
by an index, within what the caller may see: row-level security lets no index look for a piece of a text before it has
had its say, so words would be compared with each case of a list. The one function here that runs as the owner and gives
ids reads the settings that the policies read (0004), for somebody of an enterprise or with one office alone, and gives
ids of those cases only; what it cannot say is null, and the caller compares.
"""

from django.db import migrations

PLACES = [
    """
create function place_case() returns trigger language plpgsql as $$
begin
    select l.province, l.city, l.county
      into new.handling_province, new.handling_city, new.handling_county
      from (
with recursive up (of, at, parent, level) as (
    select id, id, parent_id, level from authorities_region where id = new.handling_region_id
    union all
    select up.of, r.id, r.parent_id, r.level from up join authorities_region r on r.id = up.parent
)
select of, max(at) filter (where level = 'province') as province,
       max(at) filter (where level = 'city') as city,
       max(at) filter (where level = 'county') as county
from up group by of
) l;
    return new;
end $$""",
    """
create trigger case_is_placed_when_new before insert on complaints_complaint
for each row execute function place_case()""",
    """
create trigger case_is_placed_when_moved
before update of handling_region_id, handling_province, handling_city, handling_county
on complaints_complaint for each row
when ((old.handling_region_id, old.handling_province, old.handling_city, old.handling_county)
      is distinct from
      (new.handling_region_id, new.handling_province, new.handling_city, new.handling_county))
execute function place_case()""",
]

_REGIONS = """
with recursive up (id, parent) as (
    select r.id, r.parent_id from authorities_region r where r.id = c.handling_region_id
    union all select r.id, r.parent_id from up join authorities_region r on r.id = up.parent)
select array_agg('r:' || id) from up"""
_HOLDERS = """
select array_agg(distinct mark) from (
    select 'e:' || enterprise_id as mark from complaints_engagement where complaint_id = c.id
    union all select 'b:' || branch_id from complaints_engagement where complaint_id = c.id and branch_id is not null) held"""  # noqa: E501
WORDS = [
    """
create function folded_words(said text) returns text language sql immutable parallel safe
return regexp_replace(lower(normalize(said, NFKC)), '[^[:alnum:]]+', '', 'g')""",
    """
create function pairs_of(folded text) returns text[] language sql immutable parallel safe
return (select coalesce(array_agg(distinct substr(folded, place, 2)), '{}')
        from generate_series(1, char_length(folded) - 1) place)""",
    f"""
create function write_words(of_case bigint) returns void language plpgsql as $$ begin
    insert into complaints_casewords (complaint_id, folded, marks)
    select c.id, folded_words(c.item_name), pairs_of(folded_words(c.item_name)) || ({_REGIONS}) || ({_HOLDERS})
    from complaints_complaint c where c.id = of_case
    on conflict (complaint_id) do update set folded = excluded.folded, marks = excluded.marks;
end $$""",
    """
create function words_are_written() returns trigger language plpgsql as $$ begin
    perform write_words(new.id);
    return null;
end $$""",
    """
create function holder_is_written() returns trigger language plpgsql as $$ begin
    perform write_words(new.complaint_id);
    return null;
end $$""",
    """
create trigger words_are_written_when_new after insert on complaints_complaint
for each row execute function words_are_written()""",
    """
create trigger words_are_written_when_changed after update of item_name, handling_region_id on complaints_complaint
for each row when ((old.item_name, old.handling_region_id) is distinct from (new.item_name, new.handling_region_id))
execute function words_are_written()""",
    """
create trigger holder_is_written_when_new after insert on complaints_engagement
for each row execute function holder_is_written()""",
    """
create trigger holder_is_written_when_changed after update of enterprise_id, branch_id on complaints_engagement
for each row when ((old.enterprise_id, old.branch_id) is distinct from (new.enterprise_id, new.branch_id))
execute function holder_is_written()""",
    """
create function cases_with_words(said text, most int) returns bigint[]
language plpgsql stable security definer set search_path = pg_catalog as $$
declare
    wanted text := public.folded_words(said);
    pairs text[] := public.pairs_of(wanted);
    scope text[];
    found bigint[];
begin
    if current_setting('role') = 'portal_enterprise' then
        scope := array(
            select 'e:' || one from unnest(nullif(current_setting('app.enterprises', true), '')::bigint[]) one
            union all select 'b:' || one from unnest(nullif(current_setting('app.branches', true), '')::bigint[]) one);
    elsif current_setting('role') = 'portal_authority' and coalesce(current_setting('app.regions', true), '') = '' then
        scope := array['r:' || nullif(current_setting('app.first', true), '')];
    end if;
    if pairs = '{}' or array_length(array_remove(scope, null), 1) is null then
        return null;
    end if;
    -- One list of marks that a case has all of: of two conditions the index would walk the longer one to its end.
    found := array(
        select distinct w.complaint_id from unnest(scope) one cross join lateral (
            select complaint_id from public.complaints_casewords
            where marks @> (pairs || one) and strpos(folded, wanted) > 0 limit most + 1) w
        limit most + 1);
    return case when cardinality(found) <= most then found end;
end $$""",
    "revoke execute on function cases_with_words from public, portal_app",
    "grant execute on function cases_with_words to portal_enterprise, portal_authority, portal_steps",
]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0004_row_security")]

    operations = [
        migrations.RunSQL(PLACES),
        migrations.RunSQL(WORDS),
        # Where text is compared by code point, the plain index of a number also finds its beginning.
        migrations.RunSQL("drop index complaints_complaint_number_0bd00cd2_like"),
    ]
