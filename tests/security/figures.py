"""Three figures for each security test: inputs tried, let through, and after how many a planted weakness was caught.

They are appended to `.security-report.txt` in the working directory, begun anew by each run, and printed at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

REPORT = Path(".security-report.txt")


@dataclass
class Figures:
    """What the tests of one run reported."""

    lines: list[str] = field(default_factory=list)

    def record(self, row: int, name: str, tried: int, through: int, planted: str) -> None:
        """Report, then fail if anything was let through, or nothing was tried.

        `row` is the class of bug as `SECURITY-TESTS.md` numbers them; `planted` says which weakness was put in on
        purpose and after how many inputs it was caught.
        """
        bound = f", 95 % bound {3 / tried:.1e}" if tried and not through else ""
        line = f"{row:>2}  {name}: {tried} tried, {through} let through{bound}; planted: {planted}"
        with REPORT.open("a" if self.lines else "w", encoding="utf-8") as report:
            report.write(line + "\n")
        self.lines.append(line)
        assert tried > 0, f"{name}: nothing was tried"
        assert through == 0, line


figures = Figures()
record = figures.record
