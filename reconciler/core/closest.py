"""The known word that somebody may have meant. Pure."""

from collections.abc import Iterable


def closest(word: str, known: Iterable[str], alike: float = 0.6) -> str:
    """The one most like the word, of those at least so much `alike` (0 to 1), else ""."""
    from difflib import get_close_matches  # only words that are wrong need it

    found = get_close_matches(word, sorted(known), 1, alike)
    return found[0] if found else ""
