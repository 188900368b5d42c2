"""{% article 16 %}, {% article 39 "consumer" %}, {% articles_of "refuse" %}: articles that open beside what cites
them; {% citations_of text %}: what is wrong with the citations of a text that came in."""

from typing import Any

from django import template

from authorities.law import article as one_article
from complaints.law.numbers import cited_by
from complaints.settlement.offer_findings import citations_in

register = template.Library()


@register.inclusion_tag("components/articles.html")
def article(number: int, law: str = "order121") -> dict[str, Any]:
    """One article, closed until it is opened."""
    return {"articles": [one_article(int(number), law)]}


@register.inclusion_tag("components/articles.html")
def articles_of(what: str) -> dict[str, Any]:
    """The articles that a step or a clock rests on; nothing where it rests on none."""
    return {"articles": cited_by(what)}


@register.inclusion_tag("authority/_citations.html")
def citations_of(text: str) -> dict[str, Any]:
    """A note to the officer, nothing where all is right."""
    return {"findings": list(citations_in("", text or ""))}
