"""What programs are answered, field by field: schema, answers and the tests' list come from here.

Nothing leaves that does not stand here, whatever a row may carry.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import BooleanField, CharField, DateField, DateTimeField, DecimalField, IntegerField

from complaints.procedure.workflow import Outcome, Status
from complaints.settlement.offer_findings import CODES

Shape = serializers.Serializer[Any]


def _code(choices: Any, **options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=[str(choice) for choice in choices], **options)


def money(**options: Any) -> DecimalField:
    return DecimalField(max_digits=14, decimal_places=2, **options)


class Problem(Shape):
    """RFC 9457. ``code`` is stable; ``detail`` is for people, in the language of the call."""

    type = CharField()
    title = CharField()
    status = IntegerField()
    incident = CharField()
    code = CharField(required=False)
    detail = CharField(required=False)
    message = CharField(required=False)
    field = CharField(required=False)
    allowed_steps = serializers.ListField(child=CharField(), required=False)
    errors = serializers.DictField(child=serializers.ListField(child=CharField()), required=False)  # type: ignore[assignment]


class CaseLine(Shape):
    """A case in a list. A former enterprise learns how its own time ended and no more."""

    number = CharField()
    standing = serializers.ChoiceField(choices=["current", "former"])
    status = _code(Status, allow_null=True)
    outcome = _code(["", *Outcome], allow_null=True, allow_blank=True)
    reason = CharField(allow_null=True)
    #: Nothing was granted and it was not pursued: no settlement, whatever the outcome says.
    was_refused_in_full = BooleanField(allow_null=True)
    engagement_result = CharField(allow_null=True)
    is_overdue = BooleanField(allow_null=True)
    received_at = DateTimeField()
    filed_at = DateTimeField()
    delivered_at = DateTimeField(allow_null=True)
    status_since = DateTimeField(allow_null=True)
    next_due_at = DateTimeField(allow_null=True)
    closed_at = DateTimeField(allow_null=True)
    last_event_at = DateTimeField()
    object_category = CharField()
    problem_category = CharField()
    item_name = CharField()
    amount = money(allow_null=True)
    currency = CharField()
    enterprise = CharField(allow_null=True)
    branch = CharField(allow_null=True)
    authority = CharField(allow_null=True)
    handler_id = IntegerField(allow_null=True)
    external_ref = CharField(allow_null=True)
    version = CharField()


class CaseList(Shape):
    """A page; ``next`` is the cursor of the page after it, null at the end."""

    results = CaseLine(many=True)
    next = CharField(allow_null=True)


class Person(Shape):
    """The consumer; masked unless the token may see the contact data."""

    name = CharField()
    phone = CharField()
    email = CharField()
    address = CharField()
    is_masked = BooleanField()


class Fact(Shape):
    name = CharField(source="key")
    value = CharField()


class Demand(Shape):
    ordinal = IntegerField()
    kind = CharField()
    amount = money(allow_null=True)
    note = CharField()
    is_settled = BooleanField()
    is_given_up = BooleanField()


class OfferAnswer(Shape):
    demand = IntegerField(source="ordinal")
    verdict = CharField(source="verdict_code")
    amount = money(allow_null=True)
    text = CharField()
    is_separable = BooleanField()


class Promise(Shape):
    ordinal = IntegerField()
    kind = CharField(source="row.kind")
    what = CharField()
    amount = money(allow_null=True)
    owed_by = CharField()
    due_on = DateField(allow_null=True)
    state = CharField(source="state_code")
    is_overdue = BooleanField()


class Offer(Shape):
    number = IntegerField()
    state = CharField(source="state_code")
    made_at = DateTimeField(source="at")
    message = CharField()
    answers = OfferAnswer(many=True)
    promises = Promise(many=True, source="obligations")
    #: For how much the consumer, who declined, would settle a demand: by its ordinal.
    counter_sums = serializers.DictField(child=CharField(), source="offer.counter_sums")


class Clock(Shape):
    clock = CharField()
    state = CharField()
    due_at = DateTimeField()
    last_day = DateField()
    owed_by = CharField()
    is_provisional = BooleanField()


class OpenMatter(Shape):
    """Something that waits for a word; ``id`` is what ``matter_id`` of a step names."""

    id = IntegerField()
    kind = CharField()
    subject = CharField()
    opened_by = CharField()
    opened_at = DateTimeField()
    until_at = DateTimeField(allow_null=True)


class MessagePart(Shape):
    label = CharField()  # type: ignore[assignment]
    text = CharField()


class Message(Shape):
    sequence = IntegerField()
    step = CharField()
    at = DateTimeField()
    side = CharField()
    organisation = CharField()
    parts = MessagePart(many=True)
    files = serializers.ListField(child=IntegerField())


class Case(CaseLine):
    """A case as this token may read it."""

    side = serializers.ChoiceField(choices=["consumer", "enterprise", "authority"])
    consumer = Person()
    statement = CharField()
    demand_note = CharField()
    facts = Fact(many=True)
    demands = Demand(many=True)
    offers = Offer(many=True)
    promises = Promise(many=True)
    clocks = Clock(many=True)
    matters = OpenMatter(many=True)
    messages = Message(many=True)
    files = IntegerField()
    allowed_steps = serializers.ListField(child=CharField())


class Entry(Shape):
    """One entry of the record, as it was written then; ``hash`` chains it to the one before it in its audience. Before
    a refusal could be let rest, its entry was written as settled: ``was_refused_in_full`` of the case tells it."""

    sequence = IntegerField()
    audience = CharField()
    step = CharField()
    happened_at = DateTimeField()
    written_at = DateTimeField()
    side = CharField()
    role = CharField()
    organisation = CharField()
    from_status = CharField()
    to_status = CharField()
    outcome = CharField()
    reason = CharField()
    hash = CharField()
    previous_hash = CharField()


class Record(Shape):
    case = CharField()
    entries = Entry(many=True)


class File(Shape):
    id = IntegerField()
    kind = CharField()
    name = CharField()
    size = IntegerField()
    media_type = CharField()
    sha256 = CharField()
    state = CharField()
    uploaded_at = DateTimeField()
    url = CharField()


class FileList(Shape):
    results = File(many=True)


class ReceivedFile(Shape):
    """What an upload comes to: the name stays out of it, for the answer is kept."""

    case = CharField()
    id = IntegerField()
    size = IntegerField()
    media_type = CharField()
    sha256 = CharField()
    url = CharField()


class Advice(Shape):
    """What an offer lacks that was sent nevertheless; ``field`` as on the page, empty when it is not about a field.
    ``place``: the first letter and the letter behind the last of the words it rests on, in the text of that field."""

    code = serializers.ChoiceField(choices=CODES)
    field = CharField(allow_blank=True)
    place = serializers.ListField(child=IntegerField(min_value=0), min_length=2, max_length=2, required=False)
    message = CharField()


class StepTaken(Shape):
    """``advice``: of an offer only."""

    case = CharField()
    step = CharField()
    status = _code(Status)
    outcome = CharField(allow_blank=True)
    was_refused_in_full = BooleanField()
    sequence = IntegerField()
    next_due_at = DateTimeField(allow_null=True)
    version = CharField()
    allowed_steps = serializers.ListField(child=CharField())
    advice = Advice(many=True, required=False)


class BatchResult(Shape):
    """``result``: done, refused, wrong_fields or not_found; the rest as it applies."""

    case = CharField()
    result = serializers.ChoiceField(choices=["done", "refused", "wrong_fields", "not_found"])
    step = CharField(required=False)
    status = CharField(required=False)
    outcome = CharField(required=False, allow_blank=True)
    was_refused_in_full = BooleanField(required=False)
    sequence = IntegerField(required=False)
    next_due_at = DateTimeField(required=False, allow_null=True)
    version = CharField(required=False)
    code = CharField(required=False)
    message = CharField(required=False)
    field = CharField(required=False, allow_blank=True)
    allowed_steps = serializers.ListField(child=CharField(), required=False)
    errors = serializers.DictField(child=serializers.ListField(child=CharField()), required=False)  # type: ignore[assignment]
    advice = Advice(many=True, required=False)


class BatchTaken(Shape):
    step = CharField()
    results = BatchResult(many=True)


class Filed(Shape):
    """Who filed for somebody else gets a header Tracking-Token: it opens the case without an account."""

    case = CharField()
    status = _code(Status)
    url = CharField()
    version = CharField()


class ExternalRefSet(Shape):
    case = CharField()
    external_ref = CharField(allow_blank=True)


class EnterpriseHit(Shape):
    enterprise_id = IntegerField(source="enterprise.pk")
    branch_id = IntegerField(allow_null=True, source="branch.pk")
    name = CharField(source="enterprise.name")
    name_en = CharField(source="enterprise.name_en")
    branch = CharField(allow_null=True, source="branch.name")
    brands = serializers.ListField(child=CharField())
    matched = CharField()
    is_enrolled = BooleanField()
    successor_id = IntegerField(allow_null=True, source="successor.pk")


class EnterpriseHits(Shape):
    results = EnterpriseHit(many=True)


class Event(Shape):
    """Ids and states, nothing of a person."""

    id = IntegerField()
    type = CharField()
    case = CharField()
    sequence = IntegerField()
    audience = CharField()
    happened_at = DateTimeField()
    written_at = DateTimeField()
    from_status = CharField()
    to_status = CharField()
    outcome = CharField(allow_blank=True)
    external_ref = CharField(allow_blank=True)


class EventPage(Shape):
    """Come back with ``next``, also when nothing was new."""

    events = Event(many=True)
    next = CharField()


class Me(Shape):
    """As whom the token acts, and what it was allowed."""

    side = serializers.ChoiceField(choices=["consumer", "enterprise", "authority"])
    organisation = CharField(allow_blank=True)
    enterprise_id = IntegerField(allow_null=True)
    authority_id = IntegerField(allow_null=True)
    staff_ids = serializers.ListField(child=IntegerField())
    roles = serializers.ListField(child=CharField())
    scopes = serializers.ListField(child=CharField())
    token = CharField()
    expires_at = DateTimeField()
    language = CharField()
