"""What is read plainly is exactly what the parser of all of YAML reads: the same values, and the same places of
envelopes. Whatever that one finds something wrong with is not read plainly.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import estate
from reconciler.core.source import MarkedDict
from reconciler.loader.plain_yaml import PlainYaml
from reconciler.loader.yaml import parse_yaml
from tests.loader.test_yaml import TEXTS, VALUES

HEAD = "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: one}\n"
WRITTEN = """\
apiVersion: ggrec/v1
kind: Dashboard
metadata:
  # a comment
  name: orders
  uid: abc-1   # why
  lifecycle: {prevent_destroy: true}
spec:
  title: 'It''s "orders"'
  tags: [a, "b: c", 'd, e', -5, 1.5, null]   # tags
  time: {from: now-24h, to: now, more: {a: [], b: {}} }

  panels:
  - row: Orders
  - title: Rate
    description: >-
      Folded text
      goes on

      and ends.
    text: |
      # no comment
        deeper
      last

    targets:
      - expr: sum(rate(x{a="b"}[5m])) # why not
        legendFormat: '{{region}}'
      - expr: up
      - expr: >-
          sum by (le) (
            rate(x[5m])

              / 2
          ) > 0

          and y
        url: {a: http://x/y, t: 12:30, "q": "a\\"b\\n\\\\"}
        text: "tab\\tand \\"quotes\\""
    "quoted key": yes
    empty:
    overrides:
      - matcher: {id: byName, options: "a: b"}
        properties:
          - id: unit
            value: ~
"""
LETTERS = " \t-:?#{}[],&*!|>'\"%@`\\~=<.0123456789aenulltrue\n\u00a0é☀$"


def same(text: str) -> bool:
    """Whether it is read plainly; then it is what it should be."""
    data = text.encode("utf-8", "surrogatepass")
    plain = PlainYaml().read(data, "a.yaml")
    if plain is None:
        return False
    documents, problems = parse_yaml(data, "a.yaml")
    assert not problems, text
    [whole] = documents
    assert repr(plain) == repr(whole), text  # of the same types, and in the same order
    assert places(plain) == places(whole), text
    return True


def places(value: MarkedDict) -> Any:
    """Those that a document is known by."""
    metadata = value["metadata"]
    named = [metadata.values_at.get(key) for key in ("name", "uid")]
    return value.mark, value.keys_at["apiVersion"], metadata.mark, named


def test_what_people_write_is_read_plainly(tmp_path: Path) -> None:
    assert same(WRITTEN)
    estate.write(tmp_path, estate.Size(dashboards=3, form="compact"))
    for path in (tmp_path / "desired" / "dashboards").iterdir():
        assert same(path.read_text())


def test_lines_that_are_remembered_from_other_files_say_the_same() -> None:
    reader = PlainYaml()
    texts = [WRITTEN, HEAD + "spec: {a: 1}\n", WRITTEN.replace("  panels:", "  more: 1\n  panels:"), WRITTEN]
    for text in texts:
        assert repr(reader.read(text.encode(), "a.yaml")) == repr(parse_yaml(text.encode(), "a.yaml")[0][0])


@pytest.mark.parametrize("text", [*TEXTS, *VALUES, "- a", "a: b", "a #b", "a#b", "x:", "[a, b", "{a: b, a: c}", "<<"])
def test_every_sort_of_value(text: str) -> None:
    for written in (f"spec: {text}\n", f"spec:\n  - {text}\n", f"spec: [{text}]\n", f"spec: {{a: {text}}}\n"):
        same(HEAD + written)
    same(f"{HEAD}{text}: 1\nspec: {{}}\n")


trees = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(TEXTS), st.text(LETTERS, max_size=12), st.text(max_size=6),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(TEXTS), st.text(LETTERS, max_size=6)), inner, max_size=4),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=int(os.environ.get("GGREC_EXAMPLES", "60")), deadline=None)
@given(trees, st.sampled_from([None, False, True]), st.sampled_from([2, 4]))
def test_whatever_a_program_writes(tree: Any, flow: bool | None, indent: int) -> None:
    text = yaml.safe_dump({"spec": tree}, default_flow_style=flow, indent=indent, allow_unicode=True, width=1000)
    same(HEAD + text)


DECLARED = [path.read_text() for path in sorted((Path(__file__).parents[2] / "desired").rglob("*.yaml"))]
SAMPLES = [WRITTEN, *(text for text in DECLARED if PlainYaml().read(text.encode(), "a.yaml"))]


def test_whatever_a_slip_makes_of_a_file() -> None:
    """Seeded: the same slips each time (GGREC_EXAMPLES: more of them)."""
    chance = random.Random(int(os.environ.get("GGREC_SEED", "1")))
    plainly = 0
    tries = int(os.environ.get("GGREC_EXAMPLES", "60")) * 10
    for _ in range(tries):
        lines = chance.choice(SAMPLES).split("\n")[:60]
        for _ in range(chance.randint(1, 3)):
            slip(lines, chance)
        plainly += same("\n".join(lines) + "\n")
    assert plainly > tries / 10


def slip(lines: list[str], chance: random.Random) -> None:
    """One thing that goes wrong in editing."""
    at = chance.randrange(len(lines))
    line = lines[at]
    column = chance.randrange(len(line) + 1)
    match chance.randrange(7):
        case 0:
            lines[at] = line[:column] + chance.choice(LETTERS) + line[column:]
        case 1:
            lines[at] = line[:column] + line[column + 1 :]
        case 2:
            lines.insert(chance.randrange(len(lines) + 1), line)
        case 3:
            lines[at] = " " * chance.randint(1, 3) + line
        case 4:
            lines[at] = line[chance.randint(1, 3) :] if line.startswith("   ") else line
        case 5:
            lines.insert(at, chance.choice(["", "  ", "# x", "---", "...", "  # y", "- ", "a:", "  - b"]))
        case _:
            if len(lines) > 1:
                del lines[at]
