"""The forms of sign-in and of one's own account.

The one rule: an error says what to do, and never whether an address is known.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from odr_portal.accounts.contacts import Contact, parse_contact


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


class ProfileForm(forms.Form):
    """What one may change of oneself here."""

    name = forms.CharField(
        label=_("姓名"),
        max_length=120,
        error_messages={"required": _("请填姓名")},
        widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "name"}),
    )
    language = forms.ChoiceField(
        label=_("通知用的语言"),
        choices=(("zh-hans", _("简体中文")), ("en", _("英文"))),
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        setattr(self.fields["name"], "why", _("单位和监管部门按这个姓名称呼您。"))  # noqa: B010
