"""Texts that are credentials by their look: tokens of well-known makers, private keys, and passwords in URLs.

Only what is certain or nearly so: a name such as `token` says nothing here.
"""

import re
from collections.abc import Iterator

_SHAPES: tuple[tuple[str, str], ...] = (
    ("a Grafana token", r"\bgl(?:sa|c)_[A-Za-z0-9+/=_-]{16,}"),
    ("a GitHub token", r"\b(?:gh[opsur]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{40,})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("an AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    ("a Slack token", r"\bxox[abeprs]-[A-Za-z0-9-]{10,}"),
    ("a Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("a Vault token", r"\bhv[sb]\.[A-Za-z0-9_-]{20,}"),
    ("an age key", r"\bAGE-SECRET-KEY-1[A-Z0-9]{20,}"),
    ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{10,}"),
    (
        "a private key",
        r"(?s)-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----(?:.*?-----END [A-Z0-9 ]*PRIVATE KEY-----|.*)",
    ),
)
"""Compiled when first used: most texts hold none."""
_BEGINNINGS = (
    r"gl(?:sa|c)_|gh[opsur]_|github_pat_|glpat-|A[KS]IA|xox[abeprs]-|AIza|hv[sb]\.|AGE-SECRET|eyJ|PRIVATE KEY|://[^/]*@"
)
"""Where none of these is, no shape is: most texts are done with that."""
_WORDS = (
    *("glsa_", "glc_", "gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "AKIA", "ASIA", "AIza", "hvs."),
    *("hvb.", "AGE-SECRET", "eyJ", "PRIVATE KEY", *(f"xox{letter}-" for letter in "abeprs")),
)
_USER_IN_URL = "://[^/]*@"
"""Both together are `_BEGINNINGS`."""
_IN_URL = r"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{0,30}://[^/?#\s@:\"'<>]*):([^/?#\s@\"'<>]+)@"
_STAND_INS = (
    r"(?i)\A(?:pass(?:word|wd)?|pwd|secret|token|key|user|x+|\*+|\.{2,}|…"
    r"|.*[$<{\[].*|%.*|your.*|my-?password|example)\Z"
)
"""What stands in manuals where a password would be."""


def may_have_literals(text: str) -> bool:
    """False where no part of the text is a credential; of many texts in one piece much cheaper than of each."""
    return any(word in text for word in _WORDS) or re.search(_USER_IN_URL, text) is not None


def literals(text: str) -> Iterator[str]:
    """What of the text is a credential, in words that do not quote it (`a private key`)."""
    if not re.search(_BEGINNINGS, text):
        return
    for what, shape in _SHAPES:
        if re.search(shape, text):
            yield what
    if any(not re.match(_STAND_INS, match[2]) for match in re.finditer(_IN_URL, text)):
        yield "a password in a URL"


def without_literals(text: str) -> str:
    """The text with every such credential replaced."""
    if not re.search(_BEGINNINGS, text):
        return text
    for _, shape in _SHAPES:
        text = re.sub(shape, "[secret]", text)
    return re.sub(_IN_URL, lambda match: f"{match[1]}:[secret]@", text)
