"""What people read of a page, and which of it is neither the third language nor known from somewhere else."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
#: Attributes that are shown or read aloud.
_SHOWN = frozenset({"alt", "title", "placeholder", "label", "aria-label", "aria-description", "aria-roledescription"})
#: What is typed into a machine as it stands: Latin letters there are no English.
_CODE = frozenset({"code", "kbd", "samp", "pre"})
_VALUES = frozenset({"submit", "button", "reset", "text", "search"})


class _Reader(HTMLParser):
    """Collects (where it stands, text); nothing of an element that says it is in another language."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[tuple[str, str]] = []
        self.language = ""
        self._open: list[tuple[str, bool]] = []

    @property
    def _is_out(self) -> bool:
        return any(is_out for _tag, is_out in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = values.get("lang", "")
        is_data = tag == "script" and values.get("type") == "application/json"
        is_out = (tag in {"script", "style"} and not is_data) or (tag != "html" and "lang" in values)
        if not (is_out or self._is_out):
            for name, value in values.items():
                is_value = name == "value" and tag == "input" and values.get("type", "text") in _VALUES
                is_description = name == "content" and values.get("name") in {"description", "author"}
                # A word alone, and what only a script reads, is a code.
                is_read = " " in value or HAN.search(value)
                is_of_a_script = name.startswith("data-") and is_read and value[0] not in "[{"
                if name in _SHOWN or is_of_a_script or is_value or is_description:
                    self._add(f"{tag} {name}", value)
        if tag not in _VOID:
            self._open.append((tag, is_out))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, -1, -1):
            if self._open[place][0] == tag:
                del self._open[place:]
                return

    def handle_data(self, data: str) -> None:
        if not self._is_out:
            self._add(self._open[-1][0] if self._open else "", data)

    def _add(self, where: str, text: str) -> None:
        if any(tag in _CODE for tag, _is_out in self._open):
            text = " ".join(HAN.findall(text))
        if text := " ".join(text.split()):
            self.texts.append((where, text))


def texts_of(page: str) -> tuple[str, list[tuple[str, str]]]:
    """The language that the page says it is in, and its texts with the element or attribute where each stands."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.language, reader.texts


HAN = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]+")
#: Written the same in every language: addresses, file names, hashes, numbers with letters in them.
_THE_SAME = re.compile(
    r"https?://\S+|[\w.+-]+@[\w.-]+|/[\w./<>{}-]+/(?:#\w+)?|[\w.-]*\d[\w.-]*|\w+[./]\w[\w./]*|\w+(?:_\w+)+", re.ASCII
)


def foreign(text: str) -> Iterator[str]:
    """Runs of Chinese characters, and Latin words but abbreviations in capitals (PDF, MB)."""
    rest = _THE_SAME.sub(" ", text)
    yield from HAN.findall(text)
    yield from (word for word in LATIN.findall(rest) if len(word) > 1 and not word.isupper())
