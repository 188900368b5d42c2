"""Templates in which everything that never changes is drawn already: translated words, icons, addresses of static
files. What only lays out markup, line breaks with their indents, becomes one space.

What is drawn beforehand depends on the language and on nothing else, so each template is kept once a
language. Drawing forty translations and a dozen icons anew was a quarter of a page. A template is loaded in the
language that is active when it is asked for; nothing may be loaded under one language and drawn under another.
"""

import re
from collections.abc import Iterable
from html import escape
from typing import Any

from django.template import Context, Template
from django.template.base import (
    FilterExpression,
    Node,
    NodeList,
    TextNode,
    Variable,
    VariableNode,
    render_value_in_context,
)
from django.template.defaulttags import CommentNode, IfNode, LoadNode
from django.template.library import SimpleNode
from django.template.loaders import base, cached
from django.templatetags.i18n import LanguageNode, TranslateNode
from django.templatetags.static import StaticNode
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from web.templatetags import portal

#: Own tags that draw the same for the same words.
_ALWAYS_THE_SAME = frozenset({portal.icon, portal.tone_icon})
#: A line break of a template with its indents, and the end of an element's tag that stands behind it.
_LINE_BREAK = re.compile(r"[ \t]*\n[ \t\n]*(>?)")
#: A line break that is seen: a reader sees it in <pre>, and a browser takes the first one of <textarea> as no text.
_SEEN_BREAK = re.compile(r"<(pre|textarea)\b[^>]*>(?:(?!</\1>).)*?\n", re.DOTALL)


class _Shown(VariableNode):
    """A value of the page: a text is escaped at once, as nothing of it depends on language or time zone."""

    def __init__(self, node: VariableNode) -> None:
        super().__init__(node.filter_expression)
        self.token, self.origin = node.token, node.origin

    def render(self, context: Context) -> str:
        value = self.filter_expression.resolve(context)
        kind = type(value)
        if kind is SafeString or (kind is str and not context.autoescape):
            return str(value)
        return escape(value) if kind is str else render_value_in_context(value, context)


class _Folding(base.Loader):
    def get_template(self, template_name: str, skip: Any = None) -> Template:
        template = super().get_template(template_name, skip)
        is_markup = template_name.endswith(".html")
        _fold(template.nodelist, as_written=not is_markup or _SEEN_BREAK.search(template.source) is not None)
        return template


class Loader(cached.Loader, _Folding):
    """Django's cached loader, once a language."""

    def cache_key(self, template_name: str, skip: Any = None) -> str:
        return f"{get_language()} {super().cache_key(template_name, skip)}"


def _fold(nodes: NodeList, *, as_written: bool) -> None:
    """In place, as a node may be known in several places (the blocks of a page that extends another).

    Line breaks stay where `as_written` is true: there one of them is seen.
    """
    folded: list[Node] = []
    for node in nodes:
        if isinstance(node, CommentNode | LoadNode):
            continue
        text = _drawn(node)
        if isinstance(node, TextNode) and not as_written:
            text = _LINE_BREAK.sub(lambda match: match[1] or " ", node.s)
        if text is not None and folded and isinstance(folded[-1], TextNode):
            folded[-1] = _text(folded[-1].s + text, folded[-1])
        else:
            folded.append(_shown(node) if text is None else _text(text, node))
        if text is None and not isinstance(node, LanguageNode):
            for below in _below(node):
                _fold(below, as_written=as_written)
    nodes[:] = folded


def _shown(node: Node) -> Node:
    return _Shown(node) if type(node) is VariableNode else node


def _below(node: Node) -> Iterable[NodeList]:
    if isinstance(node, IfNode):
        return [nodes for _condition, nodes in node.conditions_nodelists]
    return [nodes for name in node.child_nodelists if isinstance(nodes := getattr(node, name, None), NodeList)]


def _text(text: str, place: Node) -> TextNode:
    """A text that knows where it comes from, as errors name the place."""
    node = TextNode(text)
    node.token, node.origin = place.token, place.origin
    return node


def _drawn(node: Node) -> str | None:
    """What this node draws in this language, whatever the page; None where the page decides."""
    if isinstance(node, TextNode):
        return node.s
    if isinstance(node, TranslateNode):
        is_same = (
            not node.asvar
            and _is_constant(node.filter_expression)
            and (node.message_context is None or _is_constant(node.message_context))
        )
    elif isinstance(node, StaticNode):
        is_same = node.varname is None and _is_constant(node.path)
    elif isinstance(node, SimpleNode):
        is_same = (
            node.func in _ALWAYS_THE_SAME
            and node.target_var is None
            and all(map(_is_constant, [*node.args, *node.kwargs.values()]))
        )
    else:
        is_same = isinstance(node, VariableNode) and _is_constant(node.filter_expression)
    try:
        return str(node.render(Context())) if is_same else None
    except ValueError:
        # A static file that was never collected: only the page that asks for it is broken.
        return None


def _is_constant(given: FilterExpression) -> bool:
    """Words in quotes, with no filter that might ask for more."""
    if given.filters:
        return False
    var: Any = given.var
    return not isinstance(var, Variable) or var.lookups is None
