"""`doorward init` and `doorward secret-key`: the first things on a new machine."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from importlib import resources
from pathlib import Path

import click

from doorward.cli import console
from doorward.core.errors import Conflict, NotFound

_SUFFIX = ".tmpl"
_CACHES = ("__pycache__",)


@click.command("secret-key")
def secret_key() -> None:
    """Print a new secret key for the server: keep it in a file of mode 0600 and name that in DOORWARD_SECRET_KEY_FILE.

    It seals the signing keys in the database: without it no token can be signed, with it anybody can.
    """
    click.echo(urlsafe_b64encode(os.urandom(32)).decode().rstrip("="))


@click.command()
@click.argument("kind", metavar="fastapi")
@click.option("--directory", default=".", metavar="DIR", help="Where to write; here if left out.")
def init(kind: str, directory: str) -> None:
    """Write a small guarded application, its access.toml and a test into a directory, and say what to run.

    Nothing that is there is overwritten.
    """
    root = resources.files("doorward.cli") / "templates"
    entries = root.iterdir() if root.is_dir() else iter(())
    kinds = sorted(entry.name for entry in entries if entry.is_dir() and entry.name not in _CACHES)
    if kind not in kinds:
        raise NotFound(f"there is no template `{kind[:40]}`", hint=f"known: {', '.join(kinds)}")
    source, target = root / kind, Path(directory)
    written = [(entry, target / entry.name.removesuffix(_SUFFIX)) for entry in source.iterdir() if entry.is_file()]
    if taken := sorted(path.name for _, path in written if path.exists()):
        raise Conflict(f"`{taken[0]}` is there already", hint="run this in an empty directory, or give --directory")
    target.mkdir(parents=True, exist_ok=True)
    for entry, path in sorted(written, key=lambda pair: pair[1]):
        path.write_bytes(entry.read_bytes())
        console.say_note(f"wrote {path}")
    console.say_note(f"next: read {target / 'README.md'}")
