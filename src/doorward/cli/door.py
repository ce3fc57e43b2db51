"""The root of the command line: finds a command by name, imports it, and turns what went wrong into words."""

from __future__ import annotations

import importlib
import sys
import traceback

import click

from doorward.cli.commands import COMMANDS, SECTIONS
from doorward.cli.console import say_error
from doorward.core.errors import DoorwardError

EXIT_ERROR = 2
"""An error of any kind. 1 is a denial's."""


class Door(click.Group):
    """All commands, each imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        if not entry.place:
            from doorward.cli.generate import noun

            return noun(entry)
        module, _, name = entry.place.partition(":")
        made: click.Command = getattr(importlib.import_module(f"doorward.cli.{module}"), name)
        made.help = made.help or entry.help
        return made

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, section in SECTIONS:
            with formatter.section(title):
                formatter.write_dl([(command.name, command.help) for command in section])


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"doorward {version('doorward')}")
        ctx.exit()


door = Door(
    "doorward",
    help="The door of every API: who is calling, what they may do, and why.",
    params=[
        click.Option(
            ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version."
        )
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    no_args_is_help=False,
)


def run(arguments: list[str]) -> int:  # noqa: PLR0911 - one for each way a command ends
    """Run one command line; the exit status. Nothing escapes but KeyboardInterrupt's own meaning (130)."""
    try:
        code = door.main(arguments or ["--help"], prog_name="doorward", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.ctx.get_help() if asked.ctx else door.get_help(click.Context(door)))
        return EXIT_ERROR
    except click.ClickException as error:
        say_error(error.format_message(), _usage_hint(error))
        return EXIT_ERROR
    except DoorwardError as error:
        say_error(error.description, error.hint)
        return EXIT_ERROR
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("doorward"):
            raise
        say_error(f"this command needs `{error.name}`, which is not installed", 'pip install "doorward[server]"')
        return EXIT_ERROR
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output has gone; say nothing more
        return EXIT_ERROR
    except KeyboardInterrupt:
        return 130
    except Exception:
        traceback.print_exc()  # a defect: exit 2 all the same, since 1 means denied
        return EXIT_ERROR
    return code if isinstance(code, int) else 0


def _usage_hint(error: click.ClickException) -> str:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{error.ctx.command_path} --help"
    return ""
