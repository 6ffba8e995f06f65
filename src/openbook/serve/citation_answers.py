"""Citations as answers have them."""

from dataclasses import asdict

from openbook.generation.citations import Citation
from openbook.serve.asked_texts import Reading
from openbook.serve.citation_schema import BookAnswer, ChatAnnotation, SpanCitation, UrlCitation
from openbook.serve.source_links import source_title, source_url, used_neighbors


def url_citations(citation: Citation, reading: Reading) -> list[UrlCitation]:
    """The sources that a span was written from."""
    if reading.book is None:
        return []
    return [
        UrlCitation(
            url=source_url(neighbor, reading.book),
            title=source_title(neighbor),
            start_index=citation.start,
            end_index=citation.end,
        )
        for neighbor in used_neighbors(citation)
    ]


def chat_annotations(citation: Citation, reading: Reading) -> list[ChatAnnotation]:
    """The same, as chats have them."""
    found = url_citations(citation, reading)
    return [ChatAnnotation(type="url_citation", url_citation=citation) for citation in found]


def book_answer(citations: list[Citation], reading: Reading, *, seed: int | None = None) -> BookAnswer:
    """What the key `openbook` of an answer holds."""
    spans = [SpanCitation.model_validate(asdict(citation)) for citation in citations]
    return BookAnswer(citations=spans, book=reading.book, version=reading.version, seed=seed)
