"""Files that an enterprise attached to a concern are there for the authority alone; recordings say how long they last."""

from importlib import import_module

from django.db import migrations, models

_AUTHORITY_BEFORE = import_module("complaints.migrations.0015_row_security").IN_SIGHT
_AUTHORITY = import_module("complaints.migrations.0015_row_security")._BY_AUDIENCE
_TABLE = "complaints_evidence"
_OWN, _OURS = f"is_own_case({_TABLE}.complaint_id)", f"is_still_our_case({_TABLE}.complaint_id)"


def _policies(consumer: str, enterprise: str, authority: str) -> list[str]:
    return [f"alter policy {name} on {_TABLE} using ({condition.replace('{table}', _TABLE)})" for name, condition in (
        ("consumer", consumer), ("enterprise", enterprise), ("authority", authority))]


_MADE = _policies(f"{_TABLE}.audience = 'parties' and {_OWN}", f"{_TABLE}.audience = 'parties' and {_OURS}", _AUTHORITY)
_UNDONE = _policies(_OWN, _OURS, _AUTHORITY_BEFORE)


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0027_offer_templates'),
    ]

    operations = [
        migrations.AddField(
            model_name='evidence',
            name='audience',
            field=models.CharField(choices=[('parties', 'parties'), ('authority', 'authority')], default='parties', max_length=12),
        ),
        migrations.AddField(
            model_name='evidence',
            name='seconds',
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='evidence',
            constraint=models.CheckConstraint(condition=models.Q(('audience__in', ['parties', 'authority'])), name='evidence_audience_is_known'),
        ),
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.RunSQL(_MADE, _UNDONE),
    ]
