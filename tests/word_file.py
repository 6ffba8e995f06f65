"""A Word file, made here."""

import io
import zipfile

_FORMATS = "http://schemas.openxmlformats.org"
_PACKAGE = f"{_FORMATS}/package/2006"
_KIND = "application/vnd.openxmlformats"
_DOCUMENT = f"{_KIND}-officedocument.wordprocessingml.document.main+xml"
_TYPES = f"""<Types xmlns="{_PACKAGE}/content-types">
<Default Extension="rels" ContentType="{_KIND}-package.relationships+xml"/>
<Override PartName="/word/document.xml" ContentType="{_DOCUMENT}"/>
</Types>"""
_RELATIONS = f"""<Relationships xmlns="{_PACKAGE}/relationships">
<Relationship Id="r1" Target="word/document.xml"
 Type="{_FORMATS}/officeDocument/2006/relationships/officeDocument"/>
</Relationships>"""


def docx(text: str) -> bytes:
    """A Word file of one paragraph."""
    body = f"<w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body>"
    document = f'<w:document xmlns:w="{_FORMATS}/wordprocessingml/2006/main">{body}</w:document>'
    parts = {"[Content_Types].xml": _TYPES, "_rels/.rels": _RELATIONS, "word/document.xml": document}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return written.getvalue()
