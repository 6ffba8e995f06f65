"""Citations as answers have them."""

from dataclasses import asdict

from openbook.database.documents.told_source import told_source
from openbook.generation.citations import Citation
from openbook.generation.question_names import unmentioned_in
from openbook.serve.asked_texts import ReadBook
from openbook.serve.citation_schema import BookAnswer, ChatAnnotation, DraftsSaved, SpanCitation, UrlCitation
from openbook.serve.reply import ReplyEnd
from openbook.serve.source_links import source_title, source_url, used_neighbors


def url_citations(citation: Citation, reading: ReadBook) -> list[UrlCitation]:
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


def chat_annotations(citation: Citation, reading: ReadBook) -> list[ChatAnnotation]:
    """The same, as chats have them."""
    found = url_citations(citation, reading)
    return [ChatAnnotation(type="url_citation", url_citation=citation) for citation in found]


def book_answer(citations: list[Citation], reading: ReadBook, end: ReplyEnd | None = None) -> BookAnswer:
    """What the key `openbook` of an answer holds.

    Args:
        citations: to tell.
        reading: what was read.
        end: of the text, where it is told; None: the text goes on.
    """
    question = None if reading.lookup is None else reading.lookup.question
    unmentioned = [] if question is None else list(unmentioned_in(question, citations))
    spans = [SpanCitation.model_validate(asdict(citation)) for citation in citations]
    for neighbor in (neighbor for span in spans for neighbor in span.neighbors):
        neighbor.source = told_source(neighbor.source, neighbor.document_id)
    about = {
        "citations": spans,
        "book": reading.book,
        "version": reading.version,
        "unmentioned": unmentioned,
    }
    if end is None:
        return BookAnswer(**about)  # type: ignore[arg-type]
    drafts = None if end.drafts is None else DraftsSaved.model_validate(end.drafts)
    return BookAnswer(**about, seed=end.seed, drafts=drafts)  # type: ignore[arg-type]
