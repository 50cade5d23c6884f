"""A secret that was written out by mistake is in no message, whatever is wrong around it."""

from pathlib import Path

import pytest

from reconciler.lint import check
from tests.authoring.authoring_cases import line, resolved

CANARY = "hunter2-canary"
NUMBER = "47114711"


@pytest.mark.parametrize(
    "spec",
    [
        f"{{type: x, secureJsonData: {{password: {CANARY}}}}}",
        f"{{type: x, secureJsonData: {{pin: {NUMBER}}}}}",
        f"{{type: x, secureJsonData: {{list: [{CANARY}]}}}}",
        f"{{type: x, secureJsonData: {CANARY}}}",
        f"{{type: x, secureJsonData: [{NUMBER}]}}",
        f"{{type: x, secureJsonData: {{{CANARY}}}}}",
        f"{{type: x, jsonData: {{clientSecret: {CANARY}}}}}",
        f"{{type: x, url: 'http://me:{CANARY}@host/'}}",
    ],
)
def test_no_message_shows_a_secret(spec: str, tmp_path: Path) -> None:
    text = f"apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {{name: d}}\nspec: {spec}\n"
    result = resolved(tmp_path, {"a.yaml": text})
    found = [*result.diagnostics, *check(result.resources)]
    assert [item for item in found if item.severity == "error"]
    shown = " ".join(line(item) for item in found)
    if f"{{{CANARY}}}" not in spec:  # there it is a key, and keys are names
        assert CANARY not in shown
    assert NUMBER not in shown
