"""What words of a step name must be there, and be this case's own.

It is looked at before a step is built from words of others, and again where kept words are carried out;
what does not exist is a refusal that names the field, never a row that cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from complaints.models import Complaint, Evidence
from complaints.procedure.refusals import WrongInput
from enterprises.models import Branch, Enterprise, MediationBody


def check_named_rows(case: Complaint, step: str, said: Mapping[str, Any]) -> None:
    """Raises WrongInput."""
    digests = set(said.get("files") or ())
    if digests and digests - set(
        Evidence.objects.filter(complaint=case, audience="parties").values_list("sha256", flat=True)
    ):
        raise WrongInput("bad_choice", _("请先上传这些材料，再用它们的sha256。"), field="files")
    if said.get("body_id") is not None and not MediationBody.objects.filter(pk=said["body_id"]).exists():
        raise WrongInput("bad_choice", _("没有找到这个组织，请重新选择。"), field="body_id")
    enterprise, branch = said.get("enterprise_id"), said.get("branch_id")
    if enterprise is not None and not Enterprise.objects.filter(pk=enterprise).exists():
        raise WrongInput("bad_choice", _("没有找到这家企业，请重新选择。"), field="enterprise_id")
    if branch is not None and not Branch.objects.filter(pk=branch, enterprise_id=enterprise or 0).exists():
        raise WrongInput("bad_choice", _("没有找到这家分支机构，请重新选择。"), field="branch_id")
    if step == "resume_performance" and not all(
        name.isascii() and name.isdigit() and len(name) < 6 for name in said["dates"]
    ):
        raise WrongInput("bad_choice", _("请用约定的序号作字段名。"), field="dates")
