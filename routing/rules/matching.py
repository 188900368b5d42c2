"""Chooses who should answer a complaint, and says why. Pure.

Pick, brand, then name lead to a legal entity; successors are followed by date; then the rules are tried by priority;
without one the most specific branch for the place answers. What is not certain goes to a person: no tie is broken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from enterprises.directory.answering import answering_branches, category_matches
from enterprises.directory.spelling import fold_name, names_in, spellings
from routing.rules.facts import (
    AddressWanted,
    Candidate,
    Directory,
    EnterpriseFacts,
    Facts,
    Match,
    NoMatch,
    Reason,
    Rule,
)

CERTAIN, BY_BRAND, BY_NAME, BY_OTHER_NAME, BY_SPELLING, NO_BRANCH = 100, 95, 90, 85, 80, 70
MOST_SUGGESTIONS = 5


def choose(facts: Facts, rules: Sequence[Rule], directory: Directory) -> Match | NoMatch:
    """Who should answer on the day of the facts. Raises AddressWanted where it hangs on an unread address."""
    return _Choice(facts, rules, directory).made()


def wanted_names(facts: Facts) -> set[str]:
    """Every folded name that `choose` may look for."""
    if not facts.named.strip():
        return set()
    parts = [facts.named, *chain.from_iterable(names_in(facts.named))]
    return {key for part in parts for key in (fold_name(part), *spellings(part))} - {""}


class _Choice:
    """One decision on its way; its reasons are collected in order."""

    def __init__(self, facts: Facts, rules: Sequence[Rule], directory: Directory) -> None:
        self.facts = facts
        self.rules = rules
        self.directory = directory
        self.written = facts.written
        self.why: list[Reason] = []
        self.brand_ids: set[int] = set(facts.brand_ids)
        self.meant: list[int] = []
        #: Names inside a written name that nobody bears, and who bears the others of it.
        self.unknown: list[str] = []
        self.suggested: list[int] = []
        self.named_branch_id: int | None = None
        self.confidence = CERTAIN

    def made(self) -> Match | NoMatch:
        meant = self._entities()
        self.meant = meant
        current = self._successors(meant)
        if len(current) > 1:
            current = self._in_region(current)
        if len(current) > 1:
            current = self._at_address(current)
        decided = self._by_rules(current, meant)
        if decided is not None:
            return decided
        if self.suggested:
            return self._nobody("nothing_matched", self._successors(self.suggested), named=" / ".join(self.unknown))
        if not current:
            if self.facts.enterprise_id or self.facts.brand_ids or self.facts.named.strip():
                return self._nobody("nothing_matched", [])
            return self._nobody("left_to_authority", [])
        if len(current) > 1:
            return self._nobody("ambiguous", current, count=len(current))
        return self._answer(current[0])

    # Who is meant

    def _entities(self) -> list[int]:
        facts = self.facts
        if facts.enterprise_id is not None:
            enterprise = self.directory.enterprises.get(facts.enterprise_id)
            if enterprise is not None:
                self._because("named_on_return" if facts.is_returned else "picked", enterprise)
                return [enterprise.id]
            return []
        if facts.brand_ids:
            self.confidence = BY_BRAND
            return self._of_brands(facts.brand_ids)
        if facts.named.strip():
            return self._written(facts.named)
        return []

    def _written(self, text: str) -> list[int]:
        """By the name as it stands; else by the names of now that it holds, if all of them are known."""
        result = self._spelt(text)
        if result:
            return result
        names = names_in(text)
        deciding = next(filter(None, names), ())
        known = {part: self._spelt(part) for part in deciding}
        if not any(known.values()):
            known |= {part: self._spelt(part) for level in names for part in level if part not in known}
            if len(names.present) == 1 and not names.other:
                # A former name is the very enterprise's own; the one it does business under may be a franchise's.
                deciding = names.former
        self.confidence = min(self.confidence, BY_OTHER_NAME)
        ids = list(dict.fromkeys(chain.from_iterable(known.values())))
        self.unknown = [part for part in deciding if not known[part]]
        if not self.unknown:
            return ids
        self.suggested, self.brand_ids, self.named_branch_id = ids, set(), None
        return []

    def _spelt(self, text: str) -> list[int]:
        result = self._named([fold_name(text)])
        if not result:
            result = self._named(spellings(text))
            if result:
                self.confidence = BY_SPELLING
        return result

    def _of_brands(self, brand_ids: Iterable[int]) -> list[int]:
        result: dict[int, None] = {}
        for brand_id in brand_ids:
            holdings = [
                holding
                for holding in self.directory.holdings.get(brand_id, ())
                if holding.period.holds(self.facts.on) and category_matches(holding.category, self.facts.categories)
            ]
            longest = max((len(h.category) for h in holdings), default=0)
            result |= {h.enterprise_id: None for h in holdings if len(h.category) == longest}
        for enterprise_id in result:
            self._because("holds_brand", self.directory.enterprises[enterprise_id])
        return list(result)

    def _named(self, folded: Iterable[str]) -> list[int]:
        names = [
            name
            for key in folded
            for name in self.directory.names.get(key, ())
            if name.kind == "former" or name.period.holds(self.facts.on)
        ]
        for kinds, confidence in (
            (("legal", "code"), BY_NAME),
            (("branch",), BY_NAME),
            (("brand",), BY_BRAND),
            (("alias",), BY_OTHER_NAME),
            (("former",), BY_OTHER_NAME),
        ):
            of_kind = [name for name in names if name.kind in kinds]
            if not of_kind:
                continue
            self.confidence = confidence
            if kinds == ("brand",):
                self.brand_ids |= {name.brand_id for name in of_kind if name.brand_id}
                result = self._of_brands(sorted(self.brand_ids))
                if result:
                    return result
                continue
            ids = list(dict.fromkeys(name.enterprise_id for name in of_kind))
            for enterprise_id in ids:
                self._because("named_" + of_kind[0].kind, self.directory.enterprises[enterprise_id])
            if len(of_kind) == 1:
                self.named_branch_id = of_kind[0].branch_id
            return ids
        return []

    def _successors(self, ids: Iterable[int]) -> list[int]:
        result: dict[int, None] = {}
        for enterprise_id in ids:
            result |= dict.fromkeys(self._current(enterprise_id, seen=frozenset()))
        return list(result)

    def _current(self, enterprise_id: int, *, seen: frozenset[int]) -> list[int]:
        later = [
            successor
            for successor, on_day in self.directory.successions.get(enterprise_id, ())
            if on_day <= self.facts.on and successor not in seen and successor in self.directory.enterprises
        ]
        if not later:
            return [enterprise_id]
        old = self.directory.enterprises[enterprise_id]
        result: dict[int, None] = {}
        for successor in later:
            names = {"old": old.name, "old_en": old.name_en or old.name}
            self._because("succeeded", self.directory.enterprises[successor], **names)
            result |= dict.fromkeys(self._current(successor, seen=seen | {enterprise_id}))
        return list(result)

    def _in_region(self, ids: list[int]) -> list[int]:
        if self.facts.region_id is None:
            return ids
        serving = [i for i in ids if self._branches(i)]
        if len(serving) != 1:
            return ids
        self._because("only_one_serves", self.directory.enterprises[serving[0]])
        return serving

    def _at_address(self, ids: list[int]) -> list[int]:
        """Of several enterprises of one name the only one that sits where the consumer says."""
        if self.facts.address is None:
            raise AddressWanted
        parts = {fold_name(part) for part in self.facts.address.replace("，", ",").split(",")} - {""}
        there = [i for i in ids if parts & {fold_name(name) for name in self.directory.enterprises[i].domicile_names}]
        if len(there) != 1:
            return ids
        self._because("only_one_sits_there", self.directory.enterprises[there[0]])
        return there

    # What the rules say

    def _by_rules(self, current: list[int], meant: list[int]) -> Match | NoMatch | None:
        applying = [rule for rule in _newest(self.rules, self.facts) if self._applies(rule, current, meant)]
        if not applying:
            return None
        first = applying[0]
        level = [rule for rule in applying if rule.priority == first.priority]
        if len({rule.target for rule in level}) > 1:
            codes = ", ".join(rule.code for rule in level)
            return self._nobody("rules_conflict", current, rules=codes)
        reasons = {"reason": first.reason, "reason_en": first.reason_en or first.reason}
        self.why.append(Reason("rule", {"rule": first.code, "version": first.version, **reasons}))
        if first.target_authority_id is not None:
            return Match(
                enterprise_id=None,
                branch_id=None,
                authority_id=first.target_authority_id,
                confidence=CERTAIN,
                why=tuple(self.why),
                candidates=self._ranked(current),
                rule=first.code,
                version=first.version,
            )
        self.confidence = CERTAIN
        targets = self._successors([i for i in (first.target_enterprise_id,) if i is not None])
        if len(targets) > 1:
            failed: Match | NoMatch = self._nobody("ambiguous", targets, count=len(targets))
        else:
            failed = self._answer(targets[0], branch_id=first.target_branch_id)
        return replace(failed, rule=first.code, version=first.version)

    def _applies(self, rule: Rule, current: list[int], meant: list[int]) -> bool:
        facts = self.facts
        if self.suggested and rule.target_authority_id is None and not rule.named:
            return False
        if rule.named and rule.named != self.written:
            return False
        if rule.channel and rule.channel != facts.channel:
            return False
        if not category_matches(rule.category, facts.categories):
            return False
        if not rule.holds_at(facts.region_id):
            return False
        if rule.brand_id is not None and rule.brand_id not in self.brand_ids:
            return False
        if rule.enterprise_id is not None and rule.enterprise_id not in (*current, *meant):
            return False
        if rule.target_authority_id is not None or rule.names_respondent:
            return True
        # A rule that names no respondent must not move a case from the one the
        # consumer named: it may only decide among those who may be meant.
        return not current or rule.target_enterprise_id in current

    # Who answers

    def _answer(self, enterprise_id: int, *, branch_id: int | None = None) -> Match | NoMatch:
        enterprise = self.directory.enterprises[enterprise_id]
        if enterprise.has_ended(self.facts.on):
            return self._nobody("ended", [enterprise_id], enterprise=enterprise)
        if enterprise.enrolment in ("suspended", "not_enrolled"):
            return self._nobody(enterprise.enrolment, [enterprise_id], enterprise=enterprise)
        wanted = branch_id or self.facts.branch_id or self.named_branch_id
        branch = self.directory.branches.get(wanted) if wanted is not None else None
        if branch is not None and branch.enterprise_id == enterprise_id:
            if branch.period.holds(self.facts.on):
                code = (
                    "rule_branch"
                    if branch_id is not None
                    else "branch_on_return"
                    if self.facts.is_returned
                    else "picked_branch"
                )
                return self._matched(enterprise, branch.id, code)
            if branch_id is not None:
                return self._nobody("rule_branch_ended", [enterprise_id], enterprise=enterprise)
            self.why.append(Reason("picked_branch_ended", {"branch": branch.name, "branch_en": branch.name_en}))
        if not self.directory.areas.get(enterprise_id):
            return self._matched(enterprise, None, "has_no_branches")
        if self.facts.region_id is None:
            self.confidence = min(self.confidence, NO_BRANCH)
            return self._matched(enterprise, None, "region_unknown")
        result = self._branches(enterprise_id)
        if len(result) > 1:
            return self._nobody("branches_tie", [enterprise_id], enterprise=enterprise)
        if not result:
            self.confidence = min(self.confidence, NO_BRANCH)
            return self._matched(enterprise, None, "no_branch_serves")
        return self._matched(enterprise, result[0], "serves")

    def _branches(self, enterprise_id: int) -> tuple[int, ...]:
        if self.facts.region_id is None:
            return ()
        areas, branches = self.directory.areas.get(enterprise_id, ()), self.directory.branches
        region, categories = self.facts.region_id, self.facts.categories
        return answering_branches(areas, branches, region_id=region, categories=categories, on=self.facts.on)

    def _matched(self, enterprise: EnterpriseFacts, branch_id: int | None, code: str) -> Match:
        branch = self.directory.branches.get(branch_id) if branch_id is not None else None
        self._because(
            code,
            enterprise,
            branch=branch.name if branch else "",
            branch_en=(branch.name_en or branch.name) if branch else "",
            **self.facts.place,
        )
        duties = self.directory.duties.get(branch_id, ()) if branch_id is not None else ()
        holding = [duty.authority_id for duty in duties if duty.period.holds(self.facts.on)]
        return Match(
            enterprise_id=enterprise.id,
            branch_id=branch_id,
            authority_id=holding[-1] if holding else None,
            confidence=self.confidence,
            why=tuple(self.why),
            candidates=self._ranked([enterprise.id]),
        )

    # Words and rankings

    def _because(self, code: str, enterprise: EnterpriseFacts, **values: str | int) -> None:
        self.why.append(Reason(code, {**enterprise.names, **values}))

    def _nobody(
        self, code: str, ids: Sequence[int], *, enterprise: EnterpriseFacts | None = None, **values: str | int
    ) -> NoMatch:
        if enterprise is not None:
            self._because(code, enterprise, **values)
        else:
            self.why.append(Reason(code, {"named": self.facts.named, **values}))
        return NoMatch(reason=code, why=tuple(self.why), suggestions=self._ranked(ids))

    def _ranked(self, ids: Iterable[int]) -> tuple[Candidate, ...]:
        scored: dict[int, int] = dict.fromkeys(ids, 80)
        near = self.directory.near.get(fold_name(self.facts.named), ()) if self.facts.named else ()
        for place, enterprise_id in enumerate(near):
            scored.setdefault(enterprise_id, max(60 - 5 * place, 10))
        candidates = []
        for enterprise_id, start in scored.items():
            enterprise = self.directory.enterprises.get(enterprise_id)
            if enterprise is None:
                continue
            branches = self._branches(enterprise_id)
            why = [Reason("may_be_meant" if start == 80 else "similar_name", enterprise.names)]
            score = start
            if branches:
                score += 10
                why.append(Reason("serves_place", self.facts.place))
            if enterprise.enrolment == "enrolled" and not enterprise.has_ended(self.facts.on):
                score += 10
            else:
                why.append(Reason("cannot_receive"))
            candidates.append(
                Candidate(enterprise_id, branches[0] if len(branches) == 1 else None, min(score, 100), tuple(why))
            )
        candidates.sort(key=lambda one: (-one.score, one.enterprise_id))
        return tuple(candidates[:MOST_SUGGESTIONS])


def _newest(rules: Sequence[Rule], facts: Facts) -> list[Rule]:
    """The rules that hold on the day, by priority; of a rule its newest version."""
    newest: dict[str, Rule] = {}
    for rule in rules:
        if rule.period.holds(facts.on) and (rule.code not in newest or rule.version > newest[rule.code].version):
            newest[rule.code] = rule
    return sorted(newest.values(), key=lambda rule: (rule.priority, rule.code))
