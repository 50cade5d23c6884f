"""Legends of series: a text with labels in it."""

import re

LEGEND = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
"""A label in a legend: `{{region}}`."""
