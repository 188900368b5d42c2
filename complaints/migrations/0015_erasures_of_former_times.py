"""Keys that were destroyed before there was a house chain get their entries there: verification takes what is empty for
erased only where an entry says so."""

import hashlib
from typing import Any

from django.db import migrations
from django.utils import timezone

from accounts.keys import tags
from complaints.record.record import FORM, TAG_KIND, canonical, chained, stamp

_KEYS = """
select k.person,
       array(select t.digest from complaints_personaltext t where t.key_id = k.person
             union all select n.digest from complaints_recordedname n where n.person_key = k.person)
from accounts_personkey k
where k.destroyed_at is not null
  and (exists (select from complaints_personaltext t where t.key_id = k.person)
       or exists (select from complaints_recordedname n where n.person_key = k.person)
       or exists (select from complaints_complaint c where c.consumer_key = k.person))
  and not exists (select from complaints_houseentry h
                  where h.step = 'erased' and h.body::jsonb -> 'data' ->> 'key' = k.person::text)
order by k.person"""
_LAST = "select sequence, hash from complaints_houseentry order by sequence desc limit 1"
_WRITE = """
insert into complaints_houseentry (sequence, step, at, body, previous_hash, hash, tag)
values (%s, 'erased', %s, %s, %s, %s, %s)"""


def tell(_apps: Any, schema_editor: Any) -> None:
    now = timezone.now()  # noqa: TID251
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_LAST)
        sequence, previous = cursor.fetchone() or (0, b"")
        cursor.execute(_KEYS)
        for key, digests in cursor.fetchall():
            sequence += 1
            root = hashlib.sha256(b"".join(sorted(bytes(one) for one in digests))).hexdigest()
            data = {"key": str(key), "reason": "before_the_house", "texts": len(digests), "root": root, "files": []}
            head = {"form": FORM, "case": "house", "audience": "house", "sequence": sequence}
            body = canonical(head | {"step": "erased", "written": stamp(now), "by": "migration", "data": data})
            digest = chained(bytes(previous), body)
            cursor.execute(_WRITE, [sequence, now, body, bytes(previous), digest, tags.tag_of(TAG_KIND, digest)])
            previous = digest


class Migration(migrations.Migration):
    dependencies = [("complaints", "0014_outside_holders"), ("accounts", "0001_models")]

    operations = [migrations.RunPython(tell, migrations.RunPython.noop)]
