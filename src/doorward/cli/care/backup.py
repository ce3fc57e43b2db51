"""`doorward backup` and `doorward restore`."""

from __future__ import annotations

from pathlib import Path

import click

from doorward.cli import console
from doorward.cli.place import Place, options


@click.command()
@click.argument("target", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options
def backup(place: Place, target: str, as_json: bool) -> None:
    """Copy the database into a new file while it is in use.

    The server's secret key is not in it; keep that elsewhere: without it the signing keys in the copy cannot be opened.
    """
    from doorward import app

    app.backup(place.settings(), Path(target))
    size = Path(target).stat().st_size
    console.show({"file": target, "bytes": size}, as_json=as_json, render=lambda _: f"wrote {target}, {size:,} bytes")


@click.command()
@click.argument("source", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options
def restore(place: Place, source: str, as_json: bool) -> None:
    """Put a backup in the place of the database; the server must be stopped.

    Sessions, tokens and codes of before are void: everyone signs in again. Users, keys and assignments that were taken
    away after the backup was made come back with it: look through them.
    """
    from doorward import app

    settings = place.settings()
    app.restore(settings, Path(source))
    path = app.database_path(settings)
    text = f"restored {path}\neveryone signs in again; what was taken away since the backup is back: look through it"
    console.show({"file": str(path)}, as_json=as_json, render=lambda _: text)
