"""Which new passwords are refused because somebody would try them first; named in AUTH_PASSWORD_VALIDATORS."""

from typing import Any

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

#: Words of this place; they stand in docs/how-to/sign-in.md too.
OF_THIS_PLACE = (
    *("12315", "12345", "odr", "portal", "complaint", "consumer", "dispute", "samr", "admin", "password", "welcome"),
    *("tousu", "xiaofei", "xiaofeizhe", "weiquan", "jianguan", "shichang", "mima", "guanli", "guanliyuan"),
    *("投诉", "消费", "消费者", "维权", "监管", "市场", "密码", "管理员"),
)
#: So much must be left when they are taken out, and when one of Django's common passwords is.
LEAST_LEFT, LEAST_BESIDE = 8, 6
#: Of the pieces that are looked for in Django's list; its longest word is shorter.
SHORTEST, LONGEST = 5, 30


class GuessablePassword(CommonPasswordValidator):
    """Django's list, alone or with a few characters around it, and the words of this place, one or several."""

    def validate(self, password: str, user: Any = None) -> None:
        super().validate(password, user)
        typed = password.lower().strip()
        left = typed
        for word in sorted(OF_THIS_PLACE, key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < LEAST_LEFT and left != typed:
            raise self._refused()
        if any(len(typed.replace(part, "")) < LEAST_BESIDE for part in _parts(typed) if part in self.passwords):
            raise self._refused()

    def _refused(self) -> ValidationError:
        return ValidationError(_("去掉人人先试的词，这个密码就没剩几个字了。请换几个不相干的词。"), code="guessable")

    def get_help_text(self) -> str:
        return ""


def _parts(text: str) -> set[str]:
    """Every piece that may be one of the common passwords."""
    return {text[at:end] for at in range(len(text)) for end in range(at + SHORTEST, min(len(text), at + LONGEST) + 1)}
