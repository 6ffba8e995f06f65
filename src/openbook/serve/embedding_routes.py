"""`/v1/embeddings` and `/v1/tokenize`: what a book's encoder and the model's tokenizer make of texts."""

import base64
from typing import Annotated, Literal

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Request
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from openbook.generation.conversation import conversation_ids
from openbook.serve.api_errors import ApiError, documented
from openbook.serve.asked_conversation import turn_of
from openbook.serve.asked_texts import require_model
from openbook.serve.chat_schema import ChatMessage
from openbook.serve.server_state import ServerState, state_of
from openbook.serve.text_fields import RequestBody

router = APIRouter()

_MOST = 2048
"""Texts in one request, as OpenAI has it."""


class BookChoice(RequestBody):
    """Whose encoder."""

    book: str | None = None
    """Null: the first book's."""


class EmbeddingRequest(RequestBody):
    """Texts to encode."""

    input: (
        str
        | Annotated[
            list[str],
            Field(min_length=1, max_length=_MOST, description="texts; token ids are another model's"),
        ]
    )
    model: str
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: str | None = None
    openbook: BookChoice | None = None


class Embedding(BaseModel):
    """A unit vector."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str
    """Numbers; or float32, little-endian, in base64."""


class EmbeddingUsage(BaseModel):
    """Tokens of the encoder."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(BaseModel):
    """One vector of each text."""

    object: Literal["list"]
    model: str
    data: list[Embedding]
    usage: EmbeddingUsage


class TokenizeRequest(RequestBody):
    """A text, or a conversation, to turn into the model's tokens."""

    model: str | None = None
    prompt: str | None = None
    messages: Annotated[list[ChatMessage], Field(min_length=1)] | None = None


class TokenizedText(BaseModel):
    """Tokens."""

    count: int
    max_model_len: int
    tokens: list[int]
    """Those that the model puts before every text itself stand first in a conversation."""
    token_strs: list[str]


@router.post("/v1/embeddings", responses=documented(404, 503))
async def embeddings(body: EmbeddingRequest, request: Request) -> Embeddings:
    """Encode texts as the passages of a book are."""
    return await to_thread.run_sync(_embeddings, state_of(request), body)


def _embeddings(state: ServerState, body: EmbeddingRequest) -> Embeddings:
    book = state.books.get(None if body.openbook is None else body.openbook.book)
    version = book.newest()
    known = (state.model_name, version.settings.embedder)
    if body.model not in known:
        said = (
            f"model {body.model!r:.200}: is not served here; name {state.model_name!r} or the book's encoder"
        )
        raise ApiError(404, said, param="model", code="model_not_found")
    if version.vectors is None:
        said = (
            f"the book {book.name!r} has no vectors, for it was built with --embedder none; ask for another "
            'one: "openbook": {"book": NAME}'
        )
        raise ApiError(400, said, param="openbook.book", code="no_encoder")
    size = version.vectors.shape[1]
    if body.dimensions not in (None, size):
        said = f"dimensions {body.dimensions}: the book's vectors have {size}"
        raise ApiError(400, said, param="dimensions", code="invalid_value")
    texts = [body.input] if isinstance(body.input, str) else body.input
    if any(not text.strip() for text in texts):
        raise ApiError(400, "input: a text is empty", param="input", code="invalid_value")
    vectors = version.embedder.encode(texts)
    write = _as_base64 if body.encoding_format == "base64" else _as_numbers
    count = sum(map(len, version.tokenizer.encode(texts)))
    return Embeddings(
        object="list",
        model=body.model,
        data=[
            Embedding(object="embedding", index=number, embedding=write(row))
            for number, row in enumerate(vectors)
        ],
        usage=EmbeddingUsage(prompt_tokens=count, total_tokens=count),
    )


def _as_numbers(vector: NDArray[np.float32]) -> list[float]:
    return [float(number) for number in vector]


def _as_base64(vector: NDArray[np.float32]) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


@router.post("/v1/tokenize", responses=documented(404))
async def tokenize(body: TokenizeRequest, request: Request) -> TokenizedText:
    """Turn a text into the model's tokens, or a conversation as it is put to the model."""
    return await to_thread.run_sync(_tokenized, state_of(request), body)


def _tokenized(state: ServerState, body: TokenizeRequest) -> TokenizedText:
    if body.model is not None:
        require_model(state, body.model)
    if (body.prompt is None) == (body.messages is None):
        raise ApiError(
            400, "prompt: give it or messages, and one of them", param="prompt", code="invalid_value"
        )
    tokenizer = state.chat.tokenizer
    if body.messages is not None:
        turns = [turn_of(said.role, said.text) for said in body.messages]
        ids = conversation_ids(state.model, state.chat, turns)
    else:
        ids = tokenizer.encode([body.prompt or ""])[0]
    names = [tokenizer.vocabulary_entry(token) for token in ids]
    return TokenizedText(count=len(ids), max_model_len=state.context, tokens=ids, token_strs=names)
