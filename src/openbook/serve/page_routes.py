"""The page at `/`: its files, which hold nothing of the books, and what it has to know of the server.

A browser runs no script on it but its own, lets it ask this server alone, and shows it in nobody's frame.
Texts of books and models are only ever put into it as text.
"""

from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from openbook.errors import OpenbookError
from openbook.serve.api_errors import ApiError, documented
from openbook.serve.books import Book
from openbook.serve.server_state import state_of
from openbook.serve.uploaded_files import readable_kinds

router = APIRouter()

_FOLDER = Path(__file__).parent / "page"
_INDEX = "index.html"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Said here, for machines whose own list of kinds says something else of .js."""
_NAMES = frozenset(path.name for path in _FOLDER.iterdir() if path.suffix in _KINDS)

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    # No text becomes markup, not even by a mistake of ours: the browser refuses innerHTML and its like.
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
}
_HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # A browser asks each time whether the file has changed, as it does with a new version of openbook.
    "Cache-Control": "no-cache",
}
_FILES = StaticFiles(directory=_FOLDER)


class PageFacts(BaseModel):
    """What the page shows, and which of its controls."""

    model: str
    books: list[str]
    """Names, the one first that is read where none is chosen."""
    by_meaning: list[str]
    """Those of them that can be searched by meaning, too, for they have vectors."""
    edits: bool
    """Whether documents may be added, replaced and removed."""
    kinds: list[str]
    """Of files that can be read here, by the ends of their names."""


@router.get("/page/about", responses=documented())
def about(request: Request) -> PageFacts:
    """Tell the page what is served."""
    state = state_of(request)
    return PageFacts(
        model=state.model_name,
        books=state.books.names,
        by_meaning=[name for name in state.books.names if _has_vectors(state.books.get(name))],
        edits=state.settings.allow_edits,
        kinds=readable_kinds(),
    )


def _has_vectors(book: Book) -> bool:
    """Whether it has; of one that cannot be read now that is not known, and the search itself will say."""
    try:
        return book.newest().vectors is not None
    except OpenbookError:
        return True


@router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
async def index(request: Request) -> Response:
    """The page."""
    return await _answer(_INDEX, request)


@router.api_route("/page/{name}", methods=["GET", "HEAD"], include_in_schema=False)
async def file(name: str, request: Request) -> Response:
    """One of its files."""
    if name not in _NAMES:
        raise ApiError(404, f"the page has no file {name!r:.80}", code="not_found")
    return await _answer(name, request)


async def _answer(name: str, request: Request) -> Response:
    response = await _FILES.get_response(name, request.scope)
    response.headers.update({**_HEADERS, "Content-Type": _KINDS[Path(name).suffix]})
    return response
