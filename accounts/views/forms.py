"""The forms of sign-in and of one's own account.

An error says what to do, and never whether an address is known.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.sign_in.contacts import Contact, parse_contact


class AddressForm(forms.Form):
    """Where to send the code."""

    address = forms.CharField(
        label=_("手机号或邮箱"),
        max_length=254,
        error_messages={"required": _("请填手机号或邮箱")},
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "username", "inputmode": "email"}),
    )

    def clean_address(self) -> Contact:
        contact = parse_contact(self.cleaned_data["address"])
        if contact is None:
            raise forms.ValidationError(_("请填11位手机号，或像 name@example.org 这样的邮箱"))
        return contact


class CodeForm(forms.Form):
    """The code that arrived."""

    code = forms.CharField(
        label=_("验证码"),
        help_text=_("6位数字，可以粘贴。"),
        max_length=20,
        error_messages={"required": _("请填6位验证码")},
        widget=forms.TextInput(attrs={"class": "w-10", "inputmode": "numeric", "autocomplete": "one-time-code"}),
    )


class FactorForm(forms.Form):
    """The second factor by hand: six digits of the app, or a recovery code."""

    code = forms.CharField(
        label=_("验证器里的6位数字"),
        help_text=_("手机不在手边，填一个恢复码也行。"),
        max_length=40,
        error_messages={"required": _("请填6位数字，或一个恢复码")},
        widget=forms.TextInput(attrs={"class": "w-10", "autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class NewAppForm(forms.Form):
    """The first code of a new app, so that a mistyped key is found at once."""

    code = forms.CharField(
        label=_("验证器现在显示的6位数字"),
        max_length=40,
        error_messages={"required": _("请填验证器显示的6位数字")},
        widget=forms.TextInput(
            attrs={"class": "w-10", "inputmode": "numeric", "autocomplete": "one-time-code", "spellcheck": "false"}
        ),
    )


class PasswordForm(forms.Form):
    """Staff: work e-mail and password."""

    email = forms.CharField(
        label=_("工作邮箱"),
        max_length=254,
        error_messages={"required": _("请填工作邮箱")},
        widget=forms.EmailInput(attrs={"class": "w-24", "autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=200,
        strip=False,
        error_messages={"required": _("请填密码")},
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "current-password"}),
    )


class NewContactForm(forms.Form):
    """The new phone or mailbox; ``channel`` is sms or email."""

    address = forms.CharField(max_length=254, error_messages={"required": _("请填新的号码或邮箱")})

    def __init__(self, *args: Any, channel: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        field = self.fields["address"]
        field.label = _("新手机号") if channel == "sms" else _("新邮箱")
        kind = (
            {"autocomplete": "tel", "inputmode": "tel"}
            if channel == "sms"
            else {"autocomplete": "email", "inputmode": "email"}
        )
        field.widget = forms.TextInput(attrs={"class": "w-24", **kind})

    def clean_address(self) -> Contact:
        contact = parse_contact(self.cleaned_data["address"])
        if contact is None or contact.channel != self.channel:
            raise forms.ValidationError(
                _("请填11位手机号") if self.channel == "sms" else _("请填像 name@example.org 这样的邮箱")
            )
        return contact


class NewPasswordForm(forms.Form):
    """A password chosen by its owner; seen as dots, so it is asked twice."""

    password = forms.CharField(
        label=_("新密码"),
        help_text=_("至少12个字，几个不相干的词最好记；不用大小写、符号的花样。"),
        max_length=200,
        strip=False,
        error_messages={"required": _("请填新密码")},
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再填一次"),
        max_length=200,
        strip=False,
        error_messages={"required": _("请再填一次新密码")},
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("password") and said.get("again") and said["password"] != said["again"]:
            self.add_error("again", _("两次填的不一样"))
        return said


class ResetForm(forms.Form):
    """Whose password is lost."""

    email = forms.CharField(
        label=_("工作邮箱"),
        max_length=254,
        error_messages={"required": _("请填工作邮箱")},
        widget=forms.EmailInput(attrs={"class": "w-24", "autocomplete": "username"}),
    )

    def clean_email(self) -> Contact:
        contact = parse_contact(self.cleaned_data["email"])
        if contact is None or contact.channel != "email":
            raise forms.ValidationError(_("请填像 name@example.org 这样的邮箱"))
        return contact


class ProfileForm(forms.Form):
    """What one may change of oneself here."""

    name = forms.CharField(
        label=_("姓名"),
        max_length=120,
        error_messages={"required": _("请填姓名")},
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("通知用的语言"), choices=settings.LANGUAGES, widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        setattr(self.fields["name"], "why", _("单位和监管部门按这个姓名称呼您。"))  # noqa: B010
