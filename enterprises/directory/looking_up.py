"""Reads the names that somebody may mean: each way an index of its own, one statement."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from enterprises.directory.spelling import COMMON, SOUND, sounds_of, telling_sound, wanted_grams
from enterprises.directory.typed import SHORTEST_LATIN, SHORTEST_SLIP, Typed, beginnings_near
from enterprises.models import Enterprise, SearchName

KIND_WEIGHT = {"code": 60, "brand": 55, "legal": 50, "alias": 45, "branch": 40, "former": 30}
#: A slip is looked for in this much of what was typed: each letter costs a look into the index.
SLIP_WITHIN = 12
#: So many pairs of a term narrow it down; each further one is a list to walk and finds nothing new.
PAIRS_ASKED = 4


class NameMatch(NamedTuple):
    """A name with what is shown of its enterprise, read in one statement."""

    enterprise_id: int
    branch_id: int | None
    kind: str
    text: str
    folded: str
    initials: str
    spelled: str
    enterprise_name: str
    enterprise_name_en: str
    enrolment: str


#: Each way reads an index of its own; their order is that of likelihood.
_WHOLE = "folded = any(%(wholes)s)"
_BEGINNING = "folded like %(beginning)s"
_INITIALS = "initials like %(beginning)s"
#: The letters come first, being cheap to compare where the whole table is walked: as it is for pairs that many names
#: have. The planner is kept from taking both conditions for independent (hence `coalesce`), or it would walk the index,
#: which has to note every one of thousands of rows before the first is read.
_PIECES = "coalesce({pieces}, false) and grams @> %({grams})s::varchar[]"
#: A look into the index for each; an overlap of that many would be compared with every name.
_ANY_SOUND = f"""id = any(array(select one_of.id from unnest(%(near)s::varchar[]) as sound cross join lateral
 (select id from {SearchName._meta.db_table} where grams @> array[sound] limit %(most)s) as one_of))"""  # noqa: S608
#: Of those that begin with the same sound: spelled the same, or with the first character. The others are not read.
_SAME_SOUND = f"""id = any(array(select id from (select id, folded, spelled from {SearchName._meta.db_table}
 where grams @> %(sounds)s::varchar[] limit %(most)s) as sounding
 where ' ' || spelled || ' ' like %(spelled)s or folded like %(first)s))"""  # noqa: S608
#: Run together, which is quick to compare; then whether it begins with a syllable or word.
_SPELLED = "(replace(spelled, ' ', '') like %({key})s and spelled ~ %({key}_apart)s)"
_WAY = f"""(select enterprise_id, branch_id, kind, text, folded, initials, spelled from {SearchName._meta.db_table}
 where ({{condition}}) and (starts_on is null or starts_on <= %(on)s) and (ends_on is null or ends_on >= %(on)s)
 limit %(most)s)"""  # noqa: S608
_ENTERPRISES = f"""select found.*, firm.name, firm.name_en, firm.enrolment
 from (select * from ({{ways}}) as every_way limit %(most)s) as found
 join {Enterprise._meta.db_table} as firm on firm.id = found.enterprise_id"""  # noqa: S608


def looked_up(typed: Typed, *, on: dt.date, most: int) -> list[NameMatch]:
    """At most so many names that hold on the day and are what was typed; one statement."""
    values: dict[str, Any] = {"wholes": [typed.whole], "beginning": f"{_escaped(typed.whole)}%"}
    ways = [_WHOLE]
    if typed.tells_nothing:
        return list(dict.fromkeys(_walked(ways, values, on=on, most=most)))
    if len(typed.terms) == 1 or typed.is_latin:
        ways.append(_BEGINNING)
    if typed.is_latin:
        if len(typed.whole) > 1:
            ways.append(_INITIALS)
        # Run together first, then each word for itself.
        for name, terms in (("run", [typed.whole]), ("words", typed.terms)):
            if letters := [telling_sound(term) for term in terms if len(term) >= SOUND]:
                parts = {f"{name}_{number}": term for number, term in enumerate(terms)}
                spelled = " and ".join(_SPELLED.format(key=key) for key in parts)
                ways.append(_PIECES.format(pieces=spelled, grams=name))
                values |= {key: f"%{term}%" for key, term in parts.items()}
                values |= {f"{key}_apart": _spelling(term) for key, term in parts.items()} | {name: letters}
            if len(typed.terms) == 1:
                break
    else:
        # Whatever has all of a word in it has its parts.
        terms = typed.terms if typed.is_short else typed.parted
        parts = {f"part_{number}": f"%{_escaped(term)}%" for number, term in enumerate(terms)}
        ways.append(_PIECES.format(pieces=" and ".join(f"folded like %({key})s" for key in parts), grams="parts"))
        values |= parts | {"parts": [gram for term in terms for gram in _telling(term)]}
        values["wholes"] = list(dict.fromkeys((typed.whole, *typed.cores)))
    return list(dict.fromkeys(_walked(ways, values, on=on, most=most)))


def slipped(typed: Typed, *, on: dt.date, most: int) -> list[NameMatch]:
    """Names with one letter wrong, missing or too many, or that sound the same, likest first; one statement.

    What was typed is looked up once without each of its characters: what stands before it and after it
    has to be in the name. A wrong character spoils two pairs, so no whole of pairs would find it.
    """
    values: dict[str, Any] = {}
    conditions = []
    if typed.is_latin:
        if len(typed.whole) < SHORTEST_LATIN:
            return []
        values["near"] = sorted(beginnings_near(typed.whole))
        conditions.append(_ANY_SOUND)
    else:
        if len(typed.core) < 2:
            return []
        if typed.bare != typed.core:
            values["bare"] = typed.bare
            conditions.append("folded = %(bare)s")
        if len(typed.core) < SHORTEST_SLIP:
            if sounds := sounds_of(typed.spelled)[:1]:
                values |= {"sounds": sounds, "spelled": f"% {typed.spelled} %", "first": f"%{_escaped(typed.core[0])}%"}
                conditions.append(_SAME_SOUND)
        else:
            # The places beside it as well: they narrow it down.
            name = "".join(typed.parted)[:SLIP_WITHIN]
            values |= {
                f"without_{place}": [*wanted_grams(name[:place]), *wanted_grams(name[place + 1 :])]
                for place in range(len(name))
            }
            conditions += [f"grams @> %(without_{place})s::varchar[]" for place in range(len(name))]
    if not conditions:
        return []
    names = _walked([" or ".join(conditions)], values, on=on, most=most)
    likeness = {name: typed.likeness(name.folded, name.spelled) for name in names}
    near = [name for name in dict.fromkeys(names) if likeness[name]]
    return sorted(near, key=lambda name: (-likeness[name], -KIND_WEIGHT[name.kind], len(name.folded)))


def _spelling(letters: str) -> str:
    """Begins with a syllable or word, and goes over into the next ones: yidong in zhong guo yi dong."""
    return r"(^| )" + " ?".join(letters)


def _walked(ways: Sequence[str], values: Mapping[str, Any], *, on: dt.date, most: int) -> list[NameMatch]:
    """What was typed travels as parameters; only our own conditions are put together."""
    sql = _ENTERPRISES.format(ways=" union all ".join(_WAY.format(condition=way) for way in ways))
    with connection.cursor() as cursor:
        cursor.execute(sql, {**values, "on": on, "most": most})
        return [NameMatch(*row) for row in cursor.fetchall()]


def _telling(term: str) -> list[str]:
    """A few pairs of the term from all along it, without those that most names have."""
    pairs = wanted_grams(term)
    telling = [pair for pair in pairs if pair not in COMMON] or pairs
    return telling[:: -(-len(telling) // PAIRS_ASKED)]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
