"""What may not be done now, where it is no step of a case.

The words are for the person, ``code`` is for programs; the page answers 409 with both (web/errors.py).
"""


class Refusal(Exception):
    """Raised by rules; each area has a kind of its own."""

    refusal = True
    status = 409

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])
