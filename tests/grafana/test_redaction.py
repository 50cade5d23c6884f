"""Secrets are taken out of texts in every form in which one may come back."""

import base64
import json
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from reconciler.grafana.secrets.redaction import SHORTEST, Redaction

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SECRETS = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=60)


@given(SECRETS, TEXTS, TEXTS)
def test_no_form_of_a_secret_is_left(secret: str, before: str, after: str) -> None:
    redaction = Redaction()
    redaction.add(secret)
    for form in (secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret)):
        assert form not in redaction.without(before + form + after)


@given(SECRETS, TEXTS, TEXTS)
def test_base64_of_something_longer_tells_nothing_of_it(secret: str, before: str, after: str) -> None:
    """As in the header of basic authentication: `user:secret`. What is left decodes to none of its inner characters."""
    redaction = Redaction()
    redaction.add(secret)
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode((before + secret + after).encode()).decode()
        left = redaction.without(text)
        assert "[secret]" in left
        assert len(left) - len("[secret]") <= len(text) - (4 * (len(secret.encode()) - 2)) // 3 + 2


def test_short_texts_stay_and_longer_secrets_go_first() -> None:
    redaction = Redaction()
    for secret in ("abc", "hunter2", "hunter2-longer"):
        redaction.add(secret)
    assert len("abc") < SHORTEST
    assert redaction.without("abc hunter2-longer hunter2") == "abc [secret] [secret]"


def test_the_lines_of_a_key_are_hidden_one_by_one() -> None:
    redaction = Redaction()
    redaction.add("-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END KEY-----\n")
    assert redaction.without("at MIIEvQIBADAN: bad -----BEGIN KEY-----") == "at [secret]: bad -----BEGIN KEY-----"
