"""`${sops:path#key.sub}`: one value of a file that sops encrypted, decrypted by the `sops` binary, once a run.

`sops -d --output-type json FILE` is what every sops 3 understands (checked with 3.13.3; `sops decrypt` is newer).
The decrypted text stays in memory.
"""

import json
import re
from pathlib import Path
from typing import Any, ClassVar

from reconciler.core.secret_source import SecretSource, Surroundings, Unavailable

_MEANINGS = {
    128: "no key that is here can decrypt it (SOPS_AGE_KEY_FILE, SOPS_AGE_KEY, GnuPG or a cloud's credentials give "
    "sops one)",
}
"""Of sops's exit codes (cmd/sops/codes in its source)."""
_STEP = re.compile(r'(?:"([^"]+)"|([^."#]+))(?:\.|\Z)')


class SopsFiles(SecretSource):
    """Files encrypted with sops (age, PGP, KMS, …). Keys are separated by dots; one that has a dot in it stands in
    double quotes; the places of lists count from 0.
    """

    name: ClassVar[str] = "sops"
    form: ClassVar[str] = "${sops:path#key.sub}"

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._files: dict[str, Any] = {}

    def problem(self, argument: str) -> str:
        """A missing path or key."""
        path, _, keys = argument.partition("#")
        if not path.strip() or not _steps(keys):
            return f"write {self.form}: the file, and the key of the value in it"
        return ""

    def fetch(self, argument: str) -> str | Unavailable:
        """The value of the key; numbers as they are written."""
        path, _, keys = argument.partition("#")
        if path not in self._files:
            self._files[path] = self._decrypted(path)
        here = self._files[path]
        if isinstance(here, Unavailable):
            return here
        for step in _steps(keys):
            place = int(step) if isinstance(here, list) and step.isdecimal() else step
            try:
                here = here[place]
            except (KeyError, IndexError, TypeError):
                return Unavailable(f"{path} has no {keys}: there is no '{step}'")
        if not isinstance(here, str) or not here:
            what = "empty" if here in ("", None) else "neither a text nor a number"
            return Unavailable(f"{keys} in {path} is {what}")
        return here

    def _decrypted(self, path: str) -> Any:
        """The whole content, or why not. Numbers stay texts: a password of digits is one."""
        if not (Path(self.surroundings.root) / path).is_file():
            return Unavailable(f"the file {path} cannot be read: there is none")
        # A path that begins with a dash must not become an option.
        given = f"./{path}" if path.startswith("-") else path
        from reconciler.grafana.secrets.programs import Program

        program = Program(("sops", "-d", "--output-type", "json", given), f"sops -d {path}", _MEANINGS)
        printed = program.run(self.surroundings)
        if isinstance(printed, Unavailable):
            return printed
        try:
            return json.loads(printed, parse_int=str, parse_float=str)
        except ValueError:
            return Unavailable(f"what `sops -d {path}` printed is not JSON")


def _steps(keys: str) -> tuple[str, ...]:
    """The steps of a path into the file; none where it is malformed."""
    found, end = [], 0
    while end < len(keys):
        match = _STEP.match(keys, end)
        if match is None:
            return ()
        found.append(match[1] or match[2])
        end = match.end()
    return () if keys.endswith(".") else tuple(found)
