"""`doorward apply`: make permissions and roles equal to access.toml, saying first what that changes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from doorward.cli import console
from doorward.cli.place import Place, options, work
from doorward.core.principal import Principal
from doorward.ports import World

if TYPE_CHECKING:
    from doorward.domain.roles.planning import Plan


@click.command()
@click.argument("file", default="access.toml", metavar="[FILE]")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--resource", metavar="URI", help="The API that the permissions belong to  [env: DOORWARD_RESOURCE]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options
def apply(place: Place, file: str, dry_run: bool, resource: str | None, as_json: bool) -> None:
    """Make permissions, roles and model equal to access.toml.

    Only what came from the file is changed or removed; roles made at run time are left alone.
    """
    from doorward.domain.roles import flow
    from doorward.domain.roles.access_file import read_access_file

    wanted = read_access_file(Path(file))

    async def task(world: World, principal: Principal) -> Plan:
        return await flow.plan(world, wanted) if dry_run else await flow.apply(world, wanted)

    plan = work(place, task, creates=not dry_run, resource=resource)
    said = {"dry_run": dry_run, "changes": plan.items}
    heading = "would change:\n" if dry_run and plan else ""
    console.show(said, as_json=as_json, render=lambda _: heading + plan.text())
