"""Three figures for each security test: inputs tried, let through, and after how many a planted weakness was caught.

They are written to `.security-report.txt` in the working directory, anew by each run, and printed at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

REPORT = Path(".security-report.txt")


@dataclass
class Figures:
    """What the tests of one run reported, by class of bug and name; what is reported again under a name is added up."""

    sums: dict[tuple[int, str], tuple[int, int, str]] = field(default_factory=dict)

    def record(self, row: int, name: str, tried: int, through: int, planted: str) -> None:
        """Report, then fail if anything was let through, or nothing was tried.

        `row` is the class of bug as `SECURITY-TESTS.md` numbers them; `planted` says which weakness was put in on
        purpose and after how many inputs it was caught.
        """
        before = self.sums.get((row, name), (0, 0, ""))
        self.sums[row, name] = (before[0] + tried, before[1] + through, planted)
        REPORT.write_text("".join(line + "\n" for line in self.lines), encoding="utf-8")
        assert tried > 0, f"{name}: nothing was tried"
        assert through == 0, f"{name}: {through} of {tried} let through"

    @property
    def lines(self) -> list[str]:
        """One line for each name, in the order of the classes of bug."""
        return [
            f"{row:>2}  {name}: {tried} tried, {through} let through{_bound(tried, through)}; planted: {planted}"
            for (row, name), (tried, through, planted) in sorted(self.sums.items())
        ]


def _bound(tried: int, through: int) -> str:
    return "" if through or tried < 3 else f" (95 % bound {3 / tried:.1e})"


figures = Figures()
