"""Every text that people may read has its English words, in some area's catalogue."""

import re

from babel.messages.catalog import Catalog

from tests.web.catalogues import Text, all_texts, catalogues

PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")


def holes(text: str) -> set[str]:
    return {first or second for first, second in PLACEHOLDER.findall(text)}


def translated(text: Text, found: dict[str, Catalog]) -> bool:
    for catalogue in found.values():
        message = catalogue.get(text.singular, context=text.context)
        if message is None or message.fuzzy:
            continue
        words = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if text.plural and len(words) < 2:
            continue
        if all(words):
            return True
    return False


def test_every_text_has_english_words() -> None:
    found = catalogues()
    missing = {
        f"{text.where}: {text.singular!r}" + (f" ({text.context})" if text.context else "")
        for text in all_texts()
        if text.singular.strip() and not translated(text, found)
    }
    assert not missing, f"{len(missing)} texts without English words:\n" + "\n".join(sorted(missing))


def test_no_entry_is_fuzzy_or_empty() -> None:
    wrong = [
        f"{path}: {message.id!r}"
        for path, catalogue in catalogues().items()
        for message in catalogue
        if message.id
        and (message.fuzzy or not all(message.string if isinstance(message.string, tuple) else [message.string]))
    ]
    assert not wrong


def test_the_holes_of_a_text_are_the_holes_of_its_translation() -> None:
    wrong = []
    for path, catalogue in catalogues().items():
        for message in catalogue:
            if not message.id:
                continue
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            allowed = set().union(*(holes(text) for text in ids))
            if any(not holes(text) <= allowed for text in strings) or not allowed <= holes(strings[-1]):
                wrong.append(f"{path}: {ids[-1]!r} → {strings[-1]!r}")
    assert not wrong, "\n".join(wrong)


def test_the_search_finds_texts_at_all() -> None:
    texts = {text.singular for text in all_texts()}
    assert {"长辈版", "验证码", "有%(n)s处需要修改"} <= texts
