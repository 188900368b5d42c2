"""How a rule says no. Every refusal carries a code for programs and a sentence for people. A refusal names what is
wrong and the way out; it never says more about a case than the person in front of it may know."""

from django.utils.translation import gettext as _


class StepNotAllowed(Exception):
    """The step cannot be taken now. ``code`` is stable, the text is for people."""

    refusal = True
    status = 409

    def __init__(self, code: str, reason: str = "", *, field: str = "") -> None:
        self.code = code
        self.field = field
        self.reason = reason or code
        super().__init__(self.reason)


class WrongInput(StepNotAllowed):
    """What was said cannot be used: ``field`` names it."""

    status = 422


def not_now(status_label: str) -> StepNotAllowed:
    return StepNotAllowed("not_now", _("案件刚有变化：现在是“%(status)s”，这一步不能再做。") % {"status": status_label})


def not_yours() -> StepNotAllowed:
    return StepNotAllowed("not_yours", _("这一步由其他人办理。"))
