"""A campaign begun from a root cause, and files that show what was done of an undertaking."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction

from complaints import wording
from complaints.procedure.categories import CAUSE_LABELS
from oversight.models import MeasureFile
from tests import missing_in
from tests.cast import World
from tests.complaints.evidence.files import jpeg
from tests.complaints.pages.at_the_authority import officer_of
from tests.oversight.hot_spots.test_campaigns import published
from tests.oversight.looking import browser, page_of, sent

pytestmark = pytest.mark.django_db


def test_a_root_cause_that_enterprises_named_begins_one(world: World) -> None:
    code = next(iter(CAUSE_LABELS))
    label = wording.label(code, kind="root_cause")
    page = page_of(world.rui, f"/authority/campaigns/new/?cause={code}")
    assert not missing_in(page, f"“{label}”降诉行动", f"把投诉的原因标为“{label}”")
    assert "降诉行动</textarea>" not in page_of(world.rui, "/authority/campaigns/new/?cause=nonsense")
    assert "标为" not in page_of(world.rui, "/authority/campaigns/new/?cause=nonsense")


def test_an_undertaking_is_shown_with_a_file_that_both_sides_read_and_the_public_does_not(world: World) -> None:
    made = published(world)
    guidance = made.guidances.get(enterprise=world.mobile)
    own, there = f"/enterprise/guidance/{guidance.pk}/", f"/authority/guidance/{guidance.pk}/"
    said = {"measure": 1, "state": "under_way", "text": "已贴出海报。", "evidence": ""}
    # What is no picture and no document is refused at its field, and nothing is noted.
    answer = sent(world.lead, own, **said, file=SimpleUploadedFile("x.exe", b"MZ\x90\x00" + bytes(200)))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["file"])
    assert (MeasureFile.objects.count(), guidance.measures.get().state) == (0, "open")
    assert sent(world.lead, own, **said, file=SimpleUploadedFile("海报.jpg", jpeg())).status_code == 302
    file = MeasureFile.objects.get()
    assert (file.name, file.uploaded_by, file.measure.number) == ("海报.jpg", world.lead, 1)
    for person, url in ((world.lead, own), (world.rui, there), (officer_of(world, "head"), there)):
        assert not missing_in(page_of(person, url), f"{url}files/{file.pk}/", "海报.jpg")
        answer = browser(person).get(f"{url}files/{file.pk}/")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
        assert answer.headers["Content-Disposition"].startswith("attachment")
    # The same file again says so; another's, and the public, get nothing.
    answer = sent(world.lead, own, **said, file=SimpleUploadedFile("海报.jpg", jpeg()))
    assert (answer.status_code, "已经传过" in answer.content.decode()) == (409, True)
    assert browser(world.hua).get(f"{own}files/{file.pk}/").status_code == 404
    assert browser(officer_of(world, "far")).get(f"{there}files/{file.pk}/").status_code == 404
    other = made.guidances.get(enterprise=world.telecom)
    assert browser(world.rui).get(f"/authority/guidance/{other.pk}/files/{file.pk}/").status_code == 404
    assert "海报.jpg" not in page_of(None, f"/open/campaigns/{made.pk}/")
    with pytest.raises(DatabaseError), transaction.atomic():
        file.delete()
