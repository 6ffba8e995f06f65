"""Texts of LibreOffice, made here part by part."""

import io
import zipfile

_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in {
        "office": "office",
        "text": "text",
        "table": "table",
        "style": "style",
        "draw": "drawing",
        "svg": "svg-compatible",
        "presentation": "presentation",
    }.items()
)
_TITLE = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def odt(
    body: str, *, styles: str = "", named_styles: str = "", title: str = "", **more: str | bytes
) -> bytes:
    """A text.

    Args:
        body: its paragraphs.
        styles: those that only it uses.
        named_styles: the others.
        title: that it says it has.
        more: parts by their names.
    """
    content = (
        f"<office:document-content {_NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    parts: dict[str, str | bytes] = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": content,
        "styles.xml": f"<office:document-styles {_NAMES}><office:styles>{named_styles}</office:styles>"
        "</office:document-styles>",
        "meta.xml": f"<office:document-meta {_NAMES} {_TITLE}><office:meta><dc:title>{title}</dc:title>"
        "</office:meta></office:document-meta>",
        "META-INF/manifest.xml": "<manifest/>",
        **more,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def odp(body: str, **options: str) -> bytes:
    """Slides, as `odt`."""
    text, slides = (f"<office:{kind}>{body}</office:{kind}>" for kind in ("text", "presentation"))
    content = zipfile.ZipFile(io.BytesIO(odt(body, **options))).read("content.xml").decode()
    return odt("", **options, **{"content.xml": content.replace(text, slides)})


def box(text: str, *, top: float = 0, left: float = 0, kind: str = "") -> str:
    """A box on a slide with this paragraph."""
    said = f'presentation:class="{kind}" svg:y="{top}cm" svg:x="{left}cm"'
    return f"<draw:frame {said}><draw:text-box>{paragraph(text)}</draw:text-box></draw:frame>"


def paragraph(text: str, style: str = "") -> str:
    """A paragraph."""
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def style(name: str, *, parent: str = "", shows: str = "") -> str:
    """A style; `none` of what it shows hides what has it."""
    display = f' text:display="{shows}"' if shows else ""
    return (
        f'<style:style style:name="{name}" style:parent-style-name="{parent}">'
        f"<style:text-properties{display}/></style:style>"
    )
