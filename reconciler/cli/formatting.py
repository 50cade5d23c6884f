"""fmt: desired files and ggrec.yaml in one style. Decides nothing about the style; writes whole files or none."""

import sys
from pathlib import Path
from typing import Annotated

from msgspec import Struct, field

from reconciler.cli.differences import difference_lines
from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, NoColorOption, Settings
from reconciler.cli.writing import replace_file
from reconciler.core.errors import Diagnostic, ExitCode, UsageError
from reconciler.core.source import Mark
from reconciler.formatting.formatter import Formatted, format_file
from reconciler.loader.files import Folder, Found, no_file, resolved
from reconciler.loader.yaml import parse_yaml
from reconciler.render.lines import Line, Span, count, line, safe
from reconciler.render.plan_view import diagnostic_lines

_STDIN = "-"


def fmt(
    paths: Annotated[
        list[Path] | None,
        Argument(help="Files and folders; - is stdin to stdout. Default: the desired folder and ggrec.yaml."),
    ] = None,
    check: Annotated[
        bool, Option("--check", help="Write nothing; list what would change, and exit 1 if anything would.")
    ] = False,
    diff: Annotated[
        bool, Option("--diff", help="Write nothing; print what would change, and exit 1 if anything would.")
    ] = False,
    config: ConfigOption = None,
    no_color: NoColorOption = False,
) -> int:
    """Write YAML files in one style; comments and meaning stay. Files with errors are left alone. Offline."""
    session = Session(Settings(config=config, no_color=no_color))
    work = _Work(session, check=check, diff=diff)
    if any(str(path) == _STDIN for path in paths or ()):
        if len(paths or ()) > 1:
            raise UsageError.one("stdin-and-files", "- stands alone", hint="format the files in a call of their own")
        work.stream(sys.stdin.buffer.read())
    else:
        for found, folder in _named(paths, work.problems) if paths else _of_project(session, work.problems):
            work.file(found, folder)
        work.summary()
    return work.end()


class _Work(Struct):
    """One call: what was done, what would be, what is wrong."""

    session: Session
    check: bool
    diff: bool
    problems: list[Diagnostic] = field(default_factory=list)
    changed: int = 0
    same: int = 0
    failed: int = 0

    @property
    def dry(self) -> bool:
        return self.check or self.diff

    def stream(self, data: bytes) -> None:
        """From stdin to stdout."""
        result = format_file(data, "stdin", parse_yaml)
        self.problems += result.problems
        if result.problems:
            return
        self.changed = int(result.data != data)
        if self.diff:
            self.show(data, result, "stdin")
        elif not self.check:
            sys.stdout.write(result.data.decode("utf-8-sig"))
            sys.stdout.flush()

    def file(self, found: Found, folder: Folder) -> None:
        """One file: written only where that changes it."""
        data = folder.read(found.path)
        if data is None:
            self.problems += folder.problems
            folder.problems.clear()
            self.failed += 1
            return
        result = format_file(data, found.name, parse_yaml)
        self.problems += result.problems
        if result.problems:
            self.failed += 1
        elif result.data == data:
            self.same += 1
        elif self.dry or self.write(found, result.data):
            self.changed += 1
            if self.diff:
                self.show(data, result, found.name)
            else:
                self.say(line(Span("would format " if self.dry else "formatted ", "change"), safe(found.name)))

    def write(self, found: Found, data: bytes) -> bool:
        """Replace a file's content; whether that was possible (noted where not)."""
        try:
            replace_file(found.path.resolve(), data)
        except OSError as error:
            text = f"cannot be written: {error.strerror or error}"
            hint = "it was left as it is: check the file and its folder's permissions"
            self.problems.append(Diagnostic("cannot-write", text, hint, Mark(found.name, 1, 1)))
            self.failed += 1
            return False
        return True

    def show(self, data: bytes, result: Formatted, name: str) -> None:
        """The difference, as `diff -u` prints it, without secrets that stand in the file."""
        lines = difference_lines(data, result.data, name, f"{name} (formatted)")
        if not lines:
            lines = [line(f"{safe(name)}: only line ends, the byte order mark or the end of the file")]
        self.session.output.lines(lines)

    def say(self, text: Line) -> None:
        self.session.output.lines([text])

    def summary(self) -> None:
        """How many files."""
        verb = "would be formatted" if self.dry else "formatted"
        parts = [f"{count(self.changed, 'file')} {verb}"] if self.changed else []
        parts += [f"{count(self.same, 'file')} in style already"] if self.same else []
        parts += [f"{count(self.failed, 'file')} left alone"] if self.failed else []
        style = "error" if self.failed else "change" if self.changed and self.dry else "good"
        self.say(line(Span((", ".join(parts) or "No YAML files") + ".", style)))

    def end(self) -> ExitCode:
        """Say what is wrong; the exit code."""
        for item in sorted(self.problems, key=Diagnostic.sort_key):
            self.session.output.lines(diagnostic_lines(item), error=True)
        return ExitCode.ERROR if self.problems or (self.dry and self.changed) else ExitCode.DONE


def _of_project(session: Session, problems: list[Diagnostic]) -> list[tuple[Found, Folder]]:
    """ggrec.yaml and the YAML files of the desired folder."""
    project = session.project
    folder = Folder(project.desired, project.root)
    files = [Found(project.file, folder.name(project.file.resolve()))] if project.file else []
    return _unique([(item, folder) for item in (*files, *_yaml_of(folder, problems))])


def _named(paths: list[Path], problems: list[Diagnostic]) -> list[tuple[Found, Folder]]:
    """The files that were named, and the YAML files of the folders that were."""
    found: list[tuple[Found, Folder]] = []
    for path in paths:
        here = Path.cwd() / path
        if here.is_dir():
            folder = Folder(here, Path.cwd())
            found += [(item, folder) for item in _yaml_of(folder, problems)]
            continue
        folder = Folder(here.parent, Path.cwd())
        item = Found(here, folder.name(here))
        reason = no_file(here)
        if reason:
            problems.append(Diagnostic("no-file", reason, "name a YAML file or a folder", Mark(item.name, 1, 1)))
        elif item.is_json:
            hint = "only YAML is formatted; JSON files are kept as Grafana exports them"
            problems.append(Diagnostic("not-yaml", "is JSON", hint, Mark(item.name, 1, 1)))
        else:
            found.append((item, folder))
    return _unique(found)


def _yaml_of(folder: Folder, problems: list[Diagnostic]) -> list[Found]:
    found = [item for item in folder.files() if not item.is_json]
    problems += folder.problems
    folder.problems.clear()
    return found


def _unique(files: list[tuple[Found, Folder]]) -> list[tuple[Found, Folder]]:
    """Each file once, however many links lead to it."""
    return list({resolved(item.path) or item.path: (item, folder) for item, folder in reversed(files)}.values())[::-1]
