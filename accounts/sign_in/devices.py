"""A browser in a few words, so that people know their own in the list of sessions.

A guess by well-known marks, never a key to anything; the words are not stored with more detail.
"""

from django.utils.translation import gettext

#: The first mark that stands in the user agent decides.
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("QQBrowser", "QQ Browser"),
    ("UCBrowser", "UC Browser"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)


def device_words(user_agent: str) -> str:
    """Such as "Android · WeChat"; empty if nothing is known."""
    return " · ".join(
        found
        for marks in (_SYSTEMS, _BROWSERS)
        if (found := next((name for mark, name in marks if mark in user_agent), ""))
    )


def shown(device: str) -> str:
    """The words in the list."""
    return device or gettext("未知设备")
