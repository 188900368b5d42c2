"""The addresses of signing in and of one's own account."""

from django.urls import path

from accounts.views import account, factors, own_contacts, sign_in

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
    path("account/ways/", account.ways, name="ways"),
    path("account/ways/<int:pk>/remove/", account.remove_factor, name="factor-remove"),
    path("account/sessions/", account.sessions, name="sessions"),
    path("account/sessions/stay/", account.stay, name="stay"),
    path("account/undo/<slug:key>/", account.undo, name="undo"),
    path("account/change/<slug:kind>/", own_contacts.contact, name="contact"),
    path("account/change/<slug:kind>/code/", own_contacts.contact_code, name="contact-code"),
    path("account/password/", account.password, name="password"),
    path("account/password/reset/", account.reset, name="reset"),
    path("account/password/reset/code/", account.reset_code, name="reset-code"),
    path("account/sign-out/", sign_in.sign_out, name="sign-out"),
]
