"""Invitations, and 三员 who hold no other work."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_APART = [
    """
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
""",
    *(
        f"create trigger platform_people_stand_apart before insert or update on {table} "
        "for each row execute function platform_people_stand_apart()"
        for table in ("accounts_administrator", "authorities_officer", "enterprises_staff")
    ),
]
_TOGETHER = [
    *(
        f"drop trigger platform_people_stand_apart on {table}"
        for table in ("accounts_administrator", "authorities_officer", "enterprises_staff")
    ),
    "drop function platform_people_stand_apart()",
]
# A branch of another enterprise cannot be named.
_OWN_BRANCH = (
    "alter table enterprises_invitation add constraint invitation_names_a_branch_of_its_enterprise "
    "foreign key (enterprise_id, branch_id) references enterprises_branch (enterprise_id, id)"
)
_ANY_BRANCH = "alter table enterprises_invitation drop constraint invitation_names_a_branch_of_its_enterprise"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0005_administrators'),
        ('authorities', '0001_tables'),
        ('enterprises', '0002_published_figures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('address_digest', models.CharField(max_length=64)),
                ('address_masked', models.CharField(max_length=254)),
                ('role', models.CharField(max_length=10)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('authority', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='authorities.authority')),
                ('branch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.branch')),
                ('enterprise', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.enterprise')),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['enterprise', '-id'], name='invitations_of_an_enterprise'), models.Index(fields=['authority', '-id'], name='invitations_of_an_authority')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('authority__isnull', True), ('enterprise__isnull', False)), models.Q(('authority__isnull', False), ('branch__isnull', True), ('enterprise__isnull', True)), _connector='OR'), name='an_invitation_names_one_organisation'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='an_invitation_ends_after_it_begins'), models.CheckConstraint(condition=models.Q(('used_at__isnull', True), ('revoked_at__isnull', True), _connector='OR'), name='a_revoked_invitation_was_not_used')],
            },
        ),
        migrations.RunSQL(_APART, _TOGETHER),
        migrations.RunSQL(_OWN_BRANCH, _ANY_BRANCH),
    ]
