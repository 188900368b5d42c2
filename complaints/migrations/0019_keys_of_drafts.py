"""A draft lies under a key of its own, which is deleted with it.

Drafts of before stay under the portal's key until they are saved again, are filed, or go within their 30 days."""

from django.db import migrations

from accounts.keys.sealed_fields import SealedJSON, SealedText

_GOES = """
create function key_of_draft_goes() returns trigger language plpgsql as $$
begin
    delete from accounts_personkey where person = old.id;
    return null;
end $$;
create trigger key_goes_with_its_draft after delete on complaints_filingdraft
    for each row execute function key_of_draft_goes();
create trigger key_goes_when_it_is_filed after update of filed_at on complaints_filingdraft
    for each row when (new.filed_at is not null) execute function key_of_draft_goes();
"""
_STAYS = """
drop trigger key_goes_with_its_draft on complaints_filingdraft;
drop trigger key_goes_when_it_is_filed on complaints_filingdraft;
drop function key_of_draft_goes();
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0018_papers_of_a_worker")]

    operations = [
        migrations.AlterField("filingdraft", "data", SealedJSON(blank=True, whose="id", place=["id"])),
        migrations.AlterField("evidence", "name", SealedText(whose="key_of_name", place=["path"])),
        migrations.RunSQL(_GOES, _STAYS),
    ]
