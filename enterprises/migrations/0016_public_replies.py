"""What an enterprise says about its figures."""

import django.db.models.deletion
import accounts.keys.sealed_fields
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('enterprises', '0015_league'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PublicReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('text', accounts.keys.sealed_fields.SealedText(free_text=True, place=['public_id'], whose='')),
                ('state', models.CharField(choices=[('waiting', '等待核对'), ('shown', '已公开'), ('refused', '未公开'), ('replaced', '已被新的说明代替'), ('withdrawn', '企业已撤下')], default='waiting', max_length=9)),
                ('written_at', models.DateTimeField()),
                ('ground', models.CharField(blank=True, choices=[('names_somebody', '写了消费者或者其他人的信息'), ('abuse', '侮辱、威胁他人'), ('advertising', '广告，和数字无关'), ('unlawful', '法律禁止公开的内容')], default='', max_length=16)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('enterprise', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='enterprises.enterprise')),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-written_at', '-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'shown'])), fields=('enterprise', 'state'), name='one_reply_waits_and_one_is_shown'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), _negated=True), models.Q(('ground', ''), _negated=True), _connector='OR'), name='a_refused_reply_has_a_ground'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['shown', 'refused']), _negated=True), ('decided_at__isnull', False), _connector='OR'), name='a_shown_reply_was_checked')],
            },
        ),
    ]
