"""The data directory of `doorward dev`: marked as one, readable by nobody else, with a key and what to paste."""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doorward.cli.place import DATABASE, DEV_FILE, DEV_MARKER, KEY_FILE, read_json, read_text
from doorward.core.errors import Misconfigured

_MARK = "Made by `doorward dev`: passwords and keys in here are known. `doorward serve` refuses this directory.\n"


def prepare(directory: Path) -> str:
    """Make the directory (0700) with its marker and secret key (0600) where they are missing; the key.

    Raises Misconfigured for a directory that holds a database which `dev` did not make: demo data do not belong there.
    """
    if (directory / DATABASE).exists() and not (directory / DEV_MARKER).exists():
        raise Misconfigured(
            f"`{directory}` holds a database that `doorward dev` did not make",
            reason="data.not_dev",
            hint="give another --data directory",
        )
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    directory.chmod(0o700)
    if not (directory / DEV_MARKER).exists():
        write(directory / DEV_MARKER, _MARK)
        write(directory / ".gitignore", "*\n")
    if not (directory / KEY_FILE).exists():
        write(directory / KEY_FILE, urlsafe_b64encode(os.urandom(32)).decode().rstrip("=") + "\n")
    return read_text(directory / KEY_FILE)


def kept(directory: Path) -> dict[str, Any]:
    """What dev.json says; empty before the first start."""
    return read_json(directory / DEV_FILE)


def keep(directory: Path, said: Mapping[str, Any]) -> None:
    """Write dev.json anew."""
    write(directory / DEV_FILE, json.dumps(said, indent=2, ensure_ascii=False) + "\n")


def write(path: Path, text: str) -> None:
    """Write a file of mode 0600, all of it or none: aside, then renamed."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(aside, path)
