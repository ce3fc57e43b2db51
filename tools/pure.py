"""Demand 100 % branch coverage of what is pure: `core/` and every `rules.py`. Reads what `coverage run` left behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PURE = "src/doorward/core/*,src/doorward/*/rules.py,src/doorward/*/*/rules.py"


def coverage(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=ROOT, check=False).returncode


def main() -> int:
    if any(ROOT.glob(".coverage.*")) and (failed := coverage("combine", "--quiet")):
        return failed
    return coverage("report", f"--include={PURE}", "--fail-under=100", "--skip-covered", "--precision=2")


if __name__ == "__main__":
    sys.exit(main())
