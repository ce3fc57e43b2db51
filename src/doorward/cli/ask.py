"""`doorward check` and `doorward pipeline`: what would be decided, and by which steps a person gets a token."""

from __future__ import annotations

from typing import Any

import click

from doorward.cli import console
from doorward.cli.fields import Field, secret_from, secret_options
from doorward.cli.place import Place, options, work
from doorward.core.decision import Decision, Deny, Step
from doorward.core.errors import DoorwardError, Invalid
from doorward.core.principal import Principal
from doorward.ports import World

ALLOWED, DENIED = 0, 1

_TOKEN = Field("token", "secret", required=False, option="token")
_API_KEY = Field("api_key", "secret", required=False, option="api-key")


@click.command(params=[*secret_options(_TOKEN), *secret_options(_API_KEY)])
@click.argument("question", nargs=-1, required=True, metavar="SUBJECT PERMISSION [OBJECT]")
@click.option("--org", "organization", metavar="ID", help="Ask in this organization.")
@click.option("--scope", multiple=True, help="Ask as a token that carries only this; once for each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options
def check(
    place: Place,
    question: tuple[str, ...],
    organization: str | None,
    scope: tuple[str, ...],
    as_json: bool,
    **values: Any,
) -> int:
    """May they do this, to this?

    \b
      doorward check ann invoice:read invoice:2
      doorward check ann invoice:create --org acme
      doorward check --token-stdin invoice:read invoice:2

    Assumes a first-party session, unless --scope narrows it or a credential is given, which then says who asks.
    Exits 0 for yes, 1 for no, 2 for an error.
    """
    token, api_key = secret_from(_TOKEN, values), secret_from(_API_KEY, values)
    credential = _one_of(token, api_key, scope)
    who, permission, object = _split(question, named=credential is None)

    async def task(world: World, principal: Principal) -> Decision:
        from doorward.domain.decisions.flow import decide

        try:
            asked = await _caller(world, who, scope, credential)
        except DoorwardError as error:
            if credential is None or error.status != 401:
                raise
            return Deny(world.new_id("dec"), error.reason, (Step(False, "credential", error.description),))  # type: ignore[arg-type]  # authenticate's reasons are of the catalogue
        return decide(world, asked, permission, object, organization)

    decision = work(place, task, creates=False)
    from doorward.features.checks.routes import answer, as_text

    console.show(answer(decision), as_json=as_json, render=as_text)
    return ALLOWED if decision else DENIED


@click.command()
def pipeline() -> None:
    """Print the steps of an authorization request, in their order."""
    from doorward.app import house
    from doorward.core.oauth.stages import describe

    click.echo(console.spelled(describe(house().steps)).rstrip("\n"))


def _one_of(token: str | None, api_key: str | None, scope: tuple[str, ...]) -> str | None:
    given = [secret for secret in (token, api_key) if secret is not None]
    if len(given) + bool(scope) > 1:
        raise Invalid("give one of --token-…, --api-key-… and --scope", reason="check.credential")
    if token is not None and token.startswith("dw_"):
        raise Invalid("this is an API key", hint="give it with --api-key-stdin or --api-key-file")
    return given[0] if given else None


def _split(question: tuple[str, ...], *, named: bool) -> tuple[str, str, str | None]:
    """Subject, permission, object. A credential says who asks, so then the subject is left out."""
    words = question if named else ("", *question)
    if len(words) not in (2, 3):
        usage = "doorward check SUBJECT PERMISSION [OBJECT]" if named else "doorward check PERMISSION [OBJECT]"
        raise Invalid("that is not a question", reason="check.usage", hint=usage)
    return words[0], words[1], words[2] if len(words) == 3 else None


async def _caller(world: World, who: str, scope: tuple[str, ...], credential: str | None) -> Principal:
    from doorward.domain.accounts.reads import subject
    from doorward.domain.decisions.authenticate import authenticate
    from doorward.domain.tokens.flow import verify_access_token
    from doorward.features.checks.routes import asked_as

    if credential is None:
        return asked_as((await subject(world, who)).subject, scope or None)
    if credential.startswith("dw_"):
        return await authenticate(world, credential, audience=None)
    token = await verify_access_token(world, credential)  # whatever API it is for: the question is what it carries
    return await authenticate(world, credential, audience=token.audience[0])
