"""Write docs/security-tests.md from the report that `make security` leaves behind (`.security-report.txt`)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLASSES = {
    1: "JSON Web Tokens: algorithm and type confusion, `none`, `crit`, embedded keys, `kid` injection, truncation",
    2: "redirect_uri and open redirects, on every error branch",
    3: "one-time use: authorization codes redeemed in parallel, after a restart and after kill -9",
    4: "PKCE and what a code is bound to",
    5: "telling whether an account exists, by content, status, work or time",
    6: "guessing passwords and API keys, in parallel and across a restart",
    9: "fixation; logout, revocation, password change, disabling, deletion, role removal",
    10: "CSRF, clickjacking, login CSRF, consent",
    11: "script, template and header injection, in a real browser with the shipped CSP",
    17: "poisoned Host and forwarding headers",
    22: "crash: kill -9 at any place of a write",
    24: "audit: whole, tamper-evident, without secrets",
    28: "a key that outlives its owner's rights",
    29: "restore of an old backup beside live credentials",
    30: "a refusal that loses its bookkeeping",
}
LINE = re.compile(r"^\s*(\d+)\s+(.+?): (\d+) tried, (\d+) let through(?: \(95 % bound ([\d.e+-]+)\))?; planted: (.*)$")
TABLE = "| what | tried | let through | bound | planted weakness |"
HEAD = """# Security tests

The classes of bug that broke products of this field, and what was tried against doorward. Each test says three figures:
how many inputs it tried, how many were let through (none; the bound is the 95 % upper limit of the rate), and after how
many a weakness planted on purpose was caught, which proves that the test can fail. Routes, forms and operations are
enumerated from the application, so a new one is covered the day it is made.

`make test` runs a slice of each, `make security` all of it (twenty minutes on two cores). These are the figures of a
full run, written by `python tools/figures.py`.
"""


def main() -> int:
    report = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / ".security-report.txt"
    rows = sorted({(int(m[1]), *m.groups()[1:]) for line in report.read_text().splitlines() if (m := LINE.match(line))})
    out = [HEAD]
    for number, title in CLASSES.items():
        found = [row for row in rows if row[0] == number]
        if not found:
            continue
        out += [
            f"## {number}. {title}",
            "",
            "| what | tried | let through | bound | planted weakness |",
            "|---|---|---|---|---|",
        ]
        for _, name, tried, through, bound, planted in found:
            out.append(f"| {name} | {int(tried):,} | {through} | {bound or ''} | {planted} |")
        out.append("")
    (ROOT / "docs" / "security-tests.md").write_text("\n".join(out))
    print(f"figures: {len(rows)} rows; without any: {sorted(set(CLASSES) - {row[0] for row in rows}) or 'none'}")
    return not rows


if __name__ == "__main__":
    sys.exit(main())
