"""What people give in place of what is expected, answered with one sentence: what it is, and what to do.

It loads no torch, and knows models and databases by what they have.
"""

from typing import Protocol, SupportsIndex, TypeVar

from openbook.errors import type_error

V_co = TypeVar("V_co", covariant=True)


class Openable(Protocol[V_co]):
    """A `Database` or a `Version`."""

    @property
    def opened(self) -> V_co:
        """The `Version` that it reads."""


def opened(database: Openable[V_co], *, where: str = "database") -> V_co:
    """The version that a database reads, or the version itself.

    Args:
        database: what was given as one.
        where: how the error begins: the argument's name.

    Raises:
        TypeError: it is neither, such as a path.
    """
    found: V_co | None = getattr(database, "opened", None)
    if found is None:
        raise type_error(database, "a Database", where=where, remedy="give openbook.Database.open(folder)")
    return found


def require_whole(number: object, *, where: str) -> None:
    """Refuse what is no whole number, such as "3", 1.5 or True.

    Raises:
        TypeError: naming the argument.
    """
    if isinstance(number, bool) or not isinstance(number, SupportsIndex):
        raise type_error(number, "an int", where=where, remedy="give a whole number")


def require_reader(model: object) -> None:
    """Refuse what is no model that reads neighbors.

    Raises:
        TypeError: saying how to make it one, or to load one.
    """
    config = getattr(model, "config", None)
    if hasattr(config, "tokenizer_fingerprint"):
        return
    if hasattr(config, "model_type"):
        raise TypeError(
            f"model: a {type(model).__name__} reads no neighbors; openbook.retrofit(model) makes it one that "
            "does"
        )
    remedy = "give openbook.RetroForCausalLM.from_pretrained(folder)"
    raise type_error(model, "a RetroForCausalLM", where="model", remedy=remedy)
