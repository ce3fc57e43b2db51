"""Commands made from the operations of the house: one declaration is the HTTP call, its description and the command."""

from __future__ import annotations

from typing import Any

import click

from doorward.cli import console
from doorward.cli.commands import Command
from doorward.cli.fields import fields_of, parameters, request_from
from doorward.cli.place import Place, work
from doorward.cli.place import parameters as place_parameters
from doorward.core.principal import Principal
from doorward.feature import House, collect
from doorward.features import FEATURES
from doorward.ports import World
from doorward.web.route import Operation

_READING = ("GET",)


def noun(entry: Command, house: House | None = None) -> click.Command:
    """The command of this name: a group of the operations called `name verb`, or the one called `name` alone."""
    house = house or collect(FEATURES)
    mine = [operation for operation in house.operations if operation.command.split(" ")[0] == entry.name]
    if len(mine) == 1 and mine[0].command == entry.name:
        return verb(mine[0], entry.name)
    group = click.Group(entry.name, help=entry.help)
    for operation in mine:
        group.add_command(verb(operation, operation.command.partition(" ")[2]))
    return group


def verb(operation: Operation[Any, Any], name: str) -> click.Command:
    """The command of one operation."""
    fields = fields_of(operation.request)

    def run(data: str | None, database_url: str | None, as_json: bool, **values: Any) -> None:
        request = request_from(operation.request, fields, values)

        async def task(world: World, principal: Principal) -> Any:
            return await operation.run(world, principal, request)

        creates = operation.method not in _READING
        console.show(work(Place(data, database_url), task, creates=creates), as_json=as_json, render=operation.render)

    return click.Command(
        name,
        callback=run,
        help=operation.summary,
        short_help=operation.summary,
        params=[
            *parameters(fields, operation.arguments),
            click.Option(["--json", "as_json"], is_flag=True, help="Print JSON."),
            *place_parameters(),
        ],
    )
