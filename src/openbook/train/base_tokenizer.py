"""Whether a database is in the tokens of the model that is to be retrofitted. This file needs no torch."""

from openbook.database import Version
from openbook.errors import MismatchError, SettingsError
from openbook.phrases import command
from openbook.text.tokenizer import load_tokenizer


def require_tokenizer(base: str, database: Version) -> None:
    """Refuse a database that was tokenized for another model.

    Args:
        base: a folder or hub name that has a tokenizer.
        database: to compare with.

    Raises:
        MismatchError: saying both, and what to do.
        SettingsError: the base has no tokenizer.
    """
    try:
        theirs = load_tokenizer(base).fingerprint
    except SettingsError as error:
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
