"""Files of the national platform: sent in, tried out, decided, carried out.

The same bytes sent again lead to the answer that stands. A piece is tried or carried out in one transaction with the
states of its lines, with the visibility of whoever sent the file.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.letters import tell_of_the_end
from accounts.models import User
from accounts.roles import Right
from authorities.models import Authority
from complaints import handling
from complaints.evidence import outgoing
from complaints.handling import Move, StepNotAllowed, WrongInput
from complaints.handling.steps.platform import checked_number, is_number
from complaints.models import Complaint, PlatformFile, PlatformLine
from complaints.parties.actors import Actor, on_behalf_of
from complaints.procedure.numbering import new_mark, tidy
from complaints.tables import uploads
from complaints.tables.exporting import files
from complaints.tables.exporting.selecting import Visibility, visibility_of_person
from complaints.tables.many_cases import take_all, why_refused
from complaints.tables.platform import lines
from complaints.tables.platform.lines import PlatformRow
from complaints.tables.uploads import BATCH, MOST_AT_A_TIME
from database.sweeping import Overtaken, save_progress

MOST_LINES = 10_000
UNDERWAY = ("checking", "checked", "applying")
WORKING = ("checking", "applying")
#: So long one may look at what came of a file.
KEPT_FOR = timedelta(days=365)


def take_in(
    chunks: Iterable[bytes], *, name: str, user: User, actor: Actor, language: str, now: datetime
) -> PlatformFile:
    """The row that a sweep will find, or that of the same bytes. Raises WrongInput for no table."""
    if actor.authority_id is None or not actor.may(Right.SEND_PLATFORM_FILE):
        raise StepNotAllowed("not_yours", _("这一步由其他人办理。"))
    mark = new_mark("P", timezone.localdate(now))
    with uploads.kept(chunks, mark) as (form, digest):
        same = _live(actor.authority_id).filter(digest=digest)
        known = same.first()
        if known is None:
            if _live(actor.authority_id).filter(state__in=UNDERWAY).count() >= MOST_AT_A_TIME:
                raise StepNotAllowed(
                    "too_many_files", _("已有%(n)s份文件没有办完，请先办完或者放弃其中一份。") % {"n": MOST_AT_A_TIME}
                )
            try:
                with transaction.atomic():
                    return PlatformFile.objects.create(
                        mark=mark,
                        authority_id=actor.authority_id,
                        asked_by=user,
                        file_name=name[-120:],
                        form=form,
                        digest=digest,
                        language=language,
                        asked_at=now,
                    )
            except IntegrityError:
                # Somebody sent in the same bytes at the same moment.
                known = same.get()
        outgoing.remove(files.upload_of(mark))
        return known


def _live(authority_id: int) -> QuerySet[PlatformFile]:
    return PlatformFile.objects.filter(authority_id=authority_id).exclude(state__in=["dropped", "failed"])


def counts_of(file: PlatformFile) -> dict[str, int]:
    return uploads.counts_of(PlatformLine.objects.filter(file=file), PlatformLine.STATES)


def decide(file: PlatformFile, choice: str, *, now: datetime) -> None:
    """``good`` or ``drop``. ``file`` is locked by the caller."""
    if file.state != "checked":
        raise StepNotAllowed("already_decided", _("这份文件已经不在等您决定。"))
    if choice == "drop":
        return end(file, "dropped", now=now)
    if choice != "good" or not counts_of(file)["good"]:
        raise WrongInput("bad_choice", _("请从列出的选项中选一项。"), field="decision")
    file.state, file.decided_at, file.place, file.attempts, file.leased_until = "applying", now, 0, 0, None
    file.save(update_fields=["state", "decided_at", "place", "attempts", "leased_until"])


def end(file: PlatformFile, state: str, *, now: datetime, code: str = "", explanation: str = "") -> None:
    """Done, dropped or failed: what was sent in is not needed any more, what came of it stays."""
    file.state, file.ended_at, file.leased_until = state, now, None
    file.failure, file.failure_words = code, explanation[:300]
    with transaction.atomic():
        file.save(update_fields=["state", "ended_at", "leased_until", "failure", "failure_words"])
        if state != "dropped":
            _tell(file, now=now)
    outgoing.remove(files.upload_of(file.mark))


def _tell(file: PlatformFile, *, now: datetime) -> None:
    path = reverse("complaints:authority-platform-file", args=[file.mark])
    what = format_lazy("{} {}", gettext_lazy("全国平台的表格"), file.mark)
    since = file.decided_at or file.asked_at
    tell_of_the_end(file.asked_by, what, path, since=since, now=now, is_failed=file.state == "failed")


def forget(*, now: datetime, limit: int) -> int:
    """Files that nobody decided are dropped; what is old is deleted with its lines. How many rows went."""
    return uploads.forget(
        PlatformFile,
        lambda old: PlatformLine.objects.filter(file__in=old),
        lambda file: end(file, "dropped", now=now),
        kept_for=KEPT_FOR,
        now=now,
        limit=limit,
    )


CHANNEL = "platform"


def sweep_platform_files(*, now: datetime) -> int:
    """How many files were worked on. Any number of sweeps may run; each takes what no other one holds."""

    def work(file: PlatformFile, is_late: Callable[[], bool]) -> None:
        visibility = visibility_of_person(file.asked_by, enterprise_id=None, authority_id=file.authority_id, now=now)
        worker = _Worker(file, visibility, file.authority, now)
        for piece in worker.pieces():
            if is_late():
                break
            worker.go_on(piece)
        else:
            worker.turn()

    def fail(file: PlatformFile, code: str, text: str) -> None:
        end(file, "failed", now=now, code=code, explanation=text)

    rows = PlatformFile.objects.filter(state__in=WORKING).select_related("asked_by", "authority__region")
    return uploads.sweep(rows, work, fail, now=now)


@dataclass
class _Worker:
    file: PlatformFile
    visibility: Visibility
    authority: Authority
    now: datetime
    _numbers: dict[str, int] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        return self.visibility.actor

    def pieces(self) -> list[list[PlatformRow]]:
        """The lines that are left, in pieces; raises SheetRefused for what is no such table."""
        _path, result = uploads.lines_below_heading(self.file.mark, self.file.form, lines.heading)
        every = [PlatformRow(number, cells) for number, cells in result]
        if len(every) > MOST_LINES:
            raise uploads.too_long(MOST_LINES)
        self.file.lines = len(every)
        done = [line for line in every if line.line <= self.file.place]
        for line in done:
            self._numbers.setdefault(line.text("platform_number"), line.line)
        left = every[len(done) :]
        return [left[n : n + BATCH] for n in range(0, len(left), BATCH)]

    def go_on(self, piece: Sequence[PlatformRow]) -> None:
        """Try one piece out, or carry it out, with its lines and how far the file is."""
        applying = self.file.state == "applying"
        with transaction.atomic():
            held = PlatformFile.objects.select_for_update(no_key=True).filter(pk=self.file.pk)
            if held.values_list("state", "place").first() != (self.file.state, self.file.place):
                raise Overtaken
            if applying:
                self._apply_lines(piece)
            else:
                PlatformLine.objects.bulk_create(self._tried(piece))
            self.file.place = piece[-1].line
            save_progress(self.file, "place", "lines", now=self.now)

    def turn(self) -> None:
        """All lines are through."""
        if self.file.state == "applying":
            end(self.file, "done", now=self.now)
            return
        with transaction.atomic():
            checking = PlatformFile.objects.filter(pk=self.file.pk, state="checking")
            if not checking.update(state="checked", lines=self.file.lines):
                raise Overtaken
            self.file.state = "checked"
            _tell(self.file, now=self.now)

    def _tried(self, piece: Sequence[PlatformRow]) -> list[PlatformLine]:
        """What would come of each line: the real thing, taken back."""
        with transaction.atomic():
            rows = self._take(piece, good="good", bad="bad")
            transaction.set_rollback(True)
        for row in rows:
            # A number that was taken back is nobody's.
            row.number = "" if row.kind == "new" else row.number
        return rows

    def _apply_lines(self, piece: Sequence[PlatformRow]) -> None:
        """Only lines that were good when they were tried out; each is judged anew."""
        kept = {
            row.line: row
            for row in PlatformLine.objects.filter(file=self.file, state="good", line__in=[line.line for line in piece])
        }
        taken = self._take([line for line in piece if line.line in kept], good="done", bad="refused")
        for row in taken:
            row.pk = kept[row.line].pk
        PlatformLine.objects.bulk_update(taken, ["state", "column", "problem", "number"])

    def _take(self, piece: Sequence[PlatformRow], *, good: str, bad: str) -> list[PlatformLine]:
        rows, moves = [], list[tuple[PlatformLine, tuple[int, Move, Actor]]]()
        here = self._cases(piece)
        for line in piece:
            # Only what is a number: where the columns were swapped, a name or a telephone stands in the cell.
            ours, theirs = line.text("number"), line.text("platform_number")
            row = PlatformLine(
                file=self.file,
                line=line.line,
                kind="new" if line.is_new else "number",
                state=good,
                number=tidy(ours),
                platform_number=theirs if is_number(theirs) else "",
            )
            rows.append(row)
            try:
                if (move := self._one(line, row, here)) is not None:
                    moves.append((row, move))
            except StepNotAllowed as wrong:
                _bad(row, wrong.field, wrong.reason, state="same" if wrong.code == "nothing_new" else bad)
        for (row, _move), result in zip(moves, take_all([move for _row, move in moves], now=self.now), strict=True):
            if result.refusal is not None and result.refusal.code == "nothing_new":
                _bad(row, "", result.refusal.reason, state="same")
            elif result.refusal is not None:
                _bad(row, result.refusal.field, why_refused(result), state=bad)
        return rows

    def _cases(self, piece: Sequence[PlatformRow]) -> dict[str, Complaint]:
        """Our cases that the lines name, by our number and by theirs; of what the sender sees."""
        ours = {line.text("number") for line in piece} - {""}
        theirs = {line.text("platform_number") for line in piece} - {""}
        with self.visibility.under_row_security():
            results = list(self.visibility.cases().filter(Q(number__in=ours) | Q(platform_number__in=theirs)))
        return {case.number: case for case in results} | {
            f"#{case.platform_number}": case for case in results if case.platform_number
        }

    def _one(self, line: PlatformRow, row: PlatformLine, here: dict[str, Complaint]) -> tuple[int, Move, Actor] | None:
        """The move of a line, or None where it was a complaint that is filed now. Raises StepNotAllowed."""
        number = checked_number(line.text("platform_number"))
        if (earlier := self._numbers.setdefault(number, line.line)) != line.line:
            raise StepNotAllowed(
                "twice", _("第%(n)s行已写了同一个平台编号。") % {"n": earlier}, field="platform_number"
            )
        case = here.get(line.text("number")) or here.get(f"#{number}")
        if line.text("number") and here.get(line.text("number")) is None:
            raise StepNotAllowed("not_here", _("没有找到这件投诉。"), field="number")
        if case is not None:
            row.kind, row.number = "number", case.number
            if line.is_new and case.platform_state == lines.state_of(line):
                raise StepNotAllowed("nothing_new", _("与已登记的相同。"))
            if case.platform_number and case.platform_number != number:
                raise StepNotAllowed(
                    "has_number",
                    _("这件投诉已登记平台编号%(number)s，与文件不同。") % {"number": case.platform_number},
                    field="platform_number",
                )
            return case.pk, lines.move_of(line), self.actor
        if not line.is_new:
            raise StepNotAllowed("not_here", _("平台上有，这里没有；这一行也没有写投诉的内容。"), field="number")
        if Complaint.objects.filter(platform_number=number).exists():
            raise StepNotAllowed(
                "number_taken",
                _("平台编号%(number)s已经登记在另一件投诉上，请核对。") % {"number": number},
                field="platform_number",
            )
        row.number = self._file(line).number
        return None

    def _file(self, line: PlatformRow) -> Complaint:
        """A complaint that began on the platform, written down by whoever sent the file."""
        request = lines.request_of(line, region=self.authority.region, now=self.now, language=self.file.language)
        who = on_behalf_of(
            None, request.consumer_name, uuid.uuid4(), by=replace(self.actor, channel=CHANNEL), channel=CHANNEL
        )
        filed: Complaint = handling.file([request], actor=who, now=self.now)[0]
        return filed


def _bad(row: PlatformLine, column: str, problem: str, *, state: str) -> None:
    uploads.mark_bad(row, column, problem, state=state)
    if row.kind == "new":
        row.number = ""
