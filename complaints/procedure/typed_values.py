"""What people type, made exact: text, money, days, phone numbers. Be generous in what is read (full-width digits, 元,
2026年9月1日) and exact in what is kept; a refusal says what to type instead."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any, cast

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.choices import BaseChoiceIterator, normalize_choices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise

YES, NO = _("是"), _("否")
MOST_MONEY = Decimal("9999999999.99")
KEPT_CHARACTERS = 20_000

_MONEY = re.compile(r"^(\d{1,3}(,\d{3})+|\d+)(\.\d{1,2})?$")
_TOO_FINE = re.compile(r"^(\d{1,3}(,\d{3})+|\d+)\.\d{3,}$")
_DAY = re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$")
_DAY_SOLID = re.compile(r"^(\d{4})(\d{2})(\d{2})$")


def visible(text: str) -> str:
    """The text without what nobody can see or type (NUL, escape, lone surrogates), with plain line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))


def one_line(text: str) -> str:
    return " ".join(visible(text).split())


def money(typed: str) -> Decimal:
    """「￥１，２８０．５０元」 -> Decimal("1280.50"). Raises ValidationError."""
    text = "".join(unicodedata.normalize("NFKC", visible(typed)).split())
    text = re.sub(r"^(¥|￥|RMB|CNY|人民币)", "", text, flags=re.IGNORECASE)
    text = re.sub(r"(元|块|块钱|圆)$", "", text)
    if text.startswith(("-", "−", "–")):
        raise ValidationError(_("金额不能是负数，请填数字，例如 128.50"), code="negative")
    if _TOO_FINE.match(text):
        raise ValidationError(_("金额最多写到分，例如 128.50"), code="too_fine")
    if not _MONEY.match(text):
        raise ValidationError(_("金额请填数字，例如 128.50"), code="no_number")
    if len(text) > 40 or (amount := Decimal(text.replace(",", ""))) > MOST_MONEY:
        raise ValidationError(_("金额太大，请核对是不是多写了几位"), code="too_much")
    return amount.quantize(Decimal("0.01"))


def day(typed: str) -> date:
    """「2026年9月1日」, 2026-9-1, ２０２６／９／１ -> date. Raises ValidationError."""
    text = "".join(unicodedata.normalize("NFKC", visible(typed)).split())
    match = _DAY.match(text) or _DAY_SOLID.match(text)
    if match is None:
        raise ValidationError(_("日期请按年-月-日填写，例如 2026-09-01"), code="no_date")
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        raise ValidationError(_("没有这一天，请核对日期，例如 2026-09-01"), code="no_such_day") from None


def phone(typed: str) -> str:
    """A number that can be rung back, in E.164; without a country code it is Chinese. Raises ValidationError."""
    text = unicodedata.normalize("NFKC", visible(typed)).strip()
    refusal = ValidationError(
        _("电话请填手机号或带区号的固定电话，例如 13800000000；境外号码以 + 开头"), code="no_phone"
    )
    if len(text) > 40 or re.search(r"[^\d\s()+.\-转]", text):
        raise refusal
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        raise refusal from None
    if not phonenumbers.is_possible_number(number) or len(str(number.national_number)) < 6:
        raise refusal
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class FreeText(forms.CharField):
    """Free text of at most `most` characters; a long text is refused, never cut."""

    def __init__(self, *, most: int, lines: int = 0, **options: Any) -> None:
        self.most = most
        self.lines = lines
        if lines:
            options.setdefault("widget", forms.Textarea(attrs={"rows": lines}))
        super().__init__(**options)

    def to_python(self, value: object) -> str:
        text = visible("" if value is None else str(value))
        return text.strip() if self.lines else one_line(text)

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.most:
            raise ValidationError(
                _("写了%(length)d字，最多%(most)d字，请删减%(over)d字；您写的内容还在"),
                code="too_long",
                params={"length": len(value), "most": self.most, "over": len(value) - self.most},
            )


class PersonName(FreeText):
    """A person's real name, in any script; at least one letter of it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=60, **options)

    def validate(self, value: str) -> None:
        super().validate(value)
        if not value:
            return
        strange = [
            letter for letter in value if unicodedata.category(letter)[0] not in "LM" and letter not in " ·•・.'’-，,"
        ]
        if strange or not any(unicodedata.category(letter)[0] == "L" for letter in value):
            raise ValidationError(_("姓名请用文字填写，不用数字和符号；外文姓名也可以"), code="no_name")


class Money(forms.CharField):
    """An exact amount in yuan with at most two decimals."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def clean(self, value: object) -> Decimal | None:
        text = one_line("" if value is None else str(value))
        if not text:
            self.validate(text)
            return None
        return money(text)


class DayInput(forms.DateInput):
    """The phone's own calendar; what it could not show again stays readable text."""

    input_type = "date"

    def get_context(self, name: str, value: object, attrs: dict[str, object] | None) -> dict[str, object]:
        context: dict[str, object] = super().get_context(name, value, attrs)
        text = "" if value is None else str(value)
        if text and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            context["widget"]["type"] = "text"  # type: ignore[index]
        return context

    def format_value(self, value: object) -> str | None:
        return None if value in (None, "") else str(value)


class Day(forms.CharField):
    """A local day; `latest` is set by the form, which knows today."""

    widget = DayInput
    latest: date | None = None
    earliest = date(1990, 1, 1)

    def clean(self, value: object) -> date | None:
        text = one_line("" if value is None else str(value))
        if not text:
            self.validate(text)
            return None
        result = day(text)
        if self.latest is not None and result > self.latest:
            raise ValidationError(_("这一天还没有到，请填今天或以前的日期"), code="in_the_future")
        if result < self.earliest:
            raise ValidationError(_("日期太早，请核对年份"), code="too_early")
        return result


class Phone(forms.CharField):
    """A telephone number, kept in E.164."""

    widget = forms.TextInput(attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel"})

    def clean(self, value: object) -> str:
        text = one_line("" if value is None else str(value))
        if not text:
            self.validate(text)
            return ""
        return phone(text)


class FixedChoices(BaseChoiceIterator):
    """Choices, or groups of them, put into Django's form once; it does that with a list for each copy of a field."""

    def __init__(self, choices: Iterable[Any]) -> None:
        self.choices = normalize_choices([*choices])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.choices)


class _Chosen(forms.ChoiceField):
    """A form gets a copy of each field. The choices are replaced there, never changed, so that copying
    every one of them, and the words of each, is work for nothing."""

    def __init__(self, *, choices: Iterable[Any] = (), **options: Any) -> None:
        super().__init__(choices=FixedChoices(choices), **options)

    def __deepcopy__(self, memo: Any) -> Any:
        return cast(Any, forms.Field).__deepcopy__(self, memo)


class Choice(_Chosen):
    """One of a list."""


class Several(_Chosen, forms.MultipleChoiceField):
    """Any of a list."""


class YesNo(Choice):
    """Yes, no, and where it helps 不确定 (kept as None). Nothing is preset."""

    widget = forms.RadioSelect

    def __init__(self, *, yes: Text = YES, no: Text = NO, unsure: Text | None = None, **options: Any) -> None:
        choices: list[tuple[str, Text]] = [("yes", yes), ("no", no)]
        if unsure is not None:
            choices.append(("unsure", unsure))
        super().__init__(choices=choices, **options)

    def clean(self, value: object) -> bool | None:
        code = super().clean(value)
        return {"yes": True, "no": False}.get(code)
