"""What stands before a YAML value and belongs to it: an anchor, a tag."""

import re

_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)+")


def value_start(text: str, at: int) -> int:
    """Where the value itself begins, behind its anchor or tag."""
    found = _PROPERTIES.match(text, at)
    return found.end() if found else at
