"""The addresses of signing in and of one's own account."""

from django.urls import path

from odr_portal.accounts import views

app_name = "accounts"

urlpatterns = [
    path("account/", views.account, name="account"),
    path("account/sign-in/", views.sign_in, name="sign-in"),
    path("account/sign-in/code/", views.sign_in_code, name="sign-in-code"),
    path("account/sign-in/password/", views.sign_in_password, name="sign-in-password"),
    path("account/sign-in/demo/", views.demo_sign_in, name="demo-sign-in"),
    path("account/sign-out/", views.sign_out, name="sign-out"),
]
