"""What tests of documents share: files in a folder of their own, one person is enough, and PDFs read back."""

import io
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from authorities.models import Policy
from complaints.models import Complaint, OfficialDocument
from tests.cast import World
from tests.complaints.dossier.conftest import text_of


@pytest.fixture(autouse=True)
def _alone(world: World, settings: Any, tmp_path: Path) -> None:
    """Approvals have tests of their own (test_two_persons)."""
    settings.EVIDENCE_ROOT = str(tmp_path / "evidence")
    Policy.objects.filter(name__startswith="two_persons.").update(number=0)


def newest(case: Complaint) -> OfficialDocument:
    return OfficialDocument.objects.filter(complaint=case).latest("pk")


def read(content: bytes) -> str:
    """The words on all pages of a PDF, without spaces and breaks."""
    return "".join(text_of(pikepdf.open(io.BytesIO(content))).split())
