"""The rows of routing, by noun."""

from routing.models.rule import RoutingRule
from routing.models.rule_change import Lesson, RuleChange, RuleTrial, RuleUse

__all__ = ["Lesson", "RoutingRule", "RuleChange", "RuleTrial", "RuleUse"]
