"""Delivers notices, and the messages of the account side (one-time codes) over the same channels. Lease the rows, send
(lines.py), stamp; no transaction is open while something is sent. A code that has gone out or is given up loses its
words; in the portal's own mailbox they stay as long as they are of use."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.keys import row_tags
from accounts.models import OutgoingMessage, User
from accounts.sign_in.codes import VALID_FOR
from complaints.models import Lease, Notice, NoticeOrder
from complaints.notices import recipients, superseded
from complaints.notices.channels import Channels, open_channels
from complaints.notices.channels.letter import Bounced, Letter, TryAgain
from complaints.notices.digests import letter_of
from complaints.notices.lines import LOOK_EVERY, Lines, Waiting
from complaints.notices.receipts import receipts_of
from complaints.parties.conditions import current_calendar
from complaints.procedure import working_calendar
from complaints.procedure.refusals import StepNotAllowed
from database.row_security import working_as_steps

log = logging.getLogger(__name__)

CODES_BATCH = 20
CODES_LEASE = timedelta(seconds=60)
# Somebody waits for it with the page open.
CODES_TRIED_AFTER = (timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=1))


def _of_use(now: datetime) -> Q:
    """Codes are of use for ten minutes; a letter that says so itself, longer."""
    return Q(useful_until__gt=now) | Q(useful_until=None, created_at__gt=now - VALID_FOR)


def give_up_old(*, now: datetime) -> int:
    """A code that nobody can use any more is not sent, and not kept."""
    old = OutgoingMessage.objects.exclude(_of_use(now))
    old.filter(state__in=["queued", "leased"]).update(state="given_up", leased_until=None)
    return old.exclude(body="").update(body="", picture=None)


def _lease_codes(*, now: datetime, without: Sequence[str]) -> list[OutgoingMessage]:
    with transaction.atomic():
        due = OutgoingMessage.objects.filter(
            Q(state="queued") | Q(state="leased", leased_until__lte=now),
            Q(send_after=None) | Q(send_after__lte=now),
            _of_use(now),
        ).exclude(channel__in=without)
        rows = list(due.order_by("id").select_for_update(skip_locked=True)[:CODES_BATCH])
        OutgoingMessage.objects.filter(pk__in=[row.pk for row in rows]).update(
            state="leased", leased_until=now + CODES_LEASE, attempts=F("attempts") + 1
        )
    return rows


def _leased_code(row: OutgoingMessage) -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(pk=row.pk, state="leased")


def _code_of(error: Exception, what: str) -> str:
    """What went wrong, for the row. Of what was not foreseen only the kind: the words may hold an address or a code."""
    if isinstance(error, TryAgain):
        return error.code
    log.error("%s was not delivered: %s", what, type(error).__name__)
    return f"fault_{type(error).__name__}"[:200]


def _code_letter(row: OutgoingMessage) -> Letter:
    picture = bytes(row.picture or b"")
    return Letter(key=f"message:{row.pk}", subject=row.subject, body=row.body, short=row.body, picture=picture)


def _give_back_code(row: OutgoingMessage) -> None:
    _leased_code(row).update(state="queued", leased_until=None, attempts=F("attempts") - 1)


def _try_code_later(row: OutgoingMessage, code: str, *, now: datetime) -> None:
    """Until it is too old; ``attempts`` was read before the lease counted this try."""
    wait = CODES_TRIED_AFTER[min(row.attempts, len(CODES_TRIED_AFTER) - 1)]
    _leased_code(row).update(state="queued", send_after=now + wait, leased_until=None, last_error=code)


#: Letters of one lease.
BATCH = 50
#: Digests hold many rows: so many people and rows of one lease; who has more gets several letters.
PEOPLE, ROWS = 10, 1000
LEASE = timedelta(seconds=60)
#: With the limit of one letter (8 s) still below the limit of a task (30 s) and far below the lease.
SECONDS = 12
#: The lease of whoever sends; those of the rows do not depend on it.
SENDER = "notices"
# Minutes after the first, second, … failed try: four days in all.
TRY_AGAIN_AFTER = (1, 5, 30, 120, 360, 720, 1440, 1440, 1440)

Letters = list[list[Notice]]


def sweep_notices(*, now: datetime) -> int:
    """How many notices and codes went out; none while another sweep sends."""
    if not _is_anything_due(now=now):
        return 0
    with Lease.objects.alone(SENDER) as held:
        if held is None:
            return 0
        with open_channels(now=now) as channels:
            return _Sweep(channels, begun=time.monotonic(), now=now).run()


def _is_anything_due(*, now: datetime) -> bool:
    """Two looks: mostly there is nothing, and a sweep of nothing asks and writes much more."""
    waits = Q(state__in=["queued", "leased"])
    codes = OutgoingMessage.objects.filter(waits | ~_of_use(now) & ~Q(body=""))
    return codes.exists() or Notice.objects.filter(waits, send_after__lte=now).exists()


class _Sweep:
    """One sweep: what arrived, and when it must end."""

    def __init__(self, channels: Channels, *, begun: float, now: datetime) -> None:
        self.channels, self.begun, self.now = channels, begun, now
        self.arrived: list[Notice] = []
        self.sent = 0

    def is_over(self) -> bool:
        return time.monotonic() >= self.begun + SECONDS

    def run(self) -> int:
        give_up_old(now=self.now)
        with Lines(self.channels, now=self.now) as lines:
            lines.add(self._codes(()))
            lines.begin()
            # Codes are on their way meanwhile.
            self._settle()
            look_at, found_more = 0.0, True
            while lines.wait() or found_more:
                if self.is_over():
                    lines.stop()
                    found_more = False
                elif not lines.waiting or time.monotonic() >= look_at:
                    # A batch may hold nothing that is worth sending, and the next one something.
                    batch = lease(now=self.now, without=lines.supplied)
                    lines.add([*self._codes(lines.supplied), *self._letters(batch or [])])
                    look_at, found_more = time.monotonic() + LOOK_EVERY, batch is not None
                lines.begin()
        self._stamp()
        return self.sent

    def _settle(self) -> None:
        calendar = current_calendar()
        while recipients.settle(now=self.now, channels=self.channels, calendar=calendar) and not self.is_over():
            pass
        recipients.wait_for_morning(now=self.now)

    def _codes(self, without: Sequence[str]) -> list[Waiting]:
        rows = _lease_codes(now=self.now, without=without)
        return [
            Waiting(
                channel=row.channel,
                letter=_code_letter(row),
                address=row.address,
                cases=frozenset(),
                ended=partial(self._code_ended, row),
                given_back=partial(_give_back_code, row),
            )
            for row in rows
        ]

    def _code_ended(self, row: OutgoingMessage, error: Exception | None) -> None:
        if error is None:
            body = {} if self.channels.is_mailbox else {"body": "", "picture": None}
            arrived = {"state": "sent", "sent_at": self.now, "leased_until": None, "last_error": ""}
            self.sent += _leased_code(row).update(**arrived, **body)
        elif isinstance(error, Bounced):
            gone = {"state": "given_up", "leased_until": None, "last_error": error.code}
            _leased_code(row).update(**gone, body="", picture=None)
        else:
            _try_code_later(row, _code_of(error, f"message {row.pk}"), now=self.now)

    def _letters(self, batch: Letters) -> Iterator[Waiting]:
        contacts = recipients.contacts_of(row for rows in batch for row in rows)
        receipts = receipts_of(batch)
        for rows in batch:
            first = rows[0]
            contact = contacts.get(recipients.contact_key(first), {})
            try:
                address = recipients.address_of(first.channel, first.user, contact)
                if not address:
                    raise Bounced("no_address")
                receipt = receipts.get(first.pk)
                letter = letter_of(rows, site=settings.SITE_URL, now=self.now, receipt=receipt)
            except Exception as error:
                self._ended(rows, contact, error)
                continue
            yield Waiting(
                channel=first.channel,
                letter=letter,
                address=address,
                cases=frozenset(row.complaint_id for row in rows),
                ended=partial(self._ended, rows, contact),
                given_back=partial(_give_back, rows),
            )

    def _ended(self, rows: list[Notice], contact: dict[str, str], error: Exception | None) -> None:
        if error is None:
            self.sent += len(rows)
            self.arrived += rows
            # At once: whoever is killed now has at most the letters on their way to send twice. In the own mailbox
            # nothing is on its way.
            if not self.channels.is_mailbox or len(self.arrived) >= BATCH:
                self._stamp()
        elif isinstance(error, Bounced):
            _next_channel(rows, error.code, contact, self.channels, now=self.now)
        else:
            _try_later(rows, _code_of(error, f"notice {rows[0].pk}"), now=self.now)

    def _stamp(self) -> None:
        rows, self.arrived = self.arrived, []
        _end(rows, "sent", sent_at=self.now)


def lease(*, now: datetime, without: Sequence[str] = ()) -> Letters | None:
    """The next letters that are due; their rows are this sender's for LEASE. None when nothing is due; none of those
    that were due may be worth sending."""
    with transaction.atomic():
        due = recipients.due(now=now).exclude(channel__in=without)
        letters = [[row] for row in _locked(due.filter(form="single").order_by("send_after", "id"))[:BATCH]]
        letters += _digests(due.exclude(form="single"))
        if not letters:
            return None
        taken = [row.pk for rows in letters for row in rows]
        Notice.objects.filter(pk__in=taken).update(state="leased", leased_until=now + LEASE, attempts=F("attempts") + 1)
        return _without_old_news(letters, now=now)


def _without_old_news(letters: Letters, *, now: datetime) -> Letters:
    """What is old news stays on the page of the case alone; what was told today already waits for the next day. A
    folded letter that was tried before stays as it was."""
    rows = [row for letter in letters for row in letter if row.form == "single" or not row.attempts]
    judged = superseded.judge(rows, now=now)
    gone = {row.pk for row in judged.old} | {row.pk for row, _until in judged.waiting}
    _end(judged.old, "in_portal", code=superseded.CODE)
    for row, until in judged.waiting:
        _leased([row.pk]).update(state="queued", send_after=until, leased_until=None, attempts=F("attempts") - 1)
    kept = ([row for row in letter if row.pk not in gone] for letter in letters)
    return [letter for letter in kept if letter]


def _locked(rows: QuerySet[Notice]) -> QuerySet[Notice]:
    return rows.select_for_update(of=("self",), skip_locked=True).select_related(
        "user", "complaint__branch", "complaint__enterprise", "authority", "enterprise"
    )


def _digests(due: QuerySet[Notice]) -> Iterator[list[Notice]]:
    """All that is due for a few people: new rows join in one letter, an earlier letter stays as it was."""
    counted = due.order_by("user_id").values_list("user_id").annotate(rows=Count("id"))[:PEOPLE]
    people: list[int | None] = []
    total = 0
    for person, rows_of_person in counted:
        total += rows_of_person
        if people and total > ROWS:
            break
        people.append(person)
    letters: dict[tuple[int | None, str, int | None], list[Notice]] = {}
    # By letter first: what is tried again stays together, however much is new.
    for row in _locked(due.filter(user_id__in=people).order_by("letter", "send_after", "id")[:ROWS]):
        letters.setdefault((row.user_id, row.channel, row.letter), []).append(row)
    if sum(map(len, letters.values())) == ROWS and len(letters) > 1:
        # Perhaps cut off: a letter that was tried before goes whole or not at all.
        last = list(letters)[-1]
        if last[2] is not None:
            del letters[last]
    for rows in letters.values():
        if rows[0].letter is None:
            name = min(row.pk for row in rows)
            Notice.objects.filter(pk__in=[row.pk for row in rows]).update(letter=name)
            for row in rows:
                row.letter = name
        yield rows


def _leased(ids: list[int]) -> QuerySet[Notice]:
    return Notice.objects.filter(pk__in=ids, state="leased")


def _give_back(rows: list[Notice]) -> None:
    _leased([row.pk for row in rows]).update(state="queued", leased_until=None, attempts=F("attempts") - 1)


_END = """
update complaints_notice t set state = %s, sent_at = %s, last_error = %s, leased_until = null, tag = v.tag
from unnest(%s::bigint[], %s::bytea[]) as v (id, tag) where t.id = v.id and t.state = 'leased'"""


def _end(rows: Sequence[Notice], state: str, *, code: str = "", sent_at: datetime | None = None) -> int:
    """What became of these rows of a lease, with their tags; how many were still held."""
    if not rows:
        return 0
    for row in rows:
        row.state = state
    with connection.cursor() as cursor:
        tags = [row_tags.made_for(row) for row in rows]
        cursor.execute(_END, [state, sent_at, code, [row.pk for row in rows], tags])
        return int(cursor.rowcount)


def _try_later(rows: list[Notice], code: str, *, now: datetime) -> None:
    """``attempts`` of the rows was read before the lease counted this try."""
    ids, tried, channel = [row.pk for row in rows], rows[0].attempts, rows[0].channel
    if tried < len(TRY_AGAIN_AFTER):
        later = working_calendar.not_before(channel, now + timedelta(minutes=TRY_AGAIN_AFTER[tried]))
        _leased(ids).update(state="queued", send_after=later, leased_until=None, last_error=code)
    else:
        _end(rows, "set_aside", code=code)


def _next_channel(rows: list[Notice], code: str, contact: dict[str, str], channels: Channels, *, now: datetime) -> None:
    """A new row on the first channel that was not tried yet; after the last one it is an officer's task."""
    for row in rows:
        usable = recipients.usable_channels(row.addressee, row.user, contact, channels)
        with transaction.atomic():
            notices = Notice.objects.filter(complaint_id=row.complaint_id, audience=row.audience, sequence=row.sequence)
            tried = set(notices.filter(addressee=row.addressee, user=row.user).values_list("channel", flat=True))
            name = next((channel for channel in usable if channel not in tried), "")
            state = "bounced" if name else "set_aside"
            moved = _end([row], state, code=code)
            if name and moved:
                Notice.objects.bulk_create([_on(name, row, now=now)], ignore_conflicts=True)


