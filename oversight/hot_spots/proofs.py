"""Files with which an enterprise shows what it did of a measure, kept as the evidence of a case is; read by it
and by whoever sees the guidance.
"""

from contextlib import suppress
from datetime import datetime

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from accounts.models import User
from complaints.evidence import beside_cases
from complaints.evidence.files import shown_name
from complaints.evidence.keeping import Incoming, StoredFile, examined
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import Guidance, GuidanceMeasure, MeasureFile

#: Files of one measure.
MOST = 9


class Proof:
    """A file that was looked into and is kept, and belongs to no measure yet. Raises EvidenceRefused."""

    def __init__(self, incoming: Incoming) -> None:
        self.name = shown_name(incoming.name)
        self.kept: StoredFile = examined(incoming)
        self.is_clean = beside_cases.passes(self.kept, name=incoming.name)
        self.is_used = False

    def put_with(self, measure: GuidanceMeasure, *, by: User, now: datetime) -> None:
        """The caller holds the measure. Raises ReductionRefusal where it has enough, or the same file."""
        files = MeasureFile.objects.filter(measure=measure)
        if files.filter(sha256=self.kept.sha256).exists():
            raise ReductionRefusal("same_file", _("这份文件已经传过了。"))
        if files.count() >= MOST:
            raise ReductionRefusal("too_many", _("一项措施最多传%(n)s份文件。") % {"n": MOST})
        MeasureFile.objects.create(
            measure=measure,
            name=self.name,
            is_clean=self.is_clean,
            uploaded_by=by,
            uploaded_at=now,
            **beside_cases.columns_of(self.kept),
        )
        self.is_used = True

    def drop_if_unused(self) -> None:
        if not self.is_used:
            self.kept.drop()


def answer_with(guidance: Guidance, number: int, *, is_sender: bool) -> FileResponse:
    """One file as an attachment; Http404 where there is none, or the scanner has not passed it."""
    row = get_object_or_404(MeasureFile, pk=number, measure__guidance=guidance)
    file = None
    with suppress(FileNotFoundError):
        file = beside_cases.handed_out(row, is_sender=is_sender)
    if file is None:
        raise Http404
    response = FileResponse(file.stream)
    # After the fact: FileResponse would put words of its own in their place.
    for name, value in file.headers.items():
        response.headers[name] = value
    return response
