"""What permissions.csv says of one call, and whether an answer is that; no view is known here."""

from access.permissions import KEY_ROLES, RELATIONS, actions_for, is_held_by_key, is_public, rows_of
from complaints.procedure.workflow import TABLE, Outcome, Role, Status
from tests.walls.addresses import Address, Place
from tests.walls.calling import Answer
from tests.walls.things import OWNERS
from tests.walls.world import Person

_ROLES = {"authority_handler": Role.OFFICER, "token_holder": Role.CONSUMER}
#: What a page may say to somebody who may call it: shown, moved on, refused for what was typed or for now.
_LET_IN = {"GET": {200, 302, 409}, "POST": {200, 204, 302, 400, 409, 422}}
#: Where the case has nothing of the kind, a call may also find nothing, or begin something.
_NOT_THERE = {201, 404, 410, 411, 413, 415}
PROGRAMS = "api:"


def verdict(address: Address, method: str, person: Person, status: str) -> str:
    """allow, steps, 409, 404, 405, sign_in, or elsewhere (a page that looks for a key itself)."""
    is_of_a_program = address.name.startswith(PROGRAMS)
    roles = person.program_roles if is_of_a_program else person.roles
    results = {
        row.verdict
        for row in rows_of(address.name)
        if method in row.actions
        and status in row.statuses
        and (row.verdict == "public" or (row.roles & roles and row.relations & _relations(address, person, status)))
    }
    for word in ("public", "404", "allow", "steps", "409"):
        if word == "public" and word not in results and is_of_a_program and (person.is_out or person.has_left):
            return "sign_in"
        if word in results:
            return "allow" if word == "public" else word
    if is_held_by_key(address.name, method):
        return "elsewhere"
    others = actions_for(address.name, roles | KEY_ROLES)
    if others and method not in others:
        return "405"
    return "sign_in" if person.is_out else "404"


def _relations(address: Address, person: Person, status: str) -> frozenset[str]:
    """How this person stands to what the address names; to what it does not name, as one's own things always are."""
    if address.name in OWNERS:
        return frozenset({"any", "own"} if person.name in OWNERS[address.name] else {"any"})
    if address.names_something:
        return frozenset({"any", person.stands(status)})
    return frozenset(RELATIONS)


def is_closed(place: Place, person: Person, status: str) -> bool:
    """True if no step of this page stands open for this person in this status, by the table."""
    if not place.steps:
        return False
    outcome = Outcome.SETTLED if status == Status.CLOSED else None
    names = person.roles & {str(role) for role in Role} | {_ROLES[r] for r in person.roles if r in _ROLES}
    roles = {Role(name) for name in names}
    for row in (TABLE[step] for step in place.steps if step in TABLE):
        is_so = status != Status.CLOSED or not row.closed_as or outcome in row.closed_as
        if roles & set(row.by) and Status(status) in row.at and is_so:
            return False
    return True


def complaint(place: Place, method: str, person: Person, status: str, answer: Answer, baseline: Answer | None) -> str:
    """What is wrong with this answer, or nothing. ``baseline`` answers the same call for what does not exist."""
    wanted = verdict(place.address, method, person, status)
    got = answer.status
    if got >= 500 and place.address.name != "readyz":
        return f"{got} {answer.error}"
    if place.address.name.startswith(PROGRAMS):
        wrong = _of_a_program(place, method, person, wanted, got)
    elif wanted in {"allow", "steps"}:
        wrong = _let_in(place, method, wanted, answer, is_closed=is_closed(place, person, status))
    else:
        wrong = _refused(place, wanted, answer)
    if not wrong and baseline is not None and answer.compared() != baseline.compared():
        return "a stranger can tell it from what does not exist: " + _difference(answer, baseline)
    return wrong


def _let_in(place: Place, method: str, wanted: str, answer: Answer, *, is_closed: bool) -> str:
    got = answer.status
    if answer.is_sign_in and not is_public(place.address.name, method):
        return "is sent to sign in, but may call it"
    if not place.is_there:
        return "" if got in _LET_IN[method] | _NOT_THERE else f"{got} for what is not there"
    if wanted == "steps" and method == "POST" and is_closed and got != 409:
        return f"{got}, but the table has no open step here: 409"
    return "" if got in _LET_IN[method] else f"{got}, but may call it ({wanted})"


def _refused(place: Place, wanted: str, answer: Answer) -> str:
    got = answer.status
    is_so = {
        "409": got == 409 or (got == 404 and not place.is_there),
        "405": got == 405,
        "sign_in": answer.is_sign_in or got == 401,
        "404": got == 404,
        "elsewhere": got != 200,
    }[wanted]
    return "" if is_so else f"{got} {answer.location}, wanted is {wanted}"


def _of_a_program(place: Place, method: str, person: Person, wanted: str, got: int) -> str:
    """A program is told what is wrong with its call (400, 415) before whether the case is there: to everybody alike."""
    let_in = _LET_IN[method] | {400, 415} | (_NOT_THERE if not place.is_there else set())
    may = {
        "allow": let_in,
        "steps": let_in,
        "409": {400, 409, 415},
        "405": {403, 405},
        "sign_in": {401, 405} if is_public(place.address.name, "GET") else {401},
        "404": {400, 404, 415} if actions_for(place.address.name, person.program_roles) else {403, 405},
    }[wanted]
    return "" if got in may else f"{got} instead of {wanted} ({sorted(may)})"


def _difference(answer: Answer, baseline: Answer) -> str:
    mine, theirs = answer.compared(), baseline.compared()
    if mine[0] != theirs[0]:
        return f"{mine[0]} and {theirs[0]}"
    if mine[1] != theirs[1]:
        return f"headers {sorted(set(mine[1]) ^ set(theirs[1]))}"
    at = next((i for i, (a, b) in enumerate(zip(mine[2], theirs[2], strict=False)) if a != b), 0)
    return f"…{mine[2][max(0, at - 40) : at + 80]!r} and …{theirs[2][max(0, at - 40) : at + 80]!r}"
