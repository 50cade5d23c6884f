"""What of YAML's plain scalars is no text, and what no text may hold: for every reader of YAML."""

import re
from typing import Any

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+([eE][+-]?[0-9]+)?|[eE][+-][0-9]+)?\Z")
"""What of YAML's plain scalars is a number: JSON's but `1e3`, for programs write the sign (1e+3), people mean a name (a
commit, a uid).
"""
WORDS: dict[str, Any] = {"null": None, "~": None, "": None, "true": True, "false": False}
"""What else of them is no text."""
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What YAML has no place for, and the line ends that only YAML takes for some."""
