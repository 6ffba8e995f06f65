"""From what is to be looked up to what fetches it: of a text's chunks, of a question, beside it of a memory.

lookup has        the model reads chunks as stored    it reads its neighbors itself
no question       NeighborFetcher                     TextFetcher
a question        QuestionFetcher                     QuestionFetcher
a memory          MemoryFetcher around that, or alone
"""

from openbook.errors import SettingsError
from openbook.generation.memory_fetcher import MemoryFetcher
from openbook.generation.neighbor_fetcher import NeighborFetcher, check_lookup, require_match
from openbook.generation.question_fetcher import QuestionFetcher
from openbook.generation.text_fetcher import TextFetcher
from openbook.generation.text_request import Lookup
from openbook.model import RetroForCausalLM
from openbook.text import Tokenizer


def make_fetcher(model: RetroForCausalLM, tokenizer: Tokenizer, lookup: Lookup) -> NeighborFetcher:
    """Make what fetches neighbors for a model.

    Args:
        model: one that reads its neighbors itself reads any book; others need one with their tokens.
        tokenizer: the model's.
        lookup: in a book, a memory, or both.

    Raises:
        SettingsError: k below 1, a mode that the book does not have, or a model that cannot read neighbors.
        MismatchError: model and book do not belong together.
        DatabaseError: there is nothing to retrieve.
    """
    book = _book_fetcher(model, tokenizer, lookup) if lookup.in_book else None
    if lookup.memory is None:
        assert book is not None, "a look-up in neither a book nor a memory"
        return book
    if not model.config.cca_layers:
        raise SettingsError(
            "this model was built without chunked cross-attention, it cannot read a memory; give none"
        )
    return MemoryFetcher(lookup.memory, lookup.k or model.config.num_neighbors, book, lookup.question)


def _book_fetcher(model: RetroForCausalLM, tokenizer: Tokenizer, lookup: Lookup) -> NeighborFetcher:
    if not model.reads_itself:
        require_match(model, lookup.book)
        if not model.config.cca_layers:
            raise SettingsError("this model was built without chunked cross-attention; switch retrieval off")
    if lookup.question is not None:
        return QuestionFetcher.of(model, tokenizer, lookup)
    mode = check_lookup(lookup.book, k=lookup.k, mode=lookup.mode)
    k = lookup.k or model.config.num_neighbors
    if not model.reads_itself:
        return NeighborFetcher(lookup.book, k, mode, lookup.documents, lookup.ranker)
    return TextFetcher(
        lookup.book,
        k,
        mode,
        tokenizer=tokenizer,
        chunk_size=model.config.chunk_size,
        documents=lookup.documents,
        ranker=lookup.ranker,
    )
