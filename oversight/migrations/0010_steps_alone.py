"""The directory, policies, calendars, rules, duties and keys of people are written by the steps alone.

Jobs, offices and what they reach were so since complaints 0021."""

from django.db import migrations

_ANY = "insert or update or delete"
_TABLES = {
    **dict.fromkeys(
        (
            *("accounts_administrator", "enterprises_enterprise", "enterprises_branch", "enterprises_branchauthority"),
            *("enterprises_servicearea", "enterprises_brand", "enterprises_brandholding", "enterprises_alias"),
            *("enterprises_succession", "enterprises_searchname", "authorities_policy"),
            *("authorities_calendarversion", "authorities_calendarday", "routing_routingrule"),
        ),
        _ANY,
    ),
    "accounts_user": "delete",
    "accounts_personkey": "update or delete",
}
_FUNCTION = """
create or replace function only_steps_write() returns trigger language plpgsql as $$
begin
    if current_user in ('portal_web', 'portal_consumer', 'portal_enterprise', 'portal_authority', 'portal_steps')
       and split_part(current_setting('backtrace_functions'), ',', 1) <> 'portal_steps' then
        raise exception 'written by the steps alone: % of % is refused', tg_op, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$"""

# The key of a draft goes with its draft, whoever deletes that.
_KEY_OF_DRAFT = """
create or replace function key_of_draft_goes() returns trigger
language plpgsql security definer set search_path = pg_catalog as $$
begin
    delete from public.accounts_personkey where person = old.id;
    return null;
end $$"""


class Migration(migrations.Migration):
    dependencies = [
        ("oversight", "0009_printed_later"),
        ("complaints", "0022_tags_of_verdicts"),
        ("enterprises", "0005_post_tags"),
        ("authorities", "0003_office_tags"),
        ("accounts", "0010_demo_under_the_tag"),
        ("routing", "0001_models"),
    ]

    operations = [
        migrations.RunSQL(
            [
                _FUNCTION,
                _KEY_OF_DRAFT,
                *(
                    statement
                    for table, event in _TABLES.items()
                    for statement in (
                        f"drop trigger if exists only_steps_write on {table}",
                        f"create trigger only_steps_write after {event} on {table}"
                        " for each statement execute function only_steps_write()",
                    )
                ),
            ]
        )
    ]
