"""The session of a browser with the person whom it belongs to, and what work that person has, by the digest of its
cookie: in one message, which behind a pooler also begins the transaction (0014_kept_session.py: why without a word).

`has_work` and the duty are what `with_work` reads (accounts/sign_in/backend.py). Callers may not ask.
"""

from django.db import migrations

_PERSON_OF_SESSION = """
create function person_of_session(digest text, moment timestamptz)
returns table (
    session accounts_browsersession, person accounts_user, has_work boolean, duty text, duty_tag bytea
)
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    return query select s, u,
        exists (select from public.authorities_officer o where o.user_id = u.id)
        or exists (select from public.enterprises_staff e where e.user_id = u.id)
        or exists (select from public.enterprises_stationstaff p where p.user_id = u.id)
        or d.id is not null,
        d.kind::text, d.tag
    from public.kept_session(digest, moment) s
    left join public.accounts_user u on u.id = s.user_id
    left join public.accounts_administrator d on d.user_id = u.id;
end $$"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_kept_session")]

    operations = [
        migrations.RunSQL(
            [
                _PERSON_OF_SESSION,
                "revoke execute on function person_of_session from public, portal_app",
                "grant execute on function person_of_session to portal_web, portal_steps",
            ]
        )
    ]
