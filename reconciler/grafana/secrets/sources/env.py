"""`${env:NAME}`: an environment variable. An empty one counts as not set."""

from typing import ClassVar

from reconciler.core.secret_source import SecretSource, Unavailable


class Variables(SecretSource):
    """The environment that ggrec was started with."""

    name: ClassVar[str] = "env"
    form: ClassVar[str] = "${env:NAME}"

    def fetch(self, argument: str) -> str | Unavailable:
        """The variable's value."""
        return self.surroundings.environment.get(argument) or Unavailable(
            f"the environment variable {argument} is not set"
        )
