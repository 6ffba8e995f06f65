"""What the validation of a request, or of a tool's arguments, found wrong, in words.

It says which parameter, and which one was probably meant.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import UnionType
from typing import Any, Union, get_args, get_origin

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class InvalidRequest:
    """Why a request is refused."""

    status: int
    message: str
    param: str | None
    code: str


def describe_invalid(error: RequestValidationError, request: Request) -> InvalidRequest:
    """Say what is wrong with a request, by the first thing that is."""
    models = _body_models(request)
    first = _most_telling(error.errors(), models)
    place, kind = first["loc"], first["type"]
    if kind == "json_invalid":
        said = f"the body is not JSON: {first['ctx']['error']} at character {place[-1]}"
        return InvalidRequest(400, said, None, "invalid_json")
    if place == ("body",) and isinstance(error.body, bytes):
        said = "send the body as JSON, with the header Content-Type: application/json"
        return InvalidRequest(415, said, None, "unsupported_media_type")
    if kind == "missing" and place == ("body",):
        return InvalidRequest(400, "the body is missing", None, "missing_required_parameter")
    return _describe(first, models)


def describe_arguments(error: ValidationError, model: type[BaseModel]) -> str:
    """Say what is wrong with arguments that a model describes, by the first thing that is."""
    models = [model]
    # As the routes have them: an argument may be named as a part of a request is, such as query.
    errors = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
    return _describe(_most_telling(errors, models), models).message


def _describe(first: Any, models: list[type[BaseModel]]) -> InvalidRequest:
    place, kind = first["loc"], first["type"]
    param, field, owner = _found(place, models, is_unknown=kind == "extra_forbidden")
    if kind == "missing":
        return InvalidRequest(400, f"{param}: is required", param, "missing_required_parameter")
    if kind == "extra_forbidden":
        near = get_close_matches(str(place[-1]), list(owner.model_fields) if owner else [], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return InvalidRequest(400, f"{param}: unknown parameter{hint}", param, "unknown_parameter")
    advice = f" ({field.description})" if field is not None and field.description else ""
    said = first["msg"].removeprefix("Value error, ")
    return InvalidRequest(400, f"{param or 'the body'}: {said}{advice}", param, "invalid_value")


def _most_telling(errors: Sequence[Any], models: list[type[BaseModel]]) -> Any:
    """The first error; of a value that may be of several types, what is wrong with it as one that it is of.

    messages.0.content = [{"type": "image_url"}]
        as a text                 it is a list        says nothing
        as a list, 0, type        must be 'text'      is what is wrong
    """
    first = errors[0]
    place = first["loc"][:-1]
    is_of_several = _found(first["loc"], models)[0] == _found(place, models)[0]
    if not is_of_several or not first["type"].endswith("_type"):
        return first
    others = [each for each in errors if each["loc"][: len(place)] == place]
    deepest = max(others, key=lambda each: len(each["loc"]))
    return next((each for each in others if not each["type"].endswith("_type")), deepest)


def _body_models(request: Request) -> list[type[BaseModel]]:
    body = getattr(request.scope.get("route"), "body_field", None)
    return [] if body is None else list(_models(body.field_info.annotation))


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models among an annotation's alternatives and items."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    is_union = get_origin(annotation) in (Union, UnionType)
    if is_union or get_origin(annotation) is not None:
        for part in get_args(annotation):
            yield from _models(part)


def _found(
    place: tuple[int | str, ...], models: list[type[BaseModel]], *, is_unknown: bool = False
) -> tuple[str | None, FieldInfo | None, type[BaseModel] | None]:
    """The parameter at a place, its description, and the model that it is, or should be, a field of.

    A place such as `body, messages, 0, content, list[TextPart], 0, text` also names the alternatives that
    were tried; these are no part of the parameter's name. An unknown parameter's own name is the last.
    """
    rest = place[1:] if place[:1] in (("body",), ("query",), ("path",)) else place
    steps: list[str] = []
    field: FieldInfo | None = None
    owner = models[0] if models else None
    for number, step in enumerate(rest):
        holder = next((model for model in models if step in model.model_fields), None)
        if isinstance(step, str) and holder is not None:
            owner, field = holder, holder.model_fields[step]
            models = list(_models(field.annotation))
            steps.append(step)
        elif isinstance(step, int) or not steps:
            steps.append(str(step))
        elif is_unknown and number == len(rest) - 1:
            owner = models[0] if models else None
            steps.append(str(step))
    return ".".join(steps) or None, field, owner
