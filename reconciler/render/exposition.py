"""Prometheus' text format: what `--metrics` writes and `--watch` serves."""

from collections.abc import Mapping, Sequence

Sample = tuple[Mapping[str, str], float]
"""Labels and a value."""


class Gauges:
    """Families of gauges under one prefix; `always` are labels that each sample has."""

    def __init__(self, prefix: str, always: Mapping[str, str] | None = None) -> None:
        self._prefix, self._always = prefix, always or {}
        self.text = ""

    def one(self, name: str, says: str, value: float) -> None:
        """A family of one sample."""
        self.many(name, says, [({}, value)])

    def many(self, name: str, says: str, samples: Sequence[Sample]) -> None:
        """A family; it is told also where it has no sample."""
        whole = f"{self._prefix}_{name}"
        self.text += f"# HELP {whole} {says}\n# TYPE {whole} gauge\n"
        for labels, value in samples:
            shown = ",".join(f'{key}="{_escaped(text)}"' for key, text in {**self._always, **labels}.items())
            self.text += f"{whole}{{{shown}}} {value}\n" if shown else f"{whole} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
