"""Whom we tell what after each step. The words are stamped when the notice is made, and again for a reader of another
language (recipients.py). It holds no name, no phone and nothing of the problem. No query here: person and channel are
chosen when it is sent."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils.translation import override

from complaints import wording
from complaints.acceptance.remedies import phone_of
from complaints.casefile.case_file import CaseFile
from complaints.documents import kinds
from complaints.models import Complaint, Notice
from complaints.procedure import working_calendar
from complaints.procedure.categories import sector_of
from complaints.procedure.workflow import ENTERPRISE_SIDE, HIDDEN_CLOCKS, MUST_ACT, TABLE, Audience, Outcome, Status
from complaints.procedure.working_calendar import SHANGHAI
from complaints.record.record import Entry
from complaints.wording import notices
from complaints.wording.case import REFUSED_IN_FULL
from complaints.wording.next_action import next_action_of, speaking_clock, what_if_missed
from complaints.wording.reasons import ROUTES
from web.dates import before, day_text, working_days
from web.listing import joined

#: Whom the ``tells`` of an entry means; the holder is whoever must act then.
ADDRESSEES: dict[str, tuple[str, ...]] = {
    "": (),
    "consumer": ("consumer",),
    "enterprise": ("enterprise",),
    "authority": ("authority",),
    "both": ("consumer", "enterprise"),
}
_PATHS = {
    "consumer": "/cases/{number}/",
    "enterprise": "/enterprise/cases/{number}/",
    "authority": "/authority/cases/{number}/",
}
#: What a consumer is reminded of on the last day, and once it is over.
LAST_REMINDER = "remind_last"
#: Steps that put an offer before the consumer, or put it there again.
OFFERING = frozenset({"make_offer", "replace_offer", "answer_question"})
#: So long a short message may be; the gateway splits what is longer, and the second half gets lost.
SHORT = 70


def for_file(file: CaseFile) -> list[Notice]:
    """One notice for each addressee of each entry of this flush."""
    results: list[Notice] = []
    # The words need to know whether a promise stems from a mediation; the file has the row.
    promises = {row.pk: row for row in file.obligations}
    for clock in file.clocks:
        if clock.obligation_id in promises:
            clock.obligation = promises[clock.obligation_id]
    for entry in file.entries:
        for addressee in told(file, entry):
            enterprise_id = _enterprise_id(file, entry) if addressee == "enterprise" else None
            results.append(_notice(file, entry, addressee, enterprise_id))
    return results


def told(file: CaseFile, entry: Entry) -> list[str]:
    """For whom a notice of this entry is written; the entry says so too."""
    return [one for one in addressees(entry) if one != "enterprise" or _enterprise_id(file, entry) is not None]


def addressees(entry: Entry) -> tuple[str, ...]:
    """Who is told; an entry of one audience is told to that audience alone."""
    if entry.tells == "holder":
        holder = MUST_ACT.get(Status(entry.to_status), "")
        # Nobody is told what they have just done themselves.
        shown = ADDRESSEES[holder if holder != entry.actor.side else ""]
    else:
        shown = ADDRESSEES[entry.tells]
    if entry.audience == Audience.PARTIES:
        # In whose name an officer wrote something down reads it at once.
        is_theirs = entry.data.get("recorded") and entry.actor.side == "consumer" and "consumer" not in shown
        return ("consumer", *shown) if is_theirs else shown
    return tuple(side for side in shown if side == entry.audience)


def _enterprise_id(file: CaseFile, entry: Entry) -> int | None:
    """The enterprise that answers, or that gave the case back: who did hears of that alone."""
    if file.complaint.enterprise_id is not None:
        return file.complaint.enterprise_id
    engagement = file.latest_engagement if entry.from_status in ENTERPRISE_SIDE else None
    return engagement.enterprise_id if engagement is not None else None


def _notice(file: CaseFile, entry: Entry, addressee: str, enterprise_id: int | None) -> Notice:
    complaint = file.complaint
    language = complaint.language if addressee == "consumer" else settings.LANGUAGE_CODE
    presses = is_pressing(file, entry, addressee)
    single = addressee == "consumer" or presses
    at, reminds = entry.written_at, entry.step == "remind"
    # Reminders belong to the morning of their day, however late a sweep comes to write them.
    since = datetime.combine(file.today, time(), SHANGHAI) if reminds else at
    notice = Notice(
        complaint=complaint,
        audience=entry.audience,
        sequence=entry.sequence,
        # Nobody may turn off a consumer's reminder of the last day.
        kind=LAST_REMINDER if reminds and addressee == "consumer" and presses else entry.step,
        addressee=addressee,
        form="single" if single else "digest",
        created_at=at,
        send_after=at if single else working_calendar.next_digest(since, file.conditions.calendar),
        state="queued",
    )
    write(notice, file, entry, language=language)
    if addressee == "consumer":
        notice.user_id = complaint.consumer_id
    elif addressee == "enterprise":
        notice.enterprise_id = enterprise_id
        if enterprise_id == complaint.enterprise_id:
            notice.staff_id = complaint.handler_id
    else:
        notice.authority_id = entry.data.get("told") or complaint.handling_authority_id
    return notice


def is_breach(step: str) -> bool:
    return step.startswith("lapse_") or step in ("report_breach", "escalate")


def is_pressing(file: CaseFile, entry: Entry, addressee: str) -> bool:
    """On the last day and at a breach nobody waits for the next digest."""
    if is_breach(entry.step):
        return True
    if entry.step == "remind":
        return date.fromisoformat(entry.data["last_day"]) <= file.today
    return any(
        clock.state == "running"
        and clock.ended_at is None
        and clock.owed_by == addressee
        and clock.last_day <= file.today
        and clock.clock not in HIDDEN_CLOCKS
        for clock in file.clocks
    )


def write(notice: Notice, file: CaseFile, entry: Entry, *, language: str) -> None:
    """The one place where the words of a notice are made."""
    with override(language):
        text = _Text(file, entry, notice.addressee)
        notice.subject, notice.body, notice.short = text.subject(), "\n".join(text.lines()), text.short()
    notice.language = language


class _Text:
    """Subject and lines of one notice."""

    def __init__(self, file: CaseFile, entry: Entry, addressee: str) -> None:
        self.file, self.entry, self.addressee = file, entry, addressee
        self.complaint: Complaint = file.complaint
        self.authority = file.conditions.jurisdiction.known(self.complaint.handling_authority_id)
        self.path = _PATHS[addressee].format(number=self.complaint.number)
        self.what = self._what()

    def day(self, day: date) -> str:
        return before(day, today=self.file.today)

    @property
    def closes(self) -> bool:
        return self.entry.to_status == Status.CLOSED != self.entry.from_status

    @property
    def _is_refused(self) -> bool:
        """The open offer grants nothing."""
        offer = self.file.open_offer
        return offer is not None and offer.grants_nothing

    # --- the subject ----------------------------------------------------------------------

    def subject(self) -> str:
        return notices.SUBJECT.format(number=self.complaint.number, what=self.what)

    def _what(self) -> str:
        step = self.entry.step
        if step == "remind":
            return self._reminded()
        if self.closes:
            return notices.CLOSED_SUBJECT.format(outcome=self._outcome())
        if step in OFFERING and self._is_refused and self.addressee == "consumer":
            return str(notices.REFUSED_SUBJECT)
        own = notices.SUBJECTS.get(f"{step}/{self.addressee}") or notices.SUBJECTS.get(step)
        if own:
            return str(own)
        if self.entry.to_status == Status.REVIEW != self.entry.from_status and self.addressee != "authority":
            return str(notices.REVIEW_SUBJECT)
        return wording.label(step, kind="step")

    def _reminded(self) -> str:
        last, left, late = self._counted()
        if last < self.file.today:
            pair, number = (notices.REMIND_LATE if late else notices.REMIND_JUST_LATE), late
        elif last == self.file.today:
            pair, number = notices.REMIND_TODAY, 0
        else:
            pair, number = (notices.REMIND_SUBJECT if left else notices.REMIND_SOON), left
        return str(pair).format(n=working_days(number))

    def _counted(self) -> tuple[date, int, int]:
        """(last day, working days left, working days overdue) of a reminder, as of now."""
        calendar, today = self.file.conditions.calendar, self.file.today
        last = date.fromisoformat(self.entry.data["last_day"])
        return last, calendar.count(today, last), calendar.count(last, today)

    def _outcome(self) -> str:
        if self.entry.reason == "refusal_let_rest":
            return str(REFUSED_IN_FULL).lower()
        return wording.label(self.entry.outcome, kind="outcome").lower()

    def _missed(self, what: str) -> str:
        return wording.sentence(notices.IF_MISSED, what=what[:1].lower() + what[1:])

    def short(self) -> str:
        """For a short message: microcopy 28 to 30 where they fit, else the subject, else that there is news."""
        number = self.complaint.number
        choices = [self.subject()]
        if self.entry.step == "remind":
            rest = self.what.removeprefix(str(notices.REMINDER))
            choices.insert(0, notices.SHORT_REMIND.format(number=number, what=rest))
        pair = notices.SHORT.get(f"{self.entry.step}/{self.addressee}")
        if self.entry.step in OFFERING and self._is_refused:
            pair = notices.SHORT_REFUSED
        clock = speaking_clock(Status(self.complaint.status), self.file.clocks)
        if pair and clock is not None and self.entry.to_status == self.complaint.status:
            choices.insert(0, str(pair).format(number=number, day=self.day(clock.last_day)))
        choices.append(notices.SHORT_NEWS.format(number=number))
        return next((text for text in choices if len(text) <= SHORT), "")

    # --- the body -------------------------------------------------------------------------

    def lines(self) -> list[str]:
        if self.entry.step == "remind":
            results = self._reminder()
        else:
            results = [self._happened(), *(self._closed() if self.closes else self._next())]
        return [*results, *self._documents(), wording.sentence(notices.SEE, path=self.path)]

    def _documents(self) -> list[str]:
        """The official documents that this step addresses to the reader, by number."""
        results, path = [], f"{self.path}#documents"
        for one in self.entry.data.get("documents", ()):
            if kinds.is_to(one["form"], self.addressee, self.entry.data):
                title = kinds.KINDS[one["form"]].title
                results.append(wording.sentence(notices.DOCUMENT, reference=one["reference"], path=path, title=title))
        return results

    def _happened(self) -> str:
        what = wording.label(self.entry.step, kind="step")
        side = self.entry.actor.side
        if side == "system":
            lapsed = self.entry.step.startswith("lapse_") or self.entry.step == "fall_silent"
            return wording.sentence(notices.HAPPENED_BY_ITSELF if lapsed else notices.THE_SYSTEM, what=what)
        if side == self.addressee == "consumer":
            pair = notices.WRITTEN_DOWN if self.entry.data.get("recorded") else notices.HAPPENED
            return wording.sentence(pair, who=str(notices.YOU), what=what)
        return wording.sentence(notices.HAPPENED, who=wording.label(side, kind="side"), what=what)

    def _next(self) -> list[str]:
        """Who must act by when, and what if not; of the newest state only."""
        if self.entry.to_status != self.complaint.status:
            return self._undo()
        where = next_action_of(
            complaint=self.complaint,
            clocks=self.file.clocks,
            viewer_side=self.addressee,
            now=self.file.now,
            authority=self.authority,
            names=False,
            is_refused=self._is_refused,
        )
        results = [where.sentence]
        if where.if_missed and not where.is_overdue:
            results.append(self._missed(where.if_missed))
        return results + self._undo()

    def _undo(self) -> list[str]:
        """Until when the consumer may take the step back."""
        row = TABLE[self.entry.step]
        if not row.undo or self.addressee != "consumer" or self.entry.actor.side != "consumer":
            return []
        matter = self.file.matter("undo", self.entry.step)
        if matter is None or matter.until_at is None:
            return []
        last = self.file.conditions.calendar.local_day(matter.until_at - timedelta(microseconds=1))
        return [wording.sentence(notices.UNDO, day=self.day(last), path=f"{self.path}undo/")]

    def _closed(self) -> list[str]:
        """Outcome, reason, and which ways remain open."""
        entry = self.entry
        text, why = notices.CLOSED_WHY if entry.reason else notices.CLOSED, wording.reason(entry.reason, entry.outcome)
        results = [wording.sentence(text, outcome=self._outcome(), reason=why)]
        if self.addressee != "consumer":
            return results
        results += self._whose_duty()
        if entry.outcome == Outcome.UNCONFIRMED:
            limits = self.file.conditions.limits(self.complaint.handling_region_id)
            results.append(wording.sentence(notices.LATE_ANSWER, late_answer=limits["late_answer"]))
        if entry.outcome in TABLE["refer_to_regulator"].closed_as:
            pair = notices.REFER_IF_NOT_KEPT if entry.outcome == Outcome.SETTLED else notices.REFER
            results.append(wording.sentence(pair, path=f"{self.path}refer/"))
        if entry.outcome in TABLE["object"].closed_as:
            results.append(wording.sentence(notices.OBJECT, path=f"{self.path}objection/"))
        results.append(wording.sentence(notices.ROUTES, routes=joined(ROUTES.values())))
        if not entry.data.get("body_until"):
            results += [str(appeal.notice) for appeal in sector_of(self.complaint.object_category).appeals]
        return results + self._undo()

    def _whose_duty(self) -> list[str]:
        """Ground 1: the body that has the duty, with its phone and the last day where there is one."""
        data = self.entry.data
        if data.get("ground") != "outside_duty" or not data.get("body"):
            return []
        body, phone = wording.label(data["body"], kind="body"), phone_of(data["body"])
        pair = notices.BODY_PHONE if phone and phone not in body else notices.BODY
        results = [wording.sentence(pair, body=body, phone=phone)]
        if data.get("body_until"):
            day = day_text(date.fromisoformat(data["body_until"]), today=self.file.today, weekday=False)
            results.append(wording.sentence(notices.BODY_UNTIL, day=day))
        return results

    def _reminder(self) -> list[str]:
        """Microcopy 13 to 15, then what happens if it is missed."""
        last, left, late = self._counted()
        clock = self.entry.data["clock"]
        name = wording.label(clock, kind="clock")
        if last < self.file.today:
            day = day_text(last, today=self.file.today, weekday=False)
            pair = notices.REMIND_OVERDUE if late else notices.REMIND_JUST_OVERDUE
            return [wording.sentence(pair, clock=name, n=working_days(late), day=day)]
        if last == self.file.today:
            results = [wording.sentence(notices.REMIND_DAY, clock=name)]
        else:
            day = before(last, today=self.file.today, weekday=True)
            pair = notices.REMIND_LEFT if left else notices.REMIND_LAST
            results = [wording.sentence(pair, clock=name, n=working_days(left), day=day)]
        row = next((c for c in self.file.clocks if c.clock == clock and c.last_day == last), None)
        if row is not None:
            missed = what_if_missed(self.complaint, row, authority=self.authority, is_refused=self._is_refused)
            results.append(self._missed(missed))
        return results
