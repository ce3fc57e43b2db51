"""The operations on the model: what relations there are, and how one follows from others."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from doorward.core.errors import NotFound
from doorward.core.instant import to_text
from doorward.core.principal import Principal
from doorward.domain.relations import flow, reads
from doorward.domain.relations.records import ModelVersion
from doorward.ports import World
from doorward.web.route import Operation

_PATH = "/api/v1/model"


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the model. `managed`: it came with access.toml and changes only with it."""

    id: str
    created: str
    managed: bool
    dsl: str


class ModelVersionView(msgspec.Struct, frozen=True, kw_only=True):
    """A version of the model without its text."""

    id: str
    created: str
    managed: bool


class ModelVersions(msgspec.Struct, frozen=True, kw_only=True):
    """The newest versions; the first is in force."""

    items: list[ModelVersionView]


class ShowModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The model in force."""


class ListModels(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many versions."""

    limit: Annotated[int, Meta(ge=1, le=500)] = 20


class WriteModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model in the modelling language."""

    dsl: Annotated[str, Meta(description="The model's text.", extra={"file": True})]


def view(version: ModelVersion) -> ModelView:
    """The version as it is sent."""
    return ModelView(id=version.id, created=to_text(version.created), managed=version.managed, dsl=version.dsl)


async def show_model(world: World, principal: Principal, request: ShowModel) -> ModelView:
    """The model in force. NotFound when none was written."""
    version = await reads.current_model(world)
    if version is None:
        raise NotFound("there is no model yet", reason="model.missing", hint="doorward model write model.fga")
    return view(version)


async def list_models(world: World, principal: Principal, request: ListModels) -> ModelVersions:
    """The newest versions."""
    some = await reads.models(world, limit=request.limit)
    return ModelVersions(
        items=[ModelVersionView(id=one.id, created=to_text(one.created), managed=one.managed) for one in some]
    )


async def write_model(world: World, principal: Principal, request: WriteModel) -> ModelView:
    """Make this the model in force, as a new version. The same text again changes nothing."""
    return view(await flow.write_model(world, request.dsl))


OPERATIONS: tuple[Operation[Any, Any], ...] = (
    Operation(
        "show_model", "GET", _PATH, "Show the model in force.", "dw_model:read", ShowModel, ModelView, show_model,
        "model show", render=lambda reply: reply.dsl.rstrip("\n"),
    ),
    Operation(
        "list_models", "GET", _PATH + "/versions", "List versions of the model.", "dw_model:list", ListModels,
        ModelVersions, list_models, "model list",
    ),
    Operation(
        "write_model", "PUT", _PATH, "Make this text the model in force.", "dw_model:write", WriteModel, ModelView,
        write_model, "model write", ("dsl",), render=lambda reply: f"{reply.id} is in force",
    ),
)  # fmt: skip
