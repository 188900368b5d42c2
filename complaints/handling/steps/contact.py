"""How people are reached: the link of a respondent or body without account; contact data that an officer changes.
Whoever has the number of before is told, so that nobody takes a case over by a telephone call."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.sign_in.contacts import Contact, parse_contact, user_for
from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move, verb
from complaints.models import AnswerLink
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput
from complaints.procedure.workflow import Status
from complaints.record import person_digests

#: Longer than a mediation with its appraisal; a new one is made in a minute.
VALID_FOR = timedelta(days=120)
_DIGEST = 64


def invite_respondent(*, digest: str, channel: str, phone: str = "") -> Move:
    """``digest``: SHA-256 of the token, in hexadecimal. ``phone``: where codes go; needed for a text message."""
    return _invitation(digest, channel, phone, is_bodys=False)


def invite_body(*, digest: str, channel: str, phone: str) -> Move:
    """The same for the body to which the mediation was handed. All that it does asks for a code, so it gives a
    phone."""
    return _invitation(digest, channel, phone, is_bodys=True)


def _invitation(digest: str, channel: str, phone: str, *, is_bodys: bool) -> Move:
    saying.choice(channel, AnswerLink.CHANNELS, "channel")
    number = saying.text(phone, "phone", needed=is_bodys or channel == AnswerLink.SMS, longest=40)
    contact = parse_contact(number) if number else None
    if number and (contact is None or contact.channel != "sms"):
        raise WrongInput("bad_phone", _("手机号码不对，请核对。"), field="phone")
    if len(digest) != _DIGEST or not digest.isalnum():
        raise WrongInput("bad_text", _("链接不对，请重新发送。"), field="digest")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if not is_bodys and file.complaint.enterprise_id is not None:
            raise StepNotAllowed("has_account", _("被投诉人是在线和解企业，在自己的账号里办理。"))
        delegation = saying.open_matter(file, "delegation") if is_bodys else None
        if AnswerLink.objects.filter(token_digest=digest).exists():
            raise WrongInput("bad_text", _("链接不对，请重新发送。"), field="digest")
        for row in live_links(file, is_bodys=is_bodys):
            file.change(row, revoked_at=file.now)
        file.add(
            AnswerLink(
                complaint=file.complaint,
                delegation=delegation,
                token_digest=digest,
                channel=channel,
                phone=contact.address if contact else "",
                made_at=file.now,
                made_by_id=actor.officer_id,
                expires_at=file.now + VALID_FOR,
            )
        )
        return Effect(data={"channel": channel, "has_phone": contact is not None})

    return Move("invite_body" if is_bodys else "invite_respondent", carry)


@verb()
def end_invitation(file: CaseFile, actor: Actor) -> Effect:
    """From now on the link leads nowhere."""
    rows = live_links(file)
    if not rows:
        raise StepNotAllowed("nothing_open", _("没有有效的链接。"))
    for row in rows:
        file.change(row, revoked_at=file.now)
    return Effect()


def live_links(file: CaseFile, *, is_bodys: bool = False) -> list[AnswerLink]:
    """Links of the case that were not taken back: the respondent's, or the body's."""
    return list(AnswerLink.objects.filter(complaint=file.complaint, revoked_at=None, delegation__isnull=not is_bodys))


#: How the officer knows who asked for it (labels: recording).
HOW = ("phone", "counter")


def change_contact(*, how: str, proof: str, phone: str = "", email: str = "", address: str = "") -> Move:
    """At least one of the three. ``proof``: number of the recording or of the signed sheet. Not for who has an account:
    they change it there, by a code to the new number."""
    saying.choice(how, HOW, "how")
    number = saying.text(proof, "proof", longest=40)
    texts = {
        "consumer_phone": _contact(phone, "sms", "phone"),
        "consumer_email": _contact(email, "email", "email"),
        "consumer_address": saying.text(address, "address", longest=200, needed=False),
    }
    if not any(texts.values()):
        raise WrongInput("missing", _("请至少填一项新的联系方式。"), field="phone")

    def carry(file: CaseFile, actor: Actor) -> Effect:
        if file.complaint.consumer_id is not None and (texts["consumer_phone"] or texts["consumer_email"]):
            raise StepNotAllowed("has_account", _("消费者有账户，电话和邮箱由本人在账户里更改；这里只能改地址。"))
        if texts["consumer_phone"]:
            file.complaint.contact_verified = True
        return Effect(
            to=goes_on(file),
            texts=texts,
            data={"changed": [kind for kind, text in texts.items() if text], "recorded": {"how": how, "proof": number}},
        )

    return Move("change_contact", carry)


def _contact(typed: str, channel: str, field: str) -> str:
    given = saying.text(typed, field, longest=254, needed=False)
    result = parse_contact(given) if given else None
    if given and (result is None or result.channel != channel):
        raise WrongInput("bad_contact", _("请核对号码或者邮箱的写法。"), field=field)
    return result.address if result is not None else ""


WRONG_NAME = gettext_lazy("与投诉里写的姓名不一致。请核对；办不成就拨打12315，由工作人员核实。")
#: A number is taken for the same person's for so long; numbers change hands (procedure, section 3).
SAME_NUMBER_FOR = timedelta(days=90)
#: What an authority does with a case while it waits for the number; then it decides where the case goes.
_UNDER_WAY = ("consent", "jurisdiction", "proposal")


def goes_on(file: CaseFile) -> Status | None:
    """Where a case leads whose number is proven now: forwarded by itself, if it waited for that and nothing else."""
    waits = file.status == Status.TRIAGE and file.complaint.reason == "contact_unverified"
    is_proven = file.complaint.contact_verified and not any(file.matter(kind) for kind in _UNDER_WAY)
    return Status.FILED if waits and is_proven else None


def contact_of(on_file: Mapping[str, str]) -> Contact | None:
    """The phone that stands in a case, else its mailbox."""
    contacts = (parse_contact(on_file.get(kind, "")) for kind in ("consumer_phone", "consumer_email"))
    return next((contact for contact in contacts if contact is not None), None)


@verb()
def prove_contact(file: CaseFile, actor: Actor, *, because: Mapping[str, Any] | None = None) -> Effect:
    """The number on file is proven: the case belongs to that person's account, and what waited for this is forwarded.

    ``because``: the page got a code right; "name" as it was typed, "known" the name for an account that has none.
    Without it an officer rang the number or saw the person, and it is the account of that number. A case older than 90
    days, or filed under another name than the account's, asks for the name in it."""
    case = file.complaint
    if case.consumer_id is not None:
        raise StepNotAllowed("has_account", _("这件投诉已经在一个账户里。"))
    given = person_digests.on_file([case.pk]).get(case.pk, {})
    contact, name = contact_of(given), given.get("consumer_name", "")
    if contact is None:
        raise StepNotAllowed("no_number", _("这件投诉里没有可以验证的号码，请拨打12315。"))
    if actor.recorded_by is not None:
        user = user_for(contact, name=name, language=case.language)
        if not user.is_active:
            raise StepNotAllowed("account_closed", _("这个号码的账户已经停用。"))
        case.consumer = user
    elif because is None or actor.user_id is None:
        raise StepNotAllowed("no_code", _("请先用这件投诉里的号码收验证码。"))
    else:
        _same_person(file, actor.name or str(because["known"]), name, str(because["name"]))
        case.consumer_id = actor.user_id
    case.contact_verified = True
    return Effect(to=goes_on(file), data={"channel": contact.channel})


def _same_person(file: CaseFile, whose: str, name: str, typed: str) -> None:
    """``whose``: the name of the account; ``name``: the one in the case."""
    bare = person_digests.bare
    is_old = file.now - (file.complaint.filed_at or file.now) > SAME_NUMBER_FOR
    if not is_old and bare(name) == bare(whose):
        return
    if not typed.strip():
        text = _("这件投诉是很久以前提交的，或者写的是另一个姓名。请填投诉里写的姓名。")
        raise WrongInput("name_needed", text, field="name")
    if not bare(name) or bare(typed) != bare(name):
        raise WrongInput("wrong_name", str(WRONG_NAME), field="name")
