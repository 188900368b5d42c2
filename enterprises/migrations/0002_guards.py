"""What the database refuses by itself: an administrator of the platform who holds an office or a job, an invitation to
the branch of another enterprise, a change in the history of enrolments."""

from django.db import migrations

APART = """
create function platform_people_stand_apart() returns trigger language plpgsql as $$
declare
    today date := (now() at time zone 'Asia/Shanghai')::date;
begin
    -- Two who write about one person at once wait for each other here, and then see what the other wrote.
    perform 1 from accounts_user where id = new.user_id for no key update;
    if tg_table_name = 'accounts_administrator' then
        if exists (select 1 from authorities_officer
                   where user_id = new.user_id and (ends_on is null or ends_on >= today))
           or exists (select 1 from enterprises_staff
                      where user_id = new.user_id and (ends_on is null or ends_on >= today))
           or exists (select 1 from enterprises_stationstaff
                      where user_id = new.user_id and (ends_on is null or ends_on >= today)) then
            raise exception 'an administrator holds no office and no job'
                using errcode = 'check_violation', constraint = 'platform_people_stand_apart';
        end if;
    elsif (new.ends_on is null or new.ends_on >= today)
          and exists (select 1 from accounts_administrator where user_id = new.user_id) then
        raise exception 'an administrator holds no office and no job'
            using errcode = 'check_violation', constraint = 'platform_people_stand_apart';
    end if;
    return new;
end $$
"""
PLATFORM_PEOPLE = [
    APART,
    *(
        f"create trigger platform_people_stand_apart before insert or update on {table} "
        "for each row execute function platform_people_stand_apart()"
        for table in ("accounts_administrator", "authorities_officer", "enterprises_staff", "enterprises_stationstaff")
    ),
]
INVITATIONS = (
    "alter table enterprises_invitation add constraint invitation_names_a_branch_of_its_enterprise "
    "foreign key (enterprise_id, branch_id) references enterprises_branch (enterprise_id, id)"
)
ENROLMENTS = [
    """
create function refuse_change_of_enrolment() returns trigger language plpgsql as $$
begin
    raise exception 'the history of enrolments is append-only: % is refused', tg_op;
end $$
""",
    "create trigger enrolmententry_is_append_only before update or delete on enterprises_enrolmententry "
    "for each row execute function refuse_change_of_enrolment()",
    "create trigger enrolmententry_is_never_emptied before truncate on enterprises_enrolmententry "
    "for each statement execute function refuse_change_of_enrolment()",
    "revoke update, delete, truncate on enterprises_enrolmententry from portal_app",
]


class Migration(migrations.Migration):
    dependencies = [("enterprises", "0001_models")]

    operations = [migrations.RunSQL(PLATFORM_PEOPLE), migrations.RunSQL(INVITATIONS), migrations.RunSQL(ENROLMENTS)]
