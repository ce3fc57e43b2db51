"""The security MUSTs: read from the sources, the tests and every `spec.toml`, and held against each other.

`python tools/spec.py` writes docs/conformance.md; with `--check` it fails if that is stale or a MUST has come apart:
a marked line without an entry or a test, an entry called met without a marked line, a test of an id nobody claims.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATUSES = ("met", "refused", "planned")
PAGE = ROOT / "docs" / "conformance.md"
ID = re.compile(r"(?:rfc\d+|oidc-[a-z-]+|nist-800-63b|openid-[a-z-]+)#[A-Za-z0-9.\-]+")
COMMENT = re.compile(rf"#\s+((?:{ID.pattern}[\s,]*)+)")


@dataclass
class Must:
    """One MUST: where it is claimed, enforced and proven."""

    id: str
    level: str = ""
    text: str = ""
    status: str = ""
    reason: str = ""
    home: str = ""
    lines: list[tuple[Path, int]] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)


def marked_lines(source: Path) -> list[tuple[int, str]]:
    """(line number from 1, id) of every line that enforces a MUST."""
    found = []
    for number, line in enumerate(source.read_text().splitlines(), 1):
        if match := COMMENT.search(line):
            found += [(number, id) for id in ID.findall(match[1]) if line.split("#", 1)[0].strip()]
    return found


def spec_marks(source: Path) -> list[str]:
    """Every id that a `@pytest.mark.spec("…")` or a `pytest.param(…, marks=…spec("…"))` in this file names."""
    return [
        argument.value
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "spec"
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]


def gather() -> dict[str, Must]:
    """Every id, from wherever it is named."""
    musts: dict[str, Must] = defaultdict(lambda: Must(""))
    for toml in sorted((ROOT / "src").rglob("spec.toml")):
        for entry in tomllib.loads(toml.read_text()).get("must", []):
            must = musts[entry["id"]]
            must.level, must.text, must.status = entry.get("level", "MUST"), entry["text"], entry["status"]
            must.reason, must.home = entry.get("reason", ""), toml.parent.relative_to(ROOT / "src/doorward").as_posix()
    for source in sorted((ROOT / "src").rglob("*.py")):
        for number, id in marked_lines(source):
            musts[id].lines.append((source.relative_to(ROOT), number))
    for test in sorted((ROOT / "tests").rglob("test_*.py")):
        for id in spec_marks(test):
            musts[id].tests.append(test.relative_to(ROOT).as_posix())
    for id, must in musts.items():
        must.id = id
    return dict(musts)


def faults(musts: dict[str, Must]) -> list[str]:
    """What has come apart, one sentence each."""
    out = []
    for must in musts.values():
        where = f"{must.lines[0][0]}:{must.lines[0][1]}" if must.lines else ", ".join(must.tests) or must.home
        if not must.status:
            out.append(f"{must.id} ({where}) is in no spec.toml")
        elif must.status == "met" and not must.lines:
            out.append(f"{must.id} ({must.home}) is called met, but no line carries it")
        elif must.status == "met" and not must.tests:
            out.append(f"{must.id} ({where}) is called met, but no test carries it")
        elif must.status in ("refused", "planned") and not must.reason:
            out.append(f"{must.id} ({must.home}) is {must.status} without a reason")
        elif must.status not in STATUSES:
            out.append(f"{must.id} has the status `{must.status}`: met, refused or planned")
    return sorted(out)


def natural(id: str) -> list[tuple[int, str]]:
    """Sort key: numbers as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", id)]


def page(musts: dict[str, Must]) -> str:
    """docs/conformance.md."""
    out = [
        "# Conformance",
        "",
        "The security requirements of the standards that doorward implements, in our words. *Met*: a line of the",
        "source enforces it, a test proves it, and deleting the line makes that test fail (`make mutate`). Written by",
        "`make docs`; do not edit.",
        "",
        ", ".join(f"{sum(m.status == status for m in musts.values())} {status}" for status in STATUSES) + ".",
    ]
    groups: dict[str, list[Must]] = defaultdict(list)
    for must in musts.values():
        groups[must.id.split("#")[0]].append(must)
    for standard in sorted(groups, key=natural):
        out += ["", f"## {standard}", "", "| section | level | requirement | status | where |", "|---|---|---|---|---|"]
        for must in sorted(groups[standard], key=lambda m: natural(m.id)):
            note = f": {must.reason}" if must.reason else ""
            out.append(
                f"| {must.id.split('#')[1]} | {must.level} | {must.text} | {must.status}{note} | `{must.home}` |"
            )
    return "\n".join(out) + "\n"


def main() -> int:
    musts = gather()
    broken = faults(musts)
    for fault in broken:
        print(f"spec: {fault}")
    if "--check" not in sys.argv:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page(musts))
    elif not PAGE.exists() or PAGE.read_text() != page(musts):
        broken.append("docs/conformance.md is stale: run `make docs`")
        print(f"spec: {broken[-1]}")
    print(f"spec: {len(musts)} requirements, {len(broken)} faults")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
