"""The session of a browser by the digest of its cookie, before the server was told for whom a request works: whoever
holds the digest holds the session. So it comes with the message that begins the transaction (database/sessions.py)."""

from django.db import migrations

_KEPT_SESSION = """
create function kept_session(digest text, moment timestamptz) returns setof accounts_browsersession
language plpgsql stable security definer set search_path = pg_catalog as $$
begin
    return query select s.* from public.accounts_browsersession s
        where s.session_key = digest and s.expire_date > moment;
end $$"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_pictures_of_letters")]

    operations = [
        migrations.RunSQL(
            [
                _KEPT_SESSION,
                "revoke execute on function kept_session from public",
                "grant execute on function kept_session to portal_app",
            ]
        )
    ]
