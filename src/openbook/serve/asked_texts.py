"""From the parameters of a request to what the engine is asked to write."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from openbook.database.search.searcher import check_mode
from openbook.errors import SettingsError
from openbook.generation import Sampling
from openbook.generation.text_request import Lookup, TextRequest
from openbook.phrases import counted
from openbook.serve.api_errors import ApiError, parameter
from openbook.serve.reply import Reply
from openbook.serve.server_state import ServerState
from openbook.serve.text_fields import DrawingFields, OpenbookOptions, TextFields


@dataclass(frozen=True, slots=True)
class ReadBook:
    """What the texts of a request read."""

    lookup: Lookup | None
    book: str | None
    """As clients name it; None: nothing is read."""

    @property
    def version(self) -> int | None:
        """Of the book."""
        return None if self.lookup is None else self.lookup.book.version


@dataclass(frozen=True, slots=True)
class AskedTexts:
    """What a request asks the engine to write."""

    texts: list[TextRequest]
    reading: ReadBook
    footnotes: bool

    def reply(self) -> Reply:
        """What makes a reply of the events of one of the texts."""
        return Reply(self.reading.book, footnotes=self.footnotes, refusal=self.texts[0].refusal)


def require_model(state: ServerState, name: str) -> None:
    """Refuse a model that is not served.

    Raises:
        ApiError: 404, saying which is.
    """
    if name != state.model_name:
        said = f"model {name!r:.200}: is not served here; this server has {state.model_name!r}"
        raise ApiError(404, said, param="model", code="model_not_found")


def reading_of(
    state: ServerState, options: OpenbookOptions, question: str | None = None, *, judged: bool = False
) -> ReadBook:
    """Open what a request reads, as it is now.

    Args:
        state: with the books.
        options: of the request.
        question: what is looked up for the prompt; None: the prompt's own chunks.
        judged: whether the server's judge, if there is one, says if anything found answers the question.

    Raises:
        ParameterError: there is no such book or document, or it cannot be searched so.
        UnavailableError: it cannot be read.
    """
    with parameter("openbook.book"):
        book = state.books.get(options.book)
    if not options.retrieval:
        return ReadBook(None, None)
    newest, documents = book.newest(), None
    with parameter("openbook.mode"):
        check_mode(options.mode, has_dense=newest.vectors is not None)
    if question is None:
        _require_question(options)
    if options.filter is not None:
        with parameter("openbook.filter"):
            documents = options.filter.documents()
            newest.allowed_chunks(documents)
    lookup = Lookup(
        book=newest,
        k=options.k,
        mode=options.mode,
        documents=documents,
        question=question,
        stride=options.stride,
        look_ahead=options.look_ahead,
        by=options.by,
        bring_head=bool(options.bring_head),
        judge=state.judge if judged else None,
    )
    return ReadBook(lookup, book.name)


def _require_question(options: OpenbookOptions) -> None:
    """Refuse what only a chat's question is looked up by."""
    for name in ("by", "bring_head"):
        if getattr(options, name) is not None:
            with parameter(f"openbook.{name}"):
                raise SettingsError(f"{name}: is for chats; a completion looks up its own chunks")


def require_options(state: ServerState, options: OpenbookOptions, *, temperature: float) -> None:
    """Refuse what cannot be done beside the rest of a request.

    Args:
        state: with the model.
        options: of the request.
        temperature: that tokens are drawn with.

    Raises:
        ApiError: 400, with the parameter's name.
    """
    M = state.model.config.chunk_size
    stride = options.stride or M
    wrong = {
        f"stride: {stride} tokens, but a chunk of this model has {M}": stride > M,
        f"look_ahead: must be less than {stride}, the tokens between two look-ups": options.look_ahead
        >= stride,
        "drafts: are checked against the likeliest token; send a temperature of 0, too": options.drafts
        and temperature > 0,
    }
    for name in ("look_ahead", "drafts", "influence"):
        wrong[f"{name}: is of what is read; leave it out where retrieval is false"] = bool(
            getattr(options, name) and not options.retrieval
        )
    for said, is_so in wrong.items():
        if is_so:
            param = f"openbook.{said.partition(':')[0]}"
            raise ApiError(400, f"openbook.{said}", param=param, code="invalid_value")


