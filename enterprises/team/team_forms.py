"""What is typed on the pages of a team.

A form offers only what this person may give (rights.py); the rules judge it again.
"""

from datetime import date
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.sign_in.contacts import Contact, parse_contact
from authorities.periods import in_our_years
from enterprises.team.rights import Post, Reach
from enterprises.team.team import role_label

CHOOSE = _("请从列出的选项中选一项。")
FILL = _("请填写这一项。")


class TeamForm(forms.Form):
    """Base: no colon after labels, the browser checks nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        options["label_suffix"] = ""
        super().__init__(*args, **options)
        self.use_required_attribute = False
        for field in self.fields.values():
            field.error_messages["required"] = FILL
            if isinstance(field, forms.ChoiceField):
                field.error_messages |= {"required": CHOOSE, "invalid_choice": CHOOSE}


class InviteForm(TeamForm):
    email = forms.CharField(
        label=_("工作邮箱"),
        max_length=254,
        help_text=_("邀请信发到这里；对方用它登录。"),
        widget=forms.EmailInput(attrs={"class": "w-24", "autocomplete": "off"}),
    )
    post = forms.ChoiceField(label=_("在哪里工作"), widget=forms.Select(attrs={"class": "w-24"}))
    role = forms.ChoiceField(label=_("岗位"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, reach: Reach, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reach = reach
        roles = {role: role_label(role, post) for post in reach.posts for role in reach.may_give(post)}
        self.fields["post"].choices = [(post.code, str(post)) for post in reach.posts]  # type: ignore[attr-defined]
        self.fields["role"].choices = list(roles.items())  # type: ignore[attr-defined]

    def clean_email(self) -> Contact:
        contact = parse_contact(self.cleaned_data["email"])
        if contact is None or contact.channel != "email":
            raise ValidationError(_("请填像 name@example.org 这样的邮箱"))
        return contact

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        post = self.reach.by_code.get(str(cleaned.get("post", "")))
        if post is not None and cleaned.get("role") and cleaned["role"] not in self.reach.may_give(post):
            self.add_error("role", _("您不能在这里授予这个岗位。"))
        return cleaned

    @property
    def chosen_post(self) -> Post:
        return self.reach.by_code[self.cleaned_data["post"]]


class RoleForm(TeamForm):
    role = forms.ChoiceField(label=_("新的岗位"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, post: Post, reach: Reach, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role, role_label(role, post)) for role in reach.may_give(post)
        ]


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        input_formats=["%Y-%m-%d", "%Y/%m/%d"],
        validators=[in_our_years],
        widget=forms.DateInput(attrs={"type": "date", "class": "w-10"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("日期请写成 2026-12-02 这样。")},
        **options,
    )


class EndForm(TeamForm):
    last_day = _day(_("最后一天"), help_text=_("到这一天24:00为止。"))

    def __init__(self, *args: Any, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        if day < self.today:
            raise ValidationError(_("最后一天不能早于今天；要马上停用，请选“立即停用”。"))
        return day


class NumberForm(TeamForm):
    """工号: how another system of the enterprise names this person."""

    number = forms.CharField(
        label=_("工号"),
        max_length=40,
        required=False,
        help_text=_("字母、数字、横线，最多20个字符；不填就是没有。"),
        widget=forms.TextInput(attrs={"class": "w-10", "autocomplete": "off"}),
    )


class LeaveForm(TeamForm):
    staff = forms.ChoiceField(label=_("谁请假"), widget=forms.Select(attrs={"class": "w-24"}))
    starts_on = _day(_("第一天"))
    ends_on = _day(_("最后一天"), help_text=_("到这一天24:00为止。"))
    deputy = forms.ChoiceField(
        label=_("谁代办"),
        required=False,
        widget=forms.Select(attrs={"class": "w-24"}),
        help_text=_("名下没有办结的案件，在第一天开始时交给代办人；没有代办人，或者代办人也不在，就交给最近的管理员。"),
    )

    def __init__(
        self,
        *args: Any,
        people: list[tuple[str, str]],
        deputies: list[tuple[str, str]],
        is_office: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.fields["staff"].choices = [("", _("请选择")), *people]  # type: ignore[attr-defined]
        nobody = _("没有，交给负责人") if is_office else _("没有，交给管理员")
        self.fields["deputy"].choices = [("", nobody), *deputies]  # type: ignore[attr-defined]
        if is_office:
            self.fields["deputy"].help_text = _(
                "名下没有办结的案件，在第一天开始时交给代办人；没有代办人，或者代办人也不在，就交给负责人。"
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("starts_on") and cleaned.get("ends_on") and cleaned["ends_on"] < cleaned["starts_on"]:
            self.add_error("ends_on", _("最后一天不能早于第一天。"))
        if cleaned.get("deputy") and cleaned["deputy"] == cleaned.get("staff"):
            self.add_error("deputy", _("请选一位在岗的同事代办。"))
        return cleaned


class TwoPersonsForm(TeamForm):
    post = forms.ChoiceField(label=_("在哪里"), widget=forms.Select(attrs={"class": "w-24"}))
    offers_above = forms.DecimalField(
        label=_("方案总额超过多少元须批准"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        help_text=_("同意的金额合计或者要付的金额合计，取大的；正好这个数不用批准。不填就是不看金额。"),
        widget=forms.TextInput(attrs={"class": "w-10", "inputmode": "decimal", "autocomplete": "off"}),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_digits", "max_decimal_places", "max_whole_digits"),
            _("金额请填数字，例如 128.50"),
        ),
    )
    refusals = forms.BooleanField(label=_("方案里有不同意的要求"), required=False)
    failures = forms.BooleanField(label=_("报告协商未成"), required=False)
    returns = forms.BooleanField(label=_("退回案件"), required=False)

    def __init__(self, *args: Any, reach: Reach, **options: Any) -> None:
        super().__init__(*args, **options)
        self.reach = reach
        self.fields["post"].choices = [(post.code, str(post)) for post in reach.posts]  # type: ignore[attr-defined]

    @property
    def chosen_post(self) -> Post:
        return self.reach.by_code[self.cleaned_data["post"]]


class AddressForm(TeamForm):
    email = forms.CharField(
        label=_("您的工作邮箱"),
        max_length=254,
        help_text=_("收到邀请信的那个邮箱。"),
        widget=forms.EmailInput(attrs={"class": "w-24", "autocomplete": "username"}),
    )


class PersonForm(TeamForm):
    """Name and password of somebody who joins; a person with a password keeps both."""

    name = forms.CharField(
        label=_("姓名"), max_length=120, widget=forms.TextInput(attrs={"class": "w-24", "autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("密码"),
        max_length=200,
        strip=False,
        help_text=_("至少12个字符，不要用常见的密码。"),
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("再输一次密码"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"class": "w-24", "autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, user: User | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.email = email
        if user is not None:
            self.fields["name"].initial = user.name

    def clean_name(self) -> str:
        name = " ".join(str(self.cleaned_data["name"]).split())
        if "\x00" in name:
            raise ValidationError(_("文字里有不能保存的字符，请删去后重试。"))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password and cleaned.get("again") and password != cleaned["again"]:
            self.add_error("again", _("两次输入的密码不一样。"))
        if password:
            try:
                validate_password(password, User(email=self.email, name=str(cleaned.get("name", ""))))
            except ValidationError as weak:
                self.add_error("password", weak)
        return cleaned
