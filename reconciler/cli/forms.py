"""The forms of a plan beside the terminal: files for reviewers and programs, all from one run."""

from pathlib import Path
from typing import Annotated

from msgspec import Struct

from reconciler.cli.options import Option
from reconciler.cli.session import Session
from reconciler.core.description import Description

_FORMS = "Other forms"
MarkdownOption = Annotated[
    Path | None,
    Option("--markdown", metavar="FILE", help="For a pull request's comment.", rich_help_panel=_FORMS),
]
HtmlOption = Annotated[
    Path | None,
    Option("--html", metavar="FILE", help="One page: filter, panels side by side.", rich_help_panel=_FORMS),
]
JunitOption = Annotated[Path | None, Option("--junit", metavar="FILE", help="As JUnit XML.", rich_help_panel=_FORMS)]
SarifOption = Annotated[Path | None, Option("--sarif", metavar="FILE", help="As SARIF 2.1.0.", rich_help_panel=_FORMS)]
GithubOption = Annotated[
    bool,
    Option("--github", help="Annotations of GitHub, at the lines that cause changes.", rich_help_panel=_FORMS),
]


class Forms(Struct, frozen=True):
    """The forms that were asked for."""

    markdown: Path | None = None
    html: Path | None = None
    junit: Path | None = None
    sarif: Path | None = None
    github: bool = False

    def write(self, session: Session, found: Description, commit: str) -> None:
        """Write the files. Raises GgrecError naming the one that cannot be written."""
        if self.markdown is not None:
            from reconciler.render.markdown_view import plan_markdown

            _write(session, self.markdown, plan_markdown(found, commit=commit))
        if self.html is not None:
            from reconciler.render.html_view import plan_html

            _write(session, self.html, plan_html(found, commit=commit))
        if self.junit is not None or self.sarif is not None:
            from reconciler.render.findings_view import plan_junit, plan_sarif

            if self.junit is not None:
                _write(session, self.junit, plan_junit(found))
            if self.sarif is not None:
                _write(session, self.sarif, plan_sarif(found))


def _write(session: Session, file: Path, text: str) -> None:
    from reconciler.cli.writing import write_file

    write_file(file, text)
    if not session.settings.json:
        session.output.text(f"Wrote {file}")
