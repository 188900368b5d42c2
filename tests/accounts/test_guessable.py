"""New passwords that somebody would try first."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import User
from accounts.sign_in.guessable import OF_THIS_PLACE
from tests import ROOT

#: Of twelve characters and more; of these only the first stands in Django's list.
GUESSABLE = (
    *("password1234", "Password1234!", "qwertyuiop12", "iloveyou-2026", "passwordpassword", "1q2w3e4r5t6y!"),
    *("12315-portal!", "ODR-Portal-2026", "xiaofeizhe2026", "tousu12315tousu", "管理员admin2026", "消费者投诉12315!!"),
)
FINE = (
    "a different long pass phrase",
    "correct horse battery staple",
    "odr und ein langer Satz",
    "梅雨时节买伞的人很多呀",
)


@pytest.mark.parametrize("password", GUESSABLE)
def test_T23_a_common_word_or_one_of_this_place_with_little_around_it_is_no_password(password: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password, User(email="ming@example.com"))
    assert password not in " ".join(refused.value.messages)


@pytest.mark.parametrize("password", [*FINE, "x9" * 32, "x9" * 100])
def test_T23_any_other_of_twelve_characters_is_one_whatever_it_is_made_of(password: str) -> None:
    padded = password.ljust(12, "呀")
    validate_password(padded, User(email="ming@example.com"))


def test_the_words_of_this_place_stand_in_the_document() -> None:
    text = (ROOT / "docs" / "how-to" / "sign-in.md").read_text(encoding="utf-8")
    assert [word for word in OF_THIS_PLACE if f"`{word}`" not in text] == []
