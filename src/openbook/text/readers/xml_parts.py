"""XML that a file brings: its entities might be huge or lead elsewhere, so there are none."""


def require_no_entities(part: bytes) -> None:
    """Refuse XML that declares entities, before it is parsed.

    Raises:
        ValueError: it does.
        xml.parsers.expat.ExpatError: it is damaged.
    """
    from xml.parsers import expat

    checked = expat.ParserCreate()
    checked.EntityDeclHandler = _refuse
    checked.Parse(part, True)


def _refuse(name: str, *_: object) -> None:
    raise ValueError(f"its XML declares the entity {name!r}, which is not read")
