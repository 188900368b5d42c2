"""The addresses of signing in and of one's own account."""

from django.urls import path

from odr_portal.accounts.views import account, factors, sign_in

app_name = "accounts"

urlpatterns = [
    path("account/", account.account, name="account"),
    path("account/sign-in/", sign_in.sign_in, name="sign-in"),
    path("account/sign-in/code/", sign_in.sign_in_code, name="sign-in-code"),
    path("account/sign-in/password/", sign_in.sign_in_password, name="sign-in-password"),
    path("account/sign-in/demo/", sign_in.demo_sign_in, name="demo-sign-in"),
    path("account/second-factor/", factors.second_factor, name="second-factor"),
    path("account/second-factor/set-up/", factors.set_up, name="factor-set-up"),
    path("account/second-factor/recovery-codes/", factors.recovery_codes, name="recovery-codes"),
    path("account/confirm/", factors.confirm, name="confirm"),
    path("account/sign-out/", sign_in.sign_out, name="sign-out"),
]
