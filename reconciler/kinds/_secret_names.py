"""How the environment variables are called that `pull` writes for secrets which Grafana does not tell."""

import re
from collections.abc import Iterable


def secret_variables(name: str, keys: Iterable[str]) -> dict[str, str]:
    """One environment variable for each secret, no two the same, fit for a shell."""
    found: dict[str, str] = {}
    for key in sorted(keys):
        text = re.sub(r"[^A-Z0-9]+", "_", f"{name}_{key}".upper())
        text = f"_{text}" if text[0].isdigit() else text
        number = 2
        variable = text
        while variable in found.values():
            variable, number = f"{text}_{number}", number + 1
        found[key] = variable
    return found
