"""References to secrets, resolved: the only place (with the client, which asks here) where a secret's text exists.

Must not print it or give it to anybody else; what leaves for the state is a salted slow digest.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from reconciler.core.errors import GgrecError
from reconciler.core.resource import SecretRef
from reconciler.core.secret_reference import Reference, read_reference
from reconciler.core.secret_source import Surroundings, Unavailable
from reconciler.grafana.secrets.digests import Digests
from reconciler.grafana.secrets.redaction import Redaction
from reconciler.grafana.secrets.sources import discover


class SecretResolver:
    """Implements core.ports.Secrets over all sources; relative paths begin at `root`, `programs` are those that
    `${command:…}` may run.

    A secret is read once a run and only when somebody asks for it, so that what was sent and what is digested are the
    same, and no program runs for nothing or twice. Raises InvalidInput where sources collide.
    """

    def __init__(self, environment: Mapping[str, str], root: Path, programs: Iterable[str] = ()) -> None:
        self._redaction = Redaction()
        surroundings = Surroundings(environment, str(root), tuple(programs), self._redaction.without)
        self._sources = {name: source(surroundings) for name, source in discover().items()}
        self._values: dict[str, str | Unavailable] = {}
        self.digests = Digests()
        self._digests: dict[str, str] = {}

    def __repr__(self) -> str:
        return "SecretResolver(…)"

    def malformed(self, reference: SecretRef) -> str | None:
        """What is wrong with the reference as it is written, or None. Reads nothing and runs nothing."""
        parts = read_reference(str(reference))
        if parts is None:
            shown = str(reference) if str(reference).startswith("${") else "this text"  # it may be the secret itself
            return f"{shown} is not a reference: write {self._forms()}"
        source = self._sources.get(parts.source)
        if source is None:
            return f"{reference}: there is no source '{parts.source}' of secrets: write {self._forms()}"
        problem = source.problem(parts.name)
        return f"{reference}: {problem}" if problem else None

    def missing(self, reference: SecretRef) -> str | None:
        """Why a reference cannot be resolved here, or None."""
        found = self._look(reference)
        return found.why if isinstance(found, Unavailable) else None

    def resolve(self, reference: SecretRef) -> str:
        """The secret's text. Raises GgrecError (naming the reference, never a value) where it cannot be had."""
        found = self._look(reference)
        if isinstance(found, Unavailable):
            raise GgrecError.one("secret-missing", found.why, hint="set it, then run again")
        return found

    def digest(self, reference: SecretRef) -> str:
        """The digest of the present value, with a salt of its own; the same one for the rest of the run, and the one
        that `matches` found to be right.
        """
        known = self._digests.get(str(reference))
        if known is None:
            known = self._digests[str(reference)] = self.digests.make(self.resolve(reference))
        return known

    def matches(self, reference: SecretRef, digest: str) -> bool:
        """Whether the secret's present value is the digested one; a digest of an unknown form matches nothing."""
        same = self.digests.match(self.resolve(reference), digest)
        if same:
            self._digests.setdefault(str(reference), digest)
        return same

    def redacted(self, text: str) -> str:
        """The text with every secret that was resolved so far replaced, in every form it may have. Defaults, which
        stand in the files for all to read, and texts of under four characters stay: a message would lose its sense.
        """
        return self._redaction.without(text)

    def hide(self, secret: str) -> None:
        """Take a text for a secret from now on."""
        self._redaction.add(secret)

    def _forms(self) -> str:
        forms = [source.form for source in self._sources.values()]
        return f"{', '.join(forms[:-1])} or {forms[-1]}"

    def _look(self, reference: SecretRef) -> str | Unavailable:
        key = str(reference)
        if key not in self._values:
            problem = self.malformed(reference)
            parts = read_reference(key)
            self._values[key] = Unavailable(problem or "") if problem or parts is None else self._fetched(parts, key)
        return self._values[key]

    def _fetched(self, parts: Reference, shown: str) -> str | Unavailable:
        found = self._sources[parts.source].fetch(parts.name)
        if isinstance(found, Unavailable):
            return found if parts.default is None else parts.default
        if any("\ud800" <= character <= "\udfff" for character in found):
            return Unavailable(f"{shown} is not UTF-8 text")
        self._redaction.add(found)
        return found
