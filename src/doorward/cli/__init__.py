"""The `doorward` command. Starts fast: the list of commands is a table, and only what was asked for is imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done (or allowed), 1 denied (`check` alone), 2 an error, said on stderr."""
    try:
        from doorward.cli.door import run
    except ModuleNotFoundError as missing:
        sys.exit(_without(missing))
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def _without(missing: ModuleNotFoundError) -> int:
    """Say which extra brings the module that is missing. An error of our own is not hidden: it is raised again."""
    if (missing.name or "").partition(".")[0] == "doorward":
        raise missing
    print(f"error: the `doorward` command needs `{missing.name}`, which is not installed", file=sys.stderr)
    print('  hint: pip install "doorward[server]"', file=sys.stderr)
    return 2
