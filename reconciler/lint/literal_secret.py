"""A datasource's jsonData is stored and shown in plain text: what looks like a credential there is an error."""

import re
from collections.abc import Iterable, Sequence

from reconciler.core.errors import Diagnostic
from reconciler.core.json import as_object
from reconciler.core.resource import Resource

_SECRET = re.compile(r"(password|passwd|secret|token|api_?key|private_?key)$", re.IGNORECASE)


def check(resources: Sequence[Resource]) -> Iterable[Diagnostic]:
    """One finding for each text under a key of jsonData that names a secret."""
    for resource in resources:
        for key, value in as_object(resource.attributes.get("jsonData")).items():
            if _SECRET.search(key) and isinstance(value, str) and value:
                yield Diagnostic(
                    "literal-secret",
                    f"jsonData.{key} looks like a secret, and jsonData is readable by everybody",
                    f"put it under secureJsonData as a reference: {key}: ${{env:NAME}}",
                    where=resource.source,
                    subject=str(resource.address),
                )
