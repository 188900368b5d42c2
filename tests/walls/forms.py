"""Reads the forms of a page as a browser would fill them in; what is not on the page is not sent."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

#: A field whose values are numbers, or that is called so, names something.
_NAMES = "handler officer authority branch enterprise person post staff case region user"
#: What is written into every field for text.
TYPED = "写了一句话"
_TYPED = {"number": "1", "date": "", "datetime-local": "", "email": "new@example.com", "tel": "13900001234"}


@dataclass
class Form:
    """One form: where it goes, how, and what it sends when what is chosen stays, else the first choice is taken."""

    action: str = ""
    method: str = "get"
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, set[str]] = field(default_factory=dict)

    @property
    def ids(self) -> set[str]:
        """Fields that name something by number."""
        chosen = {name: values - {""} for name, values in self.choices.items()}
        numbers = {name for name, values in chosen.items() if values and all(map(str.isdecimal, values))}
        return numbers | {name for name in self.values if any(word in name for word in _NAMES.split())}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._is_open = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(values.get("action", ""), values.get("method", "get").lower()))
            self._is_open = True
        if not self._is_open:
            return
        form, name = self.forms[-1], values.get("name", "")
        if tag == "select" and name:
            self._select = name
            form.choices[name] = set()
            form.values.setdefault(name, "")
        elif tag == "option" and self._select:
            value = values.get("value", "")
            form.choices[self._select].add(value)
            form.values[self._select] = value if "selected" in values else form.values[self._select] or value
        elif tag == "textarea" and name:
            form.values[name] = TYPED
        elif tag == "input" and name:
            kind = values.get("type", "text")
            if kind in ("radio", "checkbox"):
                form.choices.setdefault(name, set()).add(values.get("value", "on"))
                if "checked" in values or name not in form.values:
                    form.values[name] = values.get("value", "on")
            elif kind != "file":
                form.values[name] = values.get("value") or _TYPED.get(kind, TYPED)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_open = False
        elif tag == "select":
            self._select = ""


def forms_of(page: str) -> list[Form]:
    reader = _Reader()
    reader.feed(page)
    return reader.forms
