"""Delete each line that enforces a security MUST, one at a time, and demand that a test with its id fails.

`python tools/mutate.py` tries all; `--sample 8` a random few (`--seed`, printed); `--only rfc7636` those so called.
The sources are copied, never changed in place. A condition is deleted by making it false, a statement by `pass`,
a row of a table or a term of an expression by dropping its line.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from spec import ROOT, gather

SECONDS = 240


def mutants(text: str, number: int) -> Iterator[str]:
    """Ways to delete line `number` (from 1) that still compile, the most faithful first."""
    lines = text.splitlines(keepends=True)
    line = lines[number - 1]
    indent = line[: len(line) - len(line.lstrip())]
    candidates = []
    if match := re.match(r"\s*(if|elif|while)\b", line):
        candidates.append(condition_false(lines, number, match[1]))
    candidates.append(statement_gone(text, lines, number, indent))
    candidates.append("".join([*lines[: number - 1], *lines[number:]]))
    for candidate in candidates:
        if candidate is not None and candidate != text and compiles(candidate):
            yield candidate


def compiles(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def condition_false(lines: list[str], number: int, word: str) -> str | None:
    """The `if` beginning on this line with a condition that never holds."""
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.If | ast.While) and node.test.lineno <= number <= (node.test.end_lineno or 0):
            first, last = node.test.lineno - 1, (node.test.end_lineno or 0) - 1
            head = lines[first][: node.test.col_offset]
            tail = lines[last].encode()[node.test.end_col_offset :].decode()
            return "".join([*lines[:first], f"{head}False{tail}", *lines[last + 1 :]])
    return None


def statement_gone(text: str, lines: list[str], number: int, indent: str) -> str | None:
    """A simple statement that stands on this line alone, replaced by `pass`."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt) and node.lineno == number == node.end_lineno:
            return "".join([*lines[: number - 1], f"{indent}pass\n", *lines[number:]])
    return None


def survives(text: str, path: Path, tests: list[str], id: str) -> bool:
    """Whether every test with this id passes although the line is gone."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "src", Path(folder) / "src", ignore=shutil.ignore_patterns("__pycache__"))
        (Path(folder) / path).write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", f"--spec={id}", *tests]
        environment = {**os.environ, "PYTHONPATH": f"{folder}/src", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode in (0, 5)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    work = [
        (id, path, number, must.tests)
        for id, must in sorted(gather().items())
        if id.startswith(options.only)
        for path, number in must.lines
    ]
    if options.sample:
        print(f"mutate: seed {options.seed}")
        work = random.Random(options.seed).sample(work, min(options.sample, len(work)))
    verdicts: dict[str, list[str]] = defaultdict(list)
    for id, path, number, tests in work:
        text = (ROOT / path).read_text()
        mutant = next(mutants(text, number), None)
        if mutant is None:
            verdict = "cannot be deleted"
        elif not tests or survives(mutant, path, sorted(set(tests)), id):
            verdict = "SURVIVED"
        else:
            verdict = "caught"
        verdicts[verdict].append(id)
        print(f"mutate: {verdict:18} {id:28} {path}:{number}", flush=True)
    caught = len(verdicts["caught"])
    print(f"mutate: {len(work)} lines deleted in turn, {caught} caught, {len(work) - caught} not")
    return len(work) != caught or not work


if __name__ == "__main__":
    sys.exit(main())
