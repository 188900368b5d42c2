"""Stations, who works there, and invitations to it; who works at one is no administrator (三员)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_APART = """
create or replace function platform_people_stand_apart() returns trigger language plpgsql as $$
declare
    today date := (now() at time zone 'Asia/Shanghai')::date;
begin
    -- Two who write about one person at once wait for each other here, and then see what the other wrote.
    perform 1 from accounts_user where id = new.user_id for no key update;
    if tg_table_name = 'accounts_administrator' then
        if exists (select 1 from authorities_officer
                   where user_id = new.user_id and (ends_on is null or ends_on >= today))
           or exists (select 1 from enterprises_staff
                      where user_id = new.user_id and (ends_on is null or ends_on >= today)){more} then
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
_STATIONS = """
           or exists (select 1 from enterprises_stationstaff
                      where user_id = new.user_id and (ends_on is null or ends_on >= today))"""
_TRIGGER = ("create trigger platform_people_stand_apart before insert or update on enterprises_stationstaff "
            "for each row execute function platform_people_stand_apart()")
_NO_TRIGGER = "drop trigger platform_people_stand_apart on enterprises_stationstaff"


class Migration(migrations.Migration):

    dependencies = [
        ('authorities', '0001_tables'),
        ('enterprises', '0006_sealed_webhook_secrets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Station',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='自')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='至')),
                ('code', models.CharField(max_length=20, unique=True)),
                ('name', models.CharField(max_length=120, verbose_name='名称')),
                ('name_en', models.CharField(blank=True, default='', max_length=160)),
                ('kind', models.CharField(choices=[('mall', '商场超市'), ('market', '市场'), ('hall', '营业厅'), ('community', '社区'), ('scenic', '景区')], max_length=12)),
                ('address', models.CharField(blank=True, default='', max_length=200, verbose_name='地址')),
            ],
        ),
        migrations.CreateModel(
            name='StationStaff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='自')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='至')),
                ('role', models.CharField(choices=[('station', '服务站人员')], default='station', max_length=8)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='invitation',
            name='an_invitation_names_one_organisation',
        ),
        migrations.AddField(
            model_name='station',
            name='authority',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='authorities.authority'),
        ),
        migrations.AddField(
            model_name='station',
            name='enterprise',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stations', to='enterprises.enterprise'),
        ),
        migrations.AddField(
            model_name='invitation',
            name='station',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='enterprises.station'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('authority__isnull', True), ('enterprise__isnull', False), ('station__isnull', True)), models.Q(('authority__isnull', False), ('branch__isnull', True), ('enterprise__isnull', True), ('station__isnull', True)), models.Q(('authority__isnull', True), ('branch__isnull', True), ('enterprise__isnull', True), ('station__isnull', False)), _connector='OR'), name='an_invitation_names_one_organisation'),
        ),
        migrations.AddField(
            model_name='stationstaff',
            name='station',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff', to='enterprises.station'),
        ),
        migrations.AddField(
            model_name='stationstaff',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='station_posts', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='station',
            constraint=models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='station_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='station',
            constraint=models.CheckConstraint(condition=models.Q(('code', ''), _negated=True), name='station_has_a_code'),
        ),
        migrations.AddConstraint(
            model_name='stationstaff',
            constraint=models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='station_staff_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='stationstaff',
            constraint=models.UniqueConstraint(fields=('user', 'station', 'starts_on'), name='a_station_post_is_given_once_a_day', nulls_distinct=False),
        ),
        migrations.RunSQL([_APART.replace("{more}", _STATIONS), _TRIGGER], [_NO_TRIGGER, _APART.replace("{more}", "")]),
    ]