def sampling_of(state: ServerState, fields: DrawingFields, *, temperature: float) -> Sampling:
    """How tokens are drawn.

    Args:
        state: with the model.
        fields: of the request.
        temperature: where the request says none.

    Raises:
        ApiError: 400, for a parameter that cannot be honored.
    """
    return Sampling(
        temperature=temperature if fields.temperature is None else fields.temperature,
        top_k=None if fields.top_k in (None, 0, -1) else fields.top_k,
        top_p=fields.top_p,
        min_p=fields.min_p,
        repetition_penalty=1.0 if fields.repetition_penalty is None else fields.repetition_penalty,
        presence_penalty=(fields.presence_penalty or 0.0) if isinstance(fields, TextFields) else 0.0,
        frequency_penalty=(fields.frequency_penalty or 0.0) if isinstance(fields, TextFields) else 0.0,
        logit_bias=_biases(state, fields.logit_bias or {}) if isinstance(fields, TextFields) else {},
    )


def _biases(state: ServerState, given: Mapping[str, float]) -> dict[int, float]:
    """Token ids and what is added to their logits; JSON has the ids as names."""
    for token in given:
        is_number = token.isascii() and token.isdecimal() and len(token) < 10
        if not is_number or int(token) >= state.model.config.vocab_size:
            said = f"logit_bias: {token!r:.40} is not the id of a token of the model"
            raise ApiError(400, said, param="logit_bias", code="invalid_value")
    return {int(token): bias for token, bias in given.items()}


def length_of(
    state: ServerState,
    prompt: int,
    asked: int | None,
    *,
    default: int,
    param: str,
    options: OpenbookOptions,
) -> int:
    """How long a text may become.

    Args:
        state: with the limits.
        prompt: its tokens.
        asked: by the request, if it says.
        default: where it does not; the room that there is, if that is less.
        param: the name of what asks.
        options: neighbors may take room, too.

    Raises:
        ApiError: 400; longer than the server allows, or than there is room for.
    """
    if asked is not None and asked > state.settings.max_tokens:
        said = f"{param} {asked}: this server writes at most {state.settings.max_tokens}"
        raise ApiError(400, said, param=param, code="invalid_value")
    context = state.context_with((options.k or state.model.config.num_neighbors) if options.retrieval else 0)
    room = context - prompt + 1
    wanted = min(default, state.settings.max_tokens, max(room, 1)) if asked is None else asked
    if wanted > room:
        raise ApiError(
            400,
            f"the model's context has {context} tokens, the prompt has {prompt}, and {wanted} are to "
            "be written; shorten the prompt, or ask for fewer",
            param=param if room > 0 else None,
            code="context_length_exceeded",
        )
    return wanted


def shortest_of(asked: int | None, longest: int) -> int:
    """The tokens before which a text does not end, as a request gives them.

    Raises:
        ApiError: 400; more than may be written.
    """
    if asked is not None and asked > longest:
        said = f"min_tokens {asked}: at most {longest} tokens are to be written"
        raise ApiError(400, said, param="min_tokens", code="invalid_value")
    return asked or 0


def text_requests(request: TextRequest, n: int) -> list[TextRequest]:
    """The same text n times; where its draws have a seed, each has the next one."""
    if request.seed is None:
        return [request] * n
    return [replace(request, seed=request.seed + number) for number in range(n)]


def require_few_texts(state: ServerState, count: int, *, param: str) -> None:
    """Refuse a request for too many texts.

    Raises:
        ApiError: 400.
    """
    if count > state.settings.max_texts:
        said = f"{counted(count, 'text')} in one request: at most {state.settings.max_texts} are written"
        raise ApiError(400, said, param=param, code="invalid_value")


def stops_of(stop: str | list[str] | None) -> tuple[str, ...]:
    """What ends a text, as a request gives it."""
    if stop is None:
        return ()
    return (stop,) if isinstance(stop, str) else tuple(stop)
