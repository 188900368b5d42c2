"""Asking for an export, approving one, and fetching its file: once, by whoever asked, within a day.

Columns that lead to a person leave only after a second person of the same organisation
agreed, who may approve there and sees as much. Each of these steps stands in the security log.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import BinaryIO

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from accounts import security_log
from accounts.models import User
from accounts.roles import Right
from complaints.models import Export
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import LOOK
from complaints.tables.exporting import columns, files

EXPIRES_AFTER = timedelta(hours=24)
#: Nobody decides for so long, and the wish is over.
DECIDED_WITHIN = timedelta(days=7)
#: Of one person at a time, from asking until the file is gone.
MOST_AT_A_TIME = 5
LIVE = ("asked", "approved", "building", "ready")
_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class FileGone(StepNotAllowed):
    """It was there once: fetched or expired."""

    status = 410


def ask(
    *,
    user: User,
    actor: Actor,
    query: str,
    wanted: Sequence[str],
    form: str,
    purpose: str,
    language: str,
    now: datetime,
) -> Export:
    """A new export of what ``actor`` sees by the filter ``query``; with personal columns it waits for a second
    person."""
    offered = {
        column.code
        for column in columns.COLUMNS.values()
        if actor.side in column.sides and (not column.is_personal or actor.may(LOOK))
    }
    if not wanted or not set(wanted) <= offered:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="columns")
    if form not in Export.FORMATS:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="format")
    has_personal = any(columns.COLUMNS[code].is_personal for code in wanted)
    if has_personal and not purpose:
        raise WrongInput("missing", _("导出姓名和联系方式，请写明用途。"), field="purpose")
    if Export.objects.filter(asked_by=user, state__in=LIVE).count() >= MOST_AT_A_TIME:
        raise StepNotAllowed(
            "too_many_exports", _("您已有%(n)s份导出在等候或可下载，请先下载，或等它们过期。") % {"n": MOST_AT_A_TIME}
        )
    export = Export.objects.create(
        mark=_mark(now),
        asked_by=user,
        enterprise_id=actor.enterprise_id,
        authority_id=actor.authority_id,
        branch_ids=sorted(actor.branch_ids or ()),
        query=query,
        has_personal=has_personal,
        purpose=purpose,
        columns=[code for code in columns.COLUMNS if code in set(wanted)],
        format=form,
        language=language,
        state="asked" if has_personal else "approved",
        asked_at=now,
    )
    security_log.note(
        "export_asked",
        now=now,
        user=user,
        organisation=actor.organisation,
        subject=export.mark,
        reason="personal" if has_personal else "",
    )
    return export


def _mark(now: datetime) -> str:
    """Short enough to be read out; stands in every fiftieth row of the file."""
    return f"E{timezone.localdate(now):%y%m%d}-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def deciders(export: Export, actors: Iterable[Actor], user: User) -> list[Actor]:
    """The capacities in which ``user`` may decide on it; empty for whoever asked."""
    if export.asked_by_id == user.pk:
        return []
    return [actor for actor in actors if _is_second_person(export, actor)]


def _is_second_person(export: Export, actor: Actor) -> bool:
    if export.authority_id is not None:
        return actor.authority_id == export.authority_id and actor.may(Right.LEAD_AUTHORITY)
    sees_as_much = actor.branch_ids is None or (bool(export.branch_ids) and set(export.branch_ids) <= actor.branch_ids)
    return actor.enterprise_id == export.enterprise_id and actor.may(Right.LEAD_ENTERPRISE) and sees_as_much


def readable(user: User, actors: Iterable[Actor]) -> QuerySet[Export]:
    """One's own, and those on which one may have to decide; the rows are judged by ``deciders`` as well."""
    seen = Q(asked_by=user)
    for actor in actors:
        if actor.authority_id is not None and actor.may(Right.LEAD_AUTHORITY):
            seen |= Q(authority_id=actor.authority_id, has_personal=True)
        if actor.enterprise_id is not None and actor.may(Right.LEAD_ENTERPRISE):
            seen |= Q(enterprise_id=actor.enterprise_id, has_personal=True)
    return (
        Export.objects.filter(seen)
        .select_related("asked_by", "decided_by", "enterprise", "authority")
        .defer("case_ids")
    )


def decide(export: Export, *, user: User, actors: Iterable[Actor], agrees: bool, now: datetime) -> None:
    """Approve it, so that it is built, or refuse it for good. ``export`` is locked by the caller."""
    mine = deciders(export, actors, user)
    if not mine:
        raise StepNotAllowed("own_proposal", _("须由另一位人员办理，不能批准自己提出的。"))
    if export.state != "asked":
        raise StepNotAllowed("already_decided", _("这份导出已经有人决定了。"))
    export.state = "approved" if agrees else "refused"
    export.decided_by, export.decided_at = user, now
    export.save(update_fields=["state", "decided_by", "decided_at"])
    security_log.note(
        "export_approved" if agrees else "export_refused",
        now=now,
        user=user,
        organisation=mine[0].organisation,
        subject=export.mark,
    )


def new_link(export: Export, *, now: datetime) -> str:
    """The token of the one link that works from now on; only its digest is kept."""
    _must_be_there(export, now=now)
    token = secrets.token_urlsafe(24)
    export.link_digest = _digest(token)
    export.save(update_fields=["link_digest"])
    return token


def fetch(export: Export, token: str, *, actor: Actor, now: datetime) -> BinaryIO | None:
    """The open file, and it is the only time. None: this is no link of this export (a stranger's 404)."""
    if not export.link_digest or not constant_time_compare(_digest(token), export.link_digest):
        return None
    _must_be_there(export, now=now)
    try:
        # Before it is marked: the sweep deletes what was fetched.
        file = files.file_of(export.mark, export.format).open("rb")
    except FileNotFoundError:
        raise _gone() from None
    # Whoever comes first has it; the other one finds it gone.
    if not Export.objects.filter(pk=export.pk, state="ready", has_file=True).update(state="fetched", fetched_at=now):
        file.close()
        raise _gone()
    security_log.note(
        "export_fetched",
        now=now,
        user=export.asked_by,
        organisation=actor.organisation,
        subject=export.mark,
        reason="personal" if export.has_personal else "",
    )
    return file


def _must_be_there(export: Export, *, now: datetime) -> None:
    if export.state in ("fetched", "expired") or (
        export.state == "ready" and (export.expires_at is None or export.expires_at <= now)
    ):
        raise _gone()
    if export.state != "ready":
        raise StepNotAllowed("not_ready", _("这份导出还没有准备好。"))


def _gone() -> FileGone:
    return FileGone("file_gone", _("这份文件已经下载过或者过期了，请重新导出。"))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
