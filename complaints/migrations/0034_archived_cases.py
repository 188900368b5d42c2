"""Cases whose record was moved to the archive: who they are, and the one way by which their rows go.

The record stays append-only for everybody: an entry can be deleted only while its case is named as moved, and the only
one who deletes is a function of the owner, which asks for the word of the steps.
"""

from django.db import migrations, models

#: Whose role was told, as the steps ask it.
_TOLD = (
    "nullif(current_user = 'portal_owner'"
    " or current_user = split_part(current_setting('backtrace_functions'), ',', 1), false) is not null"
)
_REFUSE = """
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_user = 'portal_owner' and exists (
        select from public.complaints_archivedcase a
        where a.returned is null and a.complaint_id = case tg_table_name
            when 'complaints_reminder' then (
                select d.complaint_id from public.complaints_deadline d
                where d.id = (to_jsonb(old) ->> 'deadline_id')::bigint
            )
            else (to_jsonb(old) ->> 'complaint_id')::bigint end) then
        return old;
    end if;
    raise exception 'the record is append-only: % on % is refused', tg_op, tg_table_name;
end $$"""
_REFUSED_BEFORE = """
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the record is append-only: % on % is refused', tg_op, tg_table_name;
end $$"""
# Children before what they hang on.
_DROP = """
create function drop_archived(ids bigint[]) returns void
language plpgsql volatile security definer set search_path = pg_catalog as $$
begin
    if split_part(current_setting('backtrace_functions'), ',', 1) <> 'portal_steps' then
        raise exception 'rows of archived cases are dropped by the steps alone'
            using errcode = 'insufficient_privilege';
    end if;
    if exists (select from unnest(ids) i where not exists (
            select from public.complaints_archivedcase a where a.complaint_id = i and a.returned is null)) then
        raise exception 'the record is append-only: a case that is not archived keeps its rows';
    end if;
    delete from public.complaints_reminder where deadline_id in (
        select d.id from public.complaints_deadline d where d.complaint_id = any(ids));
    delete from public.complaints_deadline where complaint_id = any(ids);
    delete from public.complaints_noticeorder where notice_id in (
        select n.id from public.complaints_notice n where n.complaint_id = any(ids));
    delete from public.complaints_notice where complaint_id = any(ids);
    delete from public.complaints_personaltext where complaint_id = any(ids);
    delete from public.complaints_handlingstep where complaint_id = any(ids);
end $$"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0033_rare_kinds")]

    operations = [
        migrations.CreateModel(
            name="ArchivedCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("complaint_id", models.BigIntegerField()),
                ("entry", models.BigIntegerField()),
                ("entries", models.PositiveIntegerField()),
                ("heads", models.BinaryField()),
                ("returned", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["complaint_id"], condition=models.Q(returned=None), name="a_case_is_archived_once"
                    ),
                    models.UniqueConstraint(fields=["entry", "complaint_id"], name="an_entry_names_a_case_once"),
                ]
            },
        ),
        migrations.RunSQL(
            [
                "alter table complaints_archivedcase enable row level security",
                "alter table complaints_archivedcase force row level security",
                f"create policy steps on complaints_archivedcase to portal_steps using ({_TOLD}) with check ({_TOLD})",
                _REFUSE,
                "create trigger archivedcase_is_never_deleted before delete on complaints_archivedcase"
                " for each row execute function refuse_change()",
                _DROP,
                "revoke execute on function drop_archived from public",
                "grant execute on function drop_archived to portal_steps",
            ],
            [_REFUSED_BEFORE, "drop function drop_archived"],
        ),
    ]
