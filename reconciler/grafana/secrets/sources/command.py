"""`${command:vault kv get -field=password secret/grafana}`: what a program prints, without one line break at its end.

The words are split as a POSIX shell splits them, and no shell sees them: no variables, no pipes. A program runs only
if ggrec.yaml names it in `secret_commands`.
"""

from typing import ClassVar

from reconciler.core.secret_source import SecretSource, Unavailable


class Commands(SecretSource):
    """Programs that print a secret."""

    name: ClassVar[str] = "command"
    form: ClassVar[str] = "${command:PROGRAM ARGUMENT …}"

    def problem(self, argument: str) -> str:
        """Quotes that are not closed, and programs that ggrec.yaml does not name."""
        try:
            words = _split(argument)
        except ValueError:
            return "a quote in it is not closed"
        if not words or not words[0]:
            return "it names no program"
        for allowed in self.surroundings.programs:
            leading = allowed.split()
            if leading and words[: len(leading)] == leading:
                return ""
        return (
            f"the program '{words[0]}' may not be run so: allow it in the spec of ggrec.yaml, as in "
            f"`secret_commands: [{words[0]}]`; whoever can change desired files can then run it"
        )

    def fetch(self, argument: str) -> str | Unavailable:
        """What it printed."""
        words = _split(argument)
        from reconciler.grafana.secrets.programs import Program

        printed = Program(words, argument).run(self.surroundings)
        if isinstance(printed, Unavailable):
            return printed
        try:
            text = printed.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            return Unavailable(f"what `{argument}` printed is not UTF-8 text")
        return text or Unavailable(f"`{argument}` printed nothing")


def _split(argument: str) -> list[str]:
    """As a shell would. Raises ValueError."""
    import shlex  # mostly no command is asked

    return shlex.split(argument)
