"""Whether a database is in the tokens of the model that is to be retrofitted. This file needs no torch."""

from openbook.database import Version
from openbook.errors import MismatchError, SettingsError
from openbook.phrases import command
from openbook.pretrained import how_to_install, is_here, reason_of
from openbook.text import load_tokenizer


def require_tokenizer(base: str, database: Version) -> None:
    """Refuse a database that was tokenized for another model.

    Args:
        base: a folder or hub name that has a tokenizer.
        database: to compare with.

    Raises:
        MismatchError: saying both, and what to do.
        SettingsError: there is no such base, or it has no tokenizer.
    """
    try:
        theirs = load_tokenizer(base).fingerprint
    except SettingsError as error:
        if not is_here(base):
            reason = reason_of(error.__cause__) if isinstance(error.__cause__, Exception) else str(error)
            raise SettingsError(
                f"base {base!r}: there is no such folder, and no tokenizer of that name on the hub "
                f"({reason}); check how it is written{how_to_install(base)}"
            ) from error
        said = error.without_option  # a base's tokenizer is its own: none is trained for it
        raise SettingsError(
            f"{base}: its tokenizer.json is needed beside its weights; put it there ({said})"
        ) from error
    settings = database.settings
    if theirs != database.tokenizer.fingerprint:
        raise MismatchError(
            f"{database.path}: was built with tokenizer {settings.tokenizer_fingerprint} "
            f"({settings.tokenizer}), the base {base} has {theirs}; derive a database for it: "
            f"{command('retokenize', database.path, '--tokenizer', base)}"
        )
