"""How big files, functions and folders may be: a file splits at 450 lines, a folder at ten files.

Fails on what is over, and on names that say nothing. Prints what is worth a second look.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPLIT, LOOK, FUNCTION, FOLDER = 450, 300, 60, 10
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base"}
SPINE = {"__init__.py", "README.md", "spec.toml", "py.typed"}
ROOMS = {"doorward", "domain", "features"}  # their content is rooms, counted by the import contracts


def main() -> int:
    faults, looks = [], []
    for source in sorted((ROOT / "src").rglob("*.py")):
        text, name = source.read_text(), source.relative_to(ROOT).as_posix()
        lines = text.count("\n")
        if lines > SPLIT:
            faults.append(f"{name} has {lines} lines: split it")
        elif lines > LOOK:
            looks.append(f"{name} has {lines} lines")
        if source.stem in EMPTY_NAMES:
            faults.append(f"{name}: a name that says nothing")
        tree = ast.parse(text)
        if text.strip() and not ast.get_docstring(tree):
            faults.append(f"{name} does not say what it is for")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION:
                    looks.append(f"{name}:{node.lineno} {node.name} has {length} lines")
    for folder in sorted({path.parent for path in (ROOT / "src").rglob("*.py")}):
        files = [path for path in folder.iterdir() if path.is_file() and path.name not in SPINE]
        if len(files) > FOLDER and folder.name not in ROOMS:
            faults.append(f"{folder.relative_to(ROOT)} holds {len(files)} files: at most {FOLDER}")
    for look in looks:
        print(f"sizes: worth a look: {look}")
    for fault in faults:
        print(f"sizes: {fault}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
