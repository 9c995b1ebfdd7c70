"""What a browser calls itself, made readable: «Chrome trên Android»."""

import re

from app.core.errors import Worded

# The first that fits: nearly every browser also claims to be one of those below it.
_BROWSERS = (
    (re.compile(r"\bcoc_coc_browser/", re.ASCII), "Cốc Cốc"),
    (re.compile(r"\bZalo\b", re.ASCII), "Zalo"),
    (re.compile(r"\bEdg(?:e|A|iOS)?/", re.ASCII), "Edge"),
    (re.compile(r"\bOP[RT](?:iOS)?/|\bOpera\b", re.ASCII), "Opera"),
    (re.compile(r"\bSamsungBrowser/", re.ASCII), "Samsung Internet"),
    (re.compile(r"\b(?:Firefox|FxiOS)/", re.ASCII), "Firefox"),
    (re.compile(r"\b(?:(?:Headless)?Chrome|CriOS|Chromium)/", re.ASCII), "Chrome"),
    (re.compile(r"\bVersion/[\d.]+.*\bSafari/", re.ASCII), "Safari"),
)
_SYSTEMS = (
    (re.compile(r"\biPhone\b", re.ASCII), "iPhone"),
    (re.compile(r"\biPad\b", re.ASCII), "iPad"),
    (re.compile(r"\bAndroid\b", re.ASCII), "Android"),
    (re.compile(r"\bWindows\b", re.ASCII), "Windows"),
    (re.compile(r"\bMac OS X\b|\bMacintosh\b", re.ASCII), "Mac"),
    (re.compile(r"\bCrOS\b", re.ASCII), "ChromeOS"),
    (re.compile(r"\bLinux\b", re.ASCII), "Linux"),
)


def device_label(user_agent: str) -> Worded:
    """Return browser and system in words; a browser that says neither stays without a name."""
    browser = next((word for pattern, word in _BROWSERS if pattern.search(user_agent)), "")
    system = next((word for pattern, word in _SYSTEMS if pattern.search(user_agent)), "")
    if browser and system:
        return Worded("{browser} trên {system}", browser=browser, system=system)
    if browser:
        return Worded("{browser}", browser=browser)
    if system:
        return Worded("Trình duyệt trên {system}", system=system)
    return Worded("Trình duyệt không rõ tên")
