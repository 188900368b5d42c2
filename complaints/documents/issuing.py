"""Issues the documents that the steps of one flush name: numbered, worded, frozen, their digests in the entries."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.utils import timezone

from accounts.keys import sealed_fields
from accounts.models import User
from authorities.jurisdiction import Jurisdiction
from authorities.models import Authority, Officer
from authorities.policies import Policies
from complaints.casefile.case_file import CaseFile
from complaints.documents import kinds
from complaints.documents.kinds import KINDS, forms_of, is_to, reference
from complaints.documents.wording import Facts, Paper, demand_text, paper, promise_text
from complaints.models import Complaint, Demand, DocumentVersion, Engagement, Obligation, OfficialDocument, PersonalText
from complaints.models.record import SALT_BYTES
from complaints.procedure.workflow import Audience, Clock
from complaints.record.record import Entry, canonical, salted

#: Which clock tells the last day that a form names.
_DAYS = {"forward": Clock.NEGOTIATION, "assign_authority": Clock.REVIEW, "accept": Clock.MEDIATION}
#: What a person filed, as far as any form prints it.
PRINTED = ("consumer_name", "consumer_phone", "consumer_address", "consumer_statement", "consumer_transcript")
Person = dict[str, str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    file: CaseFile
    entry: Entry
    form: int
    authority: Authority


def issue(files: Iterable[CaseFile]) -> None:
    """Add the documents of these files' entries to the files; none for imports of old cases, which had theirs."""
    wanted = [
        one
        for file in files
        if file.conditions.issues and file.complaint.pk is not None
        for entry in file.entries
        for one in _wanted(file, entry)
    ]
    if not wanted:
        return
    known = people({one.file.complaint.pk for one in wanted})
    given = kinds.take_numbers([kinds.Series(one.authority.pk, one.file.today.year, one.form) for one in wanted])
    for one, number in zip(wanted, given, strict=True):
        _add(one, number, known)


def number_versions(files: Iterable[CaseFile]) -> None:
    """Once the entries have their numbers, each version gets that of the entry which holds its digest."""
    for file in files:
        versions = [row for row in file.added.get(DocumentVersion, ()) if isinstance(row, DocumentVersion)]
        if not versions:
            continue
        entries = {given["digest"]: entry for entry in file.entries for given in entry.data.get("documents", ())}
        for version in versions:
            version.sequence = entries[version.digest.hex()].sequence
            if version.number == 1:
                version.document.sequence = version.sequence


def _wanted(file: CaseFile, entry: Entry) -> list[_Wanted]:
    if entry.actor.side != "authority":
        return []
    authority = file.conditions.jurisdiction.issuer(entry.actor.authority_id or file.complaint.handling_authority_id)
    return [] if authority is None else [_Wanted(file, entry, form, authority) for form in forms_of(entry.data)]


def people(ids: set[int]) -> dict[int, Person]:
    """What the consumers of these cases gave last; two queries."""
    # What was reported with the filing lies in the authority's chain, under the key of who filed.
    reported = Q(audience=Audience.AUTHORITY, kind="report", key_id=F("complaint__consumer_key"))
    shown = Q(audience=Audience.PARTIES, kind__in=PRINTED) | reported
    rows = list(PersonalText.objects.filter(shown, complaint_id__in=ids).order_by("sequence"))
    sealed_fields.load_for(rows)
    result: dict[int, Person] = {}
    for row in rows:
        result.setdefault(row.complaint_id, {})[row.kind] = row.text
    return result


def _add(one: _Wanted, number: int, known: dict[int, Person]) -> None:
    file, entry, form = one.file, one.entry, one.form
    signers = _signers(file, entry)
    text = paper(
        form,
        _facts(one, known.get(file.complaint.pk, {}), [name for _user, name in signers]),
        reference=reference(one.authority.document_code, form, year=file.today.year, number=number),
    )
    content, digest = frozen(text)
    entry.data = entry.data | {"documents": [*entry.data.get("documents", ()), data_of(text, version=1, digest=digest)]}
    kind, is_open = KINDS[form], entry.audience == Audience.PARTIES
    engagement = _answers(file) if is_open and is_to(form, "enterprise", entry.data) else None
    document = file.add(
        OfficialDocument(
            complaint=file.complaint,
            authority=one.authority,
            year=file.today.year,
            form=form,
            number=number,
            reference=text["reference"],
            audience=entry.audience,
            sequence=0,
            to_consumer=kind.to_consumer and is_open,
            to_enterprise=engagement is not None,
            engagement=engagement,
            enterprise_id=engagement.enterprise_id if engagement else None,
            issued_at=entry.written_at,
            issued_by_id=signers[0][0] if signers else None,
            second_by_id=signers[1][0] if len(signers) > 1 else None,
        )
    )
    file.add(
        DocumentVersion(
            document=document,
            complaint=file.complaint,
            number=1,
            sequence=0,
            at=entry.written_at,
            content=content,
            digest=digest,
        )
    )


def frozen(text: Paper) -> tuple[dict[str, Any], bytes]:
    """What is sealed, and the digest for the record: with a salt, as names and numbers could be guessed without."""
    salt = secrets.token_bytes(SALT_BYTES)
    return {"salt": salt.hex(), "paper": text}, salted(salt, canonical(text))


def data_of(text: Paper, *, version: int, digest: bytes) -> dict[str, Any]:
    """What an entry says of a document; nothing in it names anybody."""
    return {"form": text["form"], "reference": text["reference"], "version": version, "digest": digest.hex()}


