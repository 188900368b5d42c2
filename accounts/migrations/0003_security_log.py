from django.db import migrations, models


_WALL = [
    """
create function security_log_is_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.at <= now() - interval '365 days' then
        return old;
    end if;
    raise exception 'the security log is append-only for a year: % is refused', tg_op;
end $$
""",
    "create trigger security_log_is_append_only before update or delete on accounts_securityevent "
    "for each row execute function security_log_is_kept()",
    "create trigger security_log_is_never_emptied before truncate on accounts_securityevent "
    "for each statement execute function security_log_is_kept()",
    "revoke update, truncate on accounts_securityevent from portal_app",
]
_GONE = [
    "drop trigger security_log_is_append_only on accounts_securityevent",
    "drop trigger security_log_is_never_emptied on accounts_securityevent",
    "drop function security_log_is_kept()",
]


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_delivery'),
    ]

    operations = [
        migrations.CreateModel(
            name='SecurityEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('person_key', models.UUIDField(null=True)),
                ('organisation', models.CharField(blank=True, max_length=200)),
                ('subject', models.CharField(blank=True, max_length=120)),
                ('reason', models.CharField(blank=True, max_length=120)),
                ('address', models.CharField(blank=True, max_length=45)),
            ],
            options={
                'indexes': [models.Index(fields=['-at', '-id'], name='newest_security_events'), models.Index(fields=['person_key', '-at'], name='security_events_of_a_person'), models.Index(fields=['kind', '-at'], name='security_events_of_a_kind')],
            },
        ),
        migrations.RunSQL(_WALL, _GONE),
    ]