def _on(channel: str, row: Notice, *, now: datetime) -> Notice:
    copy = recipients.copy_of(row)
    copy.channel, copy.state, copy.attempts, copy.last_error = channel, "queued", 0, ""
    copy.leased_until = copy.letter = copy.sent_at = None
    copy.send_after = working_calendar.not_before(channel, now)
    return copy


AGAIN, TOLD = "again", "told"
#: What may be ordered about a notice in this state.
ORDERS = {"set_aside": (AGAIN, TOLD), "sent": (AGAIN,), "told": (AGAIN,)}


def order(notice_id: int, what: str, *, by: User, now: datetime) -> Notice:
    """Carry the order out and write it down; the caller has made sure that ``by`` may."""
    # Seen under the caller's role or not at all.
    seen = Notice.objects.values_list("pk", flat=True).get(pk=notice_id)
    with working_as_steps(), transaction.atomic():
        notice = Notice.objects.select_for_update().get(pk=seen)
        if what not in ORDERS.get(notice.state, ()):
            raise StepNotAllowed("not_now", _("这条通知已经在等待发送，或者已经处理，请刷新页面再看。"))
        if what == TOLD:
            notice.state = "told"
        else:
            # A letter of its own, on the channel that it had; a dead one leads on to the next.
            notice.state, notice.form, notice.letter = "queued", "single", None
            notice.attempts, notice.again, notice.send_after = 0, notice.again + 1, now
            notice.sent_at, notice.last_error = None, ""
        notice.save(
            update_fields=["state", "form", "letter", "attempts", "again", "send_after", "sent_at", "last_error", "tag"]
        )
        NoticeOrder.objects.create(notice=notice, by=by, what=what, at=now)
    return notice
