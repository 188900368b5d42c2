"""The list of the affected: taken whole or not at all, kept as keyed digests, held against the complainants, deleted.

A digest is made with the index key of the portal and the number of the remedy, so that a number on two lists, or in a
case, has nothing in common. The table itself is not kept. Whether a number is on a list is said to whoever proved by a
code that the phone is theirs, and to nobody else.
"""

import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from accounts.keys import keyring, sealed_fields
from accounts.keys.sealed_fields import digest_of, digests_of
from complaints.models import Complaint, PersonalText
from complaints.procedure.categories import QUESTIONS
from complaints.procedure.typed_values import phone
from complaints.procedure.working_calendar import SHANGHAI
from complaints.tables.sheets import SheetRefused, lines_of
from database.row_security import working_as_steps
from oversight.hot_spots.guiding import ReductionRefusal
from oversight.models import Remedy, RemedyCheck, RemedyList

#: Days that a list is kept.
KEPT_FOR = timedelta(days=180)
#: Lines of one list; the largest file, in bytes.
MOST_LINES, MOST_BYTES = 100_000, 5 * 1024 * 1024
#: Bad lines that are named.
NAMED = 10
#: Newest complaints of one cause that are held against a list, and how often.
MOST_COMPARED, AGAIN_AFTER = 5_000, timedelta(days=1)
#: Lists of one sweep.
BATCH = 20
#: What people are found by: their phone, and numbers of lines, accounts and orders that the sectors ask for.
_PHONE = "consumer_phone"
_NUMBERS = (_PHONE, "consumer_order_no", *(one.text_kind for one in QUESTIONS if one.is_identifier))
_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_ACCOUNT = re.compile(r"[A-Z0-9][A-Z0-9_-]{3,39}")


@dataclass(frozen=True, slots=True)
class Line:
    """``number``: as it is compared."""

    line: int
    number: str
    is_phone: bool
    is_remedied: bool


#: What may stand in the second column, and whether it says remedied.
WORDS = (
    (gettext_lazy("已补救"), True),
    (gettext_lazy("未补救"), False),
    (gettext_lazy("联系不上"), False),
    (gettext_lazy("不要补救"), False),
)


def _known() -> dict[str, bool]:
    """Those words in every language of the portal."""
    known: dict[str, bool] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            known |= {str(word).casefold(): is_remedied for word, is_remedied in WORDS}
    return known


def normal(text: str) -> tuple[str, bool] | None:
    """(the one form in which a number is compared, whether it is a phone); None where it is neither."""
    solid = re.sub(r"[\s·.]|(?<=\d)-(?=\d)", "", unicodedata.normalize("NFKC", text)).upper()
    if mobile := _MOBILE.fullmatch(solid):
        return f"+86{mobile[1]}", True
    if solid.startswith(("0", "+")):
        # A landline, with its area, or a number abroad.
        try:
            return phone(text), True
        except ValidationError:
            pass
    account = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    is_account = _ACCOUNT.fullmatch(account) and any(letter.isdigit() for letter in account)
    return (account.replace("-", ""), False) if is_account else None


def read(chunks: Iterable[bytes]) -> list[Line]:
    """The lines of a CSV of two columns: number, what became of it. Raises SheetRefused, which names the bad lines."""
    with tempfile.TemporaryDirectory() as folder:
        path, size = Path(folder) / "list.csv", 0
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    raise SheetRefused(_("文件太大，最多%(n)s MB。") % {"n": MOST_BYTES >> 20})
                if chunk[:4] == b"PK\x03\x04" or b"\0" in chunk:
                    raise SheetRefused(_("请另存为CSV再上传。"))
                file.write(chunk)
        return _judged(lines_of(path, "csv", most=MOST_LINES))


def _judged(lines: Iterator[tuple[int, list[str]]]) -> list[Line]:
    known = _known()
    good: list[Line] = []
    bad: list[tuple[int, str]] = []
    seen: dict[str, int] = {}
    for at, (number, cells) in enumerate(lines):
        found = normal(cells[0])
        said = known.get(cells[1].casefold()) if len(cells) > 1 else None
        if at == 0 and said is None and not any(letter.isdigit() for letter in cells[0]):
            # The heading.
            continue
        if found is None:
            bad.append((number, _("不是手机号、固定电话或者账号")))
        elif said is None:
            bad.append((number, _("第二列要写“已补救”“未补救”“联系不上”或者“不要补救”")))
        elif found[0] in seen:
            bad.append((number, _("和第%(n)s行是同一个号码") % {"n": seen[found[0]]}))
        else:
            seen[found[0]] = number
            good.append(Line(number, *found, said))
    if bad:
        named = "".join("\n" + _("第%(n)s行：%(why)s。") % {"n": line, "why": why} for line, why in bad[:NAMED])
        raise SheetRefused(_("有%(n)s行读不懂，整份名单都没有收。请改好再上传。") % {"n": f"{len(bad):,}"} + named)
    if not good:
        raise SheetRefused(_("这份文件里没有号码。"))
    return good


def _text(remedy_id: int, number: str) -> str:
    return f"{remedy_id}:{number}"


def keep(remedy: Remedy, lines: list[Line], *, now: datetime) -> None:
    """In place of the list before; the caller holds the remedy and saves it."""
    with working_as_steps():
        RemedyList.objects.filter(remedy=remedy).delete()
        RemedyList.objects.bulk_create(
            (
                RemedyList(
                    remedy=remedy,
                    line=one.line,
                    digest=digest_of("affected", _text(remedy.pk, one.number)),
                    is_remedied=one.is_remedied,
                )
                for one in lines
            ),
            batch_size=5_000,
        )
    remedy.listed_at, remedy.list_deleted_at = now, None
    remedy.listed, remedy.listed_phones = len(lines), sum(one.is_phone for one in lines)
    remedy.listed_remedied = sum(one.is_remedied for one in lines)
    remedy.complaints = remedy.complainants = remedy.complainants_listed = remedy.compared_at = None


