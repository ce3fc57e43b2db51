"""Every command with its one line of help, said statically so that `--help` imports nothing else.

A command is either made from the operations of the house (no place named) or written by hand, at `module:function`.
A test proves that the table and the house agree.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One word after `doorward`. `place` is where it is written by hand; empty: made from operations."""

    name: str
    help: str
    place: str = ""


SECTIONS: tuple[tuple[str, tuple[Command, ...]], ...] = (
    (
        "Start",
        (
            Command("dev", "Run a server with demo data and a demo API on this machine.", "server.dev:dev"),
            Command("serve", "Run the server.", "server.serve:serve"),
            Command("init", "Write a small guarded application into this directory.", "start:init"),
            Command("secret-key", "Print a new secret key for the server.", "start:secret_key"),
        ),
    ),
    (
        "Ask",
        (
            Command("check", "May they do this, to this? Exits 0 for yes, 1 for no.", "ask:check"),
            Command("why", "Show a decision that was recorded."),
            Command("audit", "What was done, by whom."),
        ),
    ),
    (
        "People and programs",
        (
            Command("user", "People who sign in."),
            Command("service-account", "Programs that act as themselves."),
            Command("client", "Applications that sign people in or ask for tokens."),
            Command("api-key", "Long-lived keys of a user or a service account."),
            Command("session", "Signed-in browsers."),
            Command("organization", "Organizations and their members."),
            Command("group", "Groups and their members."),
        ),
    ),
    (
        "Access",
        (
            Command("apply", "Make permissions and roles equal to access.toml.", "access:apply"),
            Command("role", "Named sets of permissions."),
            Command("assign", "Give a role: everywhere, in an organization or on an object."),
            Command("unassign", "Take a role away."),
            Command("relation", "Who is what to which object."),
            Command("model", "What relations mean."),
            Command("resource-server", "APIs and the permissions they declare."),
        ),
    ),
    (
        "Care",
        (
            Command("doctor", "Look for what is wrong or weak here.", "care.doctor:doctor"),
            Command("backup", "Copy the database while it is in use.", "care.backup:backup"),
            Command("restore", "Put a backup in place; everyone signs in again.", "care.backup:restore"),
            Command("pipeline", "Print the steps of an authorization request.", "ask:pipeline"),
        ),
    ),
)

COMMANDS: dict[str, Command] = {command.name: command for _, section in SECTIONS for command in section}
