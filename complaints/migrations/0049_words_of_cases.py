"""Words of cases are found by an index, within what the caller may see.

Row-level security lets no index look for a piece of a text before it has had its say, so words were compared with each case
of a list. The one function here that runs as the owner and gives ids reads the settings that the policies read (0015), for
somebody of an enterprise or with one office alone, and gives ids of those cases only; what it cannot say is null, and the
caller compares as before.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

_REGIONS = """
with recursive up (id, parent) as (
    select r.id, r.parent_id from authorities_region r where r.id = c.handling_region_id
    union all select r.id, r.parent_id from up join authorities_region r on r.id = up.parent)
select array_agg('r:' || id) from up"""
_HOLDERS = """
select array_agg(distinct mark) from (
    select 'e:' || enterprise_id as mark from complaints_engagement where complaint_id = c.id
    union all select 'b:' || branch_id from complaints_engagement where complaint_id = c.id and branch_id is not null) held"""
MADE = [
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
    "alter table complaints_casewords enable row level security",
    "alter table complaints_casewords force row level security",
    "create policy steps on complaints_casewords to portal_steps using (true) with check (true)",
    "select write_words(id) from complaints_complaint",
    "set constraints all immediate",
]
UNDONE = [
    "drop function cases_with_words",
    "drop trigger holder_is_written_when_changed on complaints_engagement",
    "drop trigger holder_is_written_when_new on complaints_engagement",
    "drop trigger words_are_written_when_changed on complaints_complaint",
    "drop trigger words_are_written_when_new on complaints_complaint",
    *(f"drop function {name}" for name in ("holder_is_written", "words_are_written", "write_words", "pairs_of", "folded_words")),
]


class Migration(migrations.Migration):
    dependencies = [("complaints", "0048_files_of_a_mediating_body")]

    operations = [
        migrations.CreateModel(
            name="CaseWords",
            fields=[
                ("complaint", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="+", serialize=False,
                    to="complaints.complaint")),
                ("folded", models.TextField()),
                ("marks", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={"indexes": [django.contrib.postgres.indexes.GinIndex(
                fields=["marks"], gin_pending_list_limit=128, name="cases_by_words")]},
        ),
        migrations.RunSQL(MADE, UNDONE),
    ]
