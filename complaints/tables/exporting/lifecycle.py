"""The life of an export: asked for, approved, built piece by piece, fetched once, deleted within a day.

Columns that lead to a person leave only after a second person of the same organisation agreed, who may approve there
and sees as much. A piece is read with the visibility of whoever asked and kept together with the entries in the record
of its cases and with how far the row came, so whoever is killed loses one piece. Each step stands in the security log.
"""

import hashlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts import security_log
from accounts.letters import tell_of_the_end
from accounts.models import User
from accounts.roles import Right
from accounts.sign_in import persons
from complaints import handling
from complaints.evidence import outgoing
from complaints.handling.transition import contact_access
from complaints.models import Export
from complaints.parties.actors import Actor
from complaints.procedure.numbering import new_mark
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import LOOK
from complaints.tables.exporting import columns, files
from complaints.tables.exporting.columns import COLUMNS, CaseRow
from complaints.tables.exporting.selecting import NoWorkspace, Visibility, chosen, people_of, rows_of, visibility_of
from database.row_security import working_as_steps
from database.sweeping import MOST_ATTEMPTS, WORKS_FOR, hand_back, save_progress, work_off
from web.languages import named

EXPIRES_AFTER = timedelta(hours=24)
#: Nobody decides for so long, and the wish is over.
DECIDED_WITHIN = timedelta(days=7)
#: Of one person at a time, from asking until the file is gone.
MOST_AT_A_TIME = 5
LIVE = ("asked", "approved", "building", "ready")


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
    """A new export of what ``actor`` sees by ``query``; with personal columns it waits for a second person."""
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
    export = Export(
        mark=new_mark("E", timezone.localdate(now)),
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
    with transaction.atomic():
        export.save(force_insert=True)
        if has_personal:
            persons.ask(persons.matter_of(export), user, now=now, error=StepNotAllowed)
    reason = "personal" if has_personal else ""
    security_log.note(
        "export_asked", now=now, user=user, organisation=actor.organisation, subject=export.mark, reason=reason
    )
    return export


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
    first, refuses = [export.asked_by_id], not agrees
    persons.decide(persons.matter_of(export), user, asked=first, now=now, refuses=refuses, error=StepNotAllowed)
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
    with working_as_steps():
        kept = export.link_digest
    if not kept or not constant_time_compare(_digest(token), kept):
        return None
    _must_be_there(export, now=now)
    try:
        # Before it is marked: the sweep deletes what was fetched.
        file = outgoing.opened(files.file_of(export.mark, export.format))
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


log = logging.getLogger(__name__)

BATCH = 200
#: Cases of a file without personal data that is made in the request.
AT_ONCE = 500
#: These cases are locked while their entries are written.
PERSONAL_BATCH = 50
#: A workbook of a hundred thousand rows takes ten seconds of a processor, of a busy one more.
FINISHING = timedelta(minutes=5)
#: Making a long file takes a while: it is left to a sweep that has just begun.
LONG, FRESH = 20_000, 2


def sweep_exports(*, now: datetime) -> int:
    """How many exports were worked on. Any number of sweeps may run; each takes what no other one holds."""
    throw_away(now=now)
    rows = Export.objects.filter(state__in=["approved", "building"]).order_by("id")
    rows = rows.select_related("asked_by", "enterprise", "authority")
    return work_off(rows, lambda export, passed: _work(export, now=now, passed=passed), now=now, state="building")


def make_now(export: Export, visibility: Visibility, *, now: datetime) -> bool:
    """In the request of whoever asked, instead of by a worker; whether the file is there."""
    _make(export, visibility, now=now, passed=lambda: 0.0)
    return export.state == "ready"


def _work(export: Export, *, now: datetime, passed: Callable[[], float]) -> None:
    try:
        with override(export.language):
            if export.attempts > MOST_ATTEMPTS:
                return _fail(export, "gave_up", now=now)
            _make(export, visibility_of(export, now=now), now=now, passed=passed)
    except NoWorkspace:
        _fail(export, "no_desk", now=now)


def _make(export: Export, visibility: Visibility, *, now: datetime, passed: Callable[[], float]) -> None:
    """As far as the time goes: to the file, if it is short."""
    if export.case_ids is None and not _choose(export, visibility):
        return _fail(export, "too_many_rows", now=now)
    ids = export.case_ids or []
    piece = PERSONAL_BATCH if export.has_personal else BATCH
    while export.rows < len(ids):
        if passed() > WORKS_FOR:
            return hand_back(export)
        _build(export, visibility, ids[export.rows : export.rows + piece], now=now)
    if len(ids) > LONG and passed() > FRESH:
        return hand_back(export)
    _finish(export, visibility, now=now)


def _choose(export: Export, visibility: Visibility) -> bool:
    most = settings.EXPORT_MOST_ROWS
    with visibility.under_row_security():
        ids = list(dict.fromkeys(chosen(visibility, export.query, most=most + 1)))
    if len(ids) > most:
        return False
    export.case_ids, export.total = ids, len(ids)
    export.save(update_fields=["case_ids", "total"])
    return True


def _build(export: Export, visibility: Visibility, ids: Sequence[int], *, now: datetime) -> None:
    """One piece: entries in the record, rows, position."""
    wanted = [COLUMNS[code] for code in export.columns]
    kinds = [column.kind for column in wanted if column.is_personal]
    with visibility.under_row_security():
        rows = rows_of(visibility, ids, kinds=kinds)
    with transaction.atomic():
        if kinds:
            rows = _permitted(export, visibility, rows, now=now)
        cells = [[column.text(row) for column in wanted] for row in rows]
        export.kept_bytes = files.append(export.mark, cells, after=export.kept_bytes)
        export.rows += len(ids)
        export.has_file = True
        save_progress(export, "kept_bytes", "rows", "has_file", now=now)


def _permitted(export: Export, visibility: Visibility, rows: list[CaseRow], *, now: datetime) -> list[CaseRow]:
    """An entry in the record of each case; without one the contact data stays out of its row."""
    move = contact_access.export_contact(mark=export.mark)
    try:
        taken = handling.take_each([(row.case.pk, move, visibility.actor) for row in rows], now=now)
    except StepNotAllowed:
        taken = []
    noted = {one.complaint.pk for one in taken if one.is_done}
    return [row if row.case.pk in noted else replace(row, person={}) for row in rows]


def _finish(export: Export, visibility: Visibility, *, now: datetime) -> None:
    Export.objects.filter(pk=export.pk).update(leased_until=now + FINISHING)
    place = export.enterprise or export.authority
    who = f"{export.asked_by.name} · {named(place) if place else ''}"
    heading = [str(COLUMNS[code].title) for code in export.columns]
    export.file_digest, export.file_size = files.finish(
        *(export.mark, export.format, heading),
        **{"rows_in": export.kept_bytes, "who": who, "at": now, "query": export.query},
        choices=_choices(export, now=now),
    )
    export.state, export.ready_at, export.expires_at = "ready", now, now + EXPIRES_AFTER
    export.case_ids, export.leased_until, export.has_file = None, None, True
    fields = ["file_digest", "file_size", "state", "ready_at", "expires_at", "case_ids", "leased_until", "has_file"]
    with transaction.atomic():
        export.save(update_fields=fields)
        _tell(export, now=now)
    files.remove_half(export.mark)


def _choices(export: Export, *, now: datetime) -> dict[int, list[str]]:
    """Place of a column that is filled in → the words that may stand there."""
    chosen = [COLUMNS[code] for code in export.columns]
    result = {n: columns.labels_for(column.choice) for n, column in enumerate(chosen) if column.choice}
    if "to_handler" in export.columns:
        names = Counter(person.user.name for person in people_of(export.enterprise_id or 0, now=now))
        result[export.columns.index("to_handler")] = sorted(name for name, n in names.items() if n == 1)
    return result


def _fail(export: Export, code: str, *, now: datetime) -> None:
    with transaction.atomic():
        Export.objects.filter(pk=export.pk).update(state="failed", failure=code, leased_until=None, case_ids=None)
        _tell(export, now=now, is_failed=True)


def _tell(export: Export, *, now: datetime, is_failed: bool = False) -> None:
    path = reverse(f"complaints:{'enterprise' if export.enterprise_id else 'authority'}-export", args=[export.mark])
    what = format_lazy("{} {}", gettext_lazy("导出"), export.mark)
    tell_of_the_end(export.asked_by, what, path, since=export.asked_at, now=now, is_failed=is_failed)


def throw_away(*, now: datetime) -> int:
    """Files that were fetched or are too old, and wishes that nobody decided. How many files went."""
    Export.objects.filter(state="ready", expires_at__lte=now).update(state="expired")
    Export.objects.filter(state="asked", asked_at__lte=now - DECIDED_WITHIN).update(state="expired")
    old = Export.objects.filter(has_file=True, state__in=["fetched", "expired", "refused", "failed"])
    gone = 0
    for pk, mark in old.values_list("pk", "mark")[:BATCH]:
        files.remove(mark)
        gone += Export.objects.filter(pk=pk).update(has_file=False)
    outgoing.forget_copies(files.folder(), before=now - EXPIRES_AFTER)
    return gone
