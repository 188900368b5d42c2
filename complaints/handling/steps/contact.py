"""Contact data of a consumer, changed by an officer who rang the person or saw them.

The entry keeps what it was before and who changed it, and whoever has the number of before is told, so
that nobody takes a case over by a telephone call.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.sign_in.contacts import parse_contact
from complaints.casefile.case_file import CaseFile
from complaints.handling.transition import saying
from complaints.handling.transition.effect import Effect, Move
from complaints.parties.actors import Actor
from complaints.procedure.refusals import StepNotAllowed, WrongInput

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
            texts=texts,
            data={"changed": [kind for kind, text in texts.items() if text], "recorded": {"how": how, "proof": number}},
        )

    return Move("change_contact", carry)


def _contact(typed: str, channel: str, field: str) -> str:
    said = saying.text(typed, field, longest=254, needed=False)
    found = parse_contact(said) if said else None
    if said and (found is None or found.channel != channel):
        raise WrongInput("bad_contact", _("请核对号码或者邮箱的写法。"), field=field)
    return found.address if found is not None else ""