def _answers(file: CaseFile) -> Engagement | None:
    """Who has the case, or had it until it flowed back; nobody once it was handed back as another's."""
    return None if file.complaint.enterprise_id is None else file.engagement or file.latest_engagement


def _facts(one: _Wanted, person: Person, officers: Sequence[str]) -> Facts:
    file, entry = one.file, one.entry
    name, code = respondent_of(file)
    unit = file.conditions.jurisdiction.known(file.complaint.handling_authority_id)
    return Facts(
        complaint=file.complaint,
        policies=file.conditions.policies,
        authority=one.authority.name,
        officers=officers,
        day=file.today,
        person={**person, **{kind: text for kind, text, _key in entry.texts if kind in PRINTED}},
        respondent=name,
        respondent_code=code,
        unit=unit.name if unit else "",
        data=entry.data,
        texts={kind: text for kind, text, _key in entry.texts},
        demands=demands_of(file.demands),
        promises=promises_of(row for row in file.added.get(Obligation, []) if isinstance(row, Obligation)),
        last_day=last_day_of(file, entry.step),
    )


def demands_of(demands: Iterable[Demand]) -> list[str]:
    return [demand_text(row.kind, row.amount, row.note) for row in demands if not row.is_given_up]


def promises_of(rows: Iterable[Obligation]) -> list[str]:
    return [promise_text(row.what, row.owed_by, row.amount, row.due_on, row.payee_last4) for row in rows]


def last_day_of(file: CaseFile, step: str) -> date | None:
    """The day that the form of this step names."""
    wanted = _DAYS.get(step)
    return next((row.last_day for row in file.clocks if row.clock == wanted and row.ended_at is None), None)


def respondent_of(file: CaseFile) -> tuple[str, str]:
    """Name and credit code of who answers or answered last, else whom the consumer meant."""
    case, last, conditions = file.complaint, _answers(file), file.conditions
    for enterprise_id, branch_id in (
        (last.enterprise_id if last else None, last.branch_id if last else None),
        (case.enterprise_id, case.branch_id),
        (case.picked_enterprise_id, case.picked_branch_id),
    ):
        if enterprise_id is None:
            continue
        enterprise = conditions.enterprise(enterprise_id)
        branch = conditions.branch(branch_id, enterprise_id) if branch_id else None
        if enterprise is not None:
            return branch.name if branch else enterprise.name, enterprise.uscc or ""
    return case.respondent_named, ""


def _signers(file: CaseFile, entry: Entry) -> list[tuple[int | None, str]]:
    """Two officers: who proposed and who approved, else who acts and whom the entry names or who has the case; the one
    who is known otherwise."""
    results: list[tuple[int | None, str]] = [(entry.actor.user_id, entry.actor.name)]
    proposal = next(
        (m for m in file.matters if m.kind == "proposal" and m.subject == entry.step and m.state == "granted"), None
    )
    if proposal is not None and proposal.opened_by_key is not None:
        results.insert(0, _person(file, proposal.opened_by_key))
    elif len(entry.data.get("officers", ())) > 1:
        results.append(_officer(file, entry.data["officers"][-1]))
    elif file.complaint.officer_id is not None:
        results.append(_officer(file, file.complaint.officer_id))
    kept: list[tuple[int | None, str]] = []
    for user, name in results:
        if name and user not in [known for known, _name in kept]:
            kept.append((user, name))
    return kept[:2]


def _person(file: CaseFile, key: UUID) -> tuple[int | None, str]:
    def read() -> tuple[int | None, str]:
        user = User.objects.filter(person_key=key).first()
        return (user.pk, user.name) if user else (None, "")

    return file.conditions.once("signer", key, read)


def _officer(file: CaseFile, officer_id: int) -> tuple[int | None, str]:
    def read() -> tuple[int | None, str]:
        officer = Officer.objects.select_related("user").filter(pk=officer_id).first()
        return (officer.user_id, officer.user.name) if officer else (None, "")

    return file.conditions.once("signing officer", officer_id, read)


def preview(
    form: int,
    complaint: Complaint,
    *,
    jurisdiction: Jurisdiction,
    policies: Policies,
    officers: Sequence[str],
    now: datetime,
    data: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
    last_day: date | None = None,
) -> Paper:
    """``data`` and ``texts`` as the step would write them (``ground``, ``body`` …; ``decision`` …), ``officers`` who
    would sign. Shown by components/paper.html. Two queries, one more for the demands."""
    unit = jurisdiction.known(complaint.handling_authority_id)
    issuer = jurisdiction.issuer(complaint.handling_authority_id) or unit
    row = complaint.branch or complaint.enterprise or complaint.picked_branch or complaint.picked_enterprise
    company = complaint.enterprise or complaint.picked_enterprise
    return paper(
        form,
        Facts(
            complaint=complaint,
            policies=policies,
            authority=issuer.name if issuer else "",
            officers=officers,
            day=timezone.localdate(now),
            person=people({complaint.pk}).get(complaint.pk, {}),
            unit=unit.name if unit else "",
            respondent=row.name if row else complaint.respondent_named,
            respondent_code=(company.uscc or "") if company else "",
            data=data or {},
            texts=texts or {},
            demands=demands_of(Demand.objects.filter(complaint=complaint)),
            last_day=last_day,
        ),
    )
