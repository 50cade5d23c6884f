"""The contract of a source of secrets: what `${name:argument}` asks. A package brings one by the entry point
`ggrec.secrets`, naming a class derived from SecretSource.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar

from msgspec import Struct


class Surroundings(Struct, frozen=True):
    """What a source works with: the environment, the project's folder (relative paths begin there), the programs that
    ggrec.yaml lets `${command:…}` run (as written, with their leading arguments), and `hide`, which takes every secret
    known so far out of a text.
    """

    environment: Mapping[str, str]
    root: str
    programs: tuple[str, ...] = ()
    hide: Callable[[str], str] = lambda text: text

    def __repr__(self) -> str:
        return f"Surroundings(root={self.root!r})"  # the environment holds secrets


class Unavailable(Struct, frozen=True):
    """Why there is no secret; never holds a part of one."""

    why: str


class SecretSource(ABC):
    """One sort of place where secrets are kept. Made once a run, and asked once a run for each argument."""

    name: ClassVar[str]
    """As in references: `env` in `${env:NAME}`."""
    form: ClassVar[str]
    """How it is written, for messages: `${env:NAME}`."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings

    def problem(self, argument: str) -> str:
        """What is wrong with the argument itself ("": nothing). Reads and runs nothing: `ggrec validate` asks it."""
        return ""

    @abstractmethod
    def fetch(self, argument: str) -> str | Unavailable:
        """The secret's text, or why it cannot be had here."""