#: The columns that `keep` sets.
KEPT = (
    *("listed_at", "listed", "listed_phones", "listed_remedied", "list_deleted_at"),
    *("complaints", "complainants", "complainants_listed", "compared_at"),
)


def drawn(remedy: Remedy, n: int) -> list[int]:
    """So many lines of those said to be remedied, each as likely as any other; all where there are not more."""
    with working_as_steps():
        lines = list(
            RemedyList.objects.filter(remedy=remedy, is_remedied=True).order_by("line").values_list("line", flat=True)
        )
    return sorted(secrets.SystemRandom().sample(lines, min(n, len(lines))))


def ask(remedy: Remedy, number: str, *, now: datetime) -> str:
    """Whether this proven phone is on the list (a value of RemedyCheck.Answer); that it was asked is counted. Raises
    ReductionRefusal where there is no list any more.
    """
    found = normal(number)
    with working_as_steps(), transaction.atomic():
        held = Remedy.objects.filter(pk=remedy.pk, list_deleted_at=None).exclude(listed_at=None)
        if not held.exists() or not _can_be_asked(remedy):
            raise ReductionRefusal("no_list", _("名单已经按期删除，不能再查。如认为受影响，可以直接投诉。"))
        digests = digests_of("affected", _text(remedy.pk, found[0])) if found else []
        row = RemedyList.objects.filter(remedy=remedy, digest__in=digests).first()
        answer = RemedyCheck.Answer.NOT_LISTED
        if row is not None:
            answer = RemedyCheck.Answer.REMEDIED if row.is_remedied else RemedyCheck.Answer.LISTED
        RemedyCheck.objects.create(remedy=remedy, answer=answer, at=now)
    return answer.value


def _can_be_asked(remedy: Remedy) -> bool:
    """Whether the portal has the index key of its digests still: they cannot be made anew, as no number is kept."""
    digest = RemedyList.objects.filter(remedy=remedy).values_list("digest", flat=True).first()
    return digest is not None and bytes(digest)[0] & 127 in keyring.keys().index


def sweep(*, now: datetime) -> int:
    """Delete lists whose days are over, and hold the others against the complainants, once a day; how many lists."""
    done = 0
    with_list = Remedy.objects.filter(listed_at__isnull=False, list_deleted_at=None).order_by("listed_at", "pk")
    for remedy in with_list.filter(listed_at__lte=now - KEPT_FOR)[:BATCH]:
        done += _delete(remedy, now=now)
    waiting = with_list.filter(state__in=[Remedy.State.AGREED, Remedy.State.RUNNING])
    waiting = waiting.filter(Q(compared_at=None) | Q(compared_at__lte=now - AGAIN_AFTER))
    for remedy in waiting[: max(0, BATCH - done)]:
        done += _compare(remedy, now=now) if _can_be_asked(remedy) else _delete(remedy, now=now)
    return done


def _delete(remedy: Remedy, *, now: datetime) -> int:
    with transaction.atomic():
        # Whoever uploads another list at this moment is first, or waits.
        same = Remedy.objects.filter(pk=remedy.pk, listed_at=remedy.listed_at, list_deleted_at=None)
        changed = same.update(list_deleted_at=now)
        if changed:
            RemedyList.objects.filter(remedy=remedy).delete()
    return changed


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)


def cases_of(remedy: Remedy) -> list[int]:
    """Ids of the complaints of this cause, the newest first."""
    rows = Complaint.objects.filter(
        enterprise_id=remedy.enterprise_id,
        received_at__gte=_midnight(remedy.first),
        received_at__lt=_midnight(remedy.last + timedelta(days=1)),
    ).exclude(status="draft")
    if remedy.sector:
        rows = rows.filter(object_category=remedy.sector)
    if remedy.problem:
        rows = rows.filter(problem_category=remedy.problem)
    return list(rows.order_by("-received_at", "-pk").values_list("pk", flat=True)[:MOST_COMPARED])


def _compare(remedy: Remedy, *, now: datetime) -> int:
    """People are told apart by their phone, who left none by the complaint."""
    ids = cases_of(remedy)
    texts = list(PersonalText.objects.filter(complaint_id__in=ids, audience="parties", kind__in=_NUMBERS))
    sealed_fields.load_for(texts)
    people: dict[int, str] = {pk: f"case {pk}" for pk in ids}
    numbers: dict[int, set[str]] = {pk: set() for pk in ids}
    for text in texts:
        found = normal(text.text) if text.text else None
        if found is None:
            continue
        numbers[text.complaint_id].add(found[0])
        if text.kind == _PHONE:
            people[text.complaint_id] = found[0]
    by_digest: dict[bytes, set[str]] = {}
    for pk, own in numbers.items():
        for number in own:
            for digest in digests_of("affected", _text(remedy.pk, number)):
                by_digest.setdefault(digest, set()).add(people[pk])
    rows = RemedyList.objects.filter(remedy=remedy, digest__in=list(by_digest)).values_list("digest", flat=True)
    listed = {person for digest in rows for person in by_digest[bytes(digest)]}
    counts = {"complaints": len(ids), "complainants": len(set(people.values())), "complainants_listed": len(listed)}
    # Of the list that was looked at, and of no later one.
    same = Remedy.objects.filter(pk=remedy.pk, listed_at=remedy.listed_at, list_deleted_at=None)
    return same.update(**counts, compared_at=now)
