"""Finding a tokenizer: in a folder, in a file, on the hub, in a .gguf."""

import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer as FastTokenizer

from openbook.errors import SettingsError
from openbook.pretrained import gguf_file, how_to_install, is_here, is_hub_out_of_reach, reason_of, snapshot
from openbook.text.gguf_tokenizer import read_gguf_tokenizer
from openbook.text.tokenizer import END_OF_TEXT, Tokenizer

_END_NAMES = (END_OF_TEXT, "</s>", "<|end_of_text|>", "[SEP]")
_NAME_THE_END = ("tokenizer_config.json", "special_tokens_map.json")
_NUMBER_THE_END = ("generation_config.json", "config.json")
_TEMPLATE = "chat_template.jinja"
_RESTORE = "restore the file, or give another tokenizer"


def load_tokenizer(name: str) -> Tokenizer:
    """Load a tokenizer from a folder or file, or by its name from the model hub or its local cache.

    The file is a tokenizer.json or a model's .gguf; one model's tokenizer comes from a package, where neither
    the hub nor its cache has it, see `openbook.pretrained`.

    Raises:
        SettingsError: there is none, or it has no end-of-text token.
    """
    path = Path(name)
    with suppress(OSError):  # too long for a path
        if (gguf := gguf_file(name)) is not None:
            state = gguf.stat()
            return _from_gguf(gguf.absolute(), name, state.st_mtime_ns, state.st_size)
        if path.is_file():
            return _from_files(path, None, name)
        if (path / "tokenizer.json").is_file():
            return _from_files(path / "tokenizer.json", path, name)
    if (folder := _downloaded(name)) is not None:
        tokenizer = _from_files(folder / "tokenizer.json", folder, name)
        tokenizer.name = name
        return tokenizer
    return _from_transformers(name)


def _downloaded(name: str) -> Path | None:
    """Where the cache of the hub has a model's tokenizer.json, fetched if need be; None: nowhere.

    It is read as a folder is, lest the two differ: some of transformers' classes make another one of it.

    Raises:
        SettingsError: it is not there, and the hub is out of reach.
    """
    wanted = ["tokenizer.json", *_NAME_THE_END, *_NUMBER_THE_END, _TEMPLATE]
    try:
        folder = snapshot(name, allow_patterns=wanted)
    except (OSError, ValueError) as error:
        if not is_here(name) and is_hub_out_of_reach():
            raise _not_found(name, error) from error
        return None  # what it is, transformers will say
    return folder if (folder / "tokenizer.json").is_file() else None


@lru_cache(maxsize=2)
def _from_gguf(path: Path, name: str, changed: int, size: int) -> Tokenizer:
    """Read a tokenizer; again only where the file has changed: one command may need it several times."""
    found = read_gguf_tokenizer(path)
    return Tokenizer(
        found.fast,
        end_of_text=_end_token(found.fast, found.end_of_text, name),
        name=name,
        start_of_text=found.start_of_text,
        chat_template=found.chat_template,
    )


def _from_files(file: Path, folder: Path | None, name: str) -> Tokenizer:
    try:
        fast = FastTokenizer.from_file(str(file))
    except Exception as error:  # the library raises bare Exception
        raise SettingsError(f"tokenizer {str(file)!r}: not a tokenizer.json: {error}; {_RESTORE}") from error
    if folder is None:
        return Tokenizer(fast, end_of_text=_end_token(fast, None, name), name=name)
    config = _read_config(folder / "tokenizer_config.json")
    name = str(config.get("name_or_path") or name)
    return Tokenizer(
        fast,
        end_of_text=_end_token(fast, _configured_end(fast, folder), name),
        name=name,
        start_of_text=_text_of(config.get("bos_token")),
        chat_template=_template_of(config.get("chat_template"), folder),
    )


def _template_of(configured: object, folder: Path) -> str | None:
    """The chat template that a model's folder has: in a file of its own, else in the configuration.

    A model may have several, by name; the one named default is for chats.
    """
    file = folder / _TEMPLATE
    if file.is_file():
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SettingsError(f"tokenizer {str(file)!r}: cannot be read: {error}; {_RESTORE}") from error
    if isinstance(configured, list):
        named = {entry.get("name"): entry.get("template") for entry in configured if isinstance(entry, dict)}
        configured = named.get("default")
    return configured if isinstance(configured, str) else None


def _text_of(token: object) -> str | None:
    """A special token's text, which a configuration may give in a long form."""
    if isinstance(token, dict):
        token = token.get("content")
    return token if isinstance(token, str) else None


def _configured_end(fast: FastTokenizer, folder: Path) -> str | None:
    """The end token that a model's folder names: by its text, else by its number."""
    for file in _NAME_THE_END:
        token = _text_of(_read_config(folder / file).get("eos_token"))
        if token is not None:
            return token
    for file in _NUMBER_THE_END:
        number = _read_config(folder / file).get("eos_token_id")
        if isinstance(number, list) and number:
            number = number[0]
        if isinstance(number, int) and (found := fast.id_to_token(number)) is not None:
            return str(found)
    return None


def _read_config(file: Path) -> dict[str, Any]:
    """What a JSON file holds; of one that is not there, nothing."""
    if not file.is_file():
        return {}
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"tokenizer {str(file)!r}: not JSON: {error}; {_RESTORE}") from error
    if not isinstance(config, dict):
        raise SettingsError(f"tokenizer {str(file)!r}: not a JSON object; {_RESTORE}")
    return config


def _from_transformers(name: str) -> Tokenizer:
    from transformers import AutoTokenizer

    try:
        loaded = AutoTokenizer.from_pretrained(
            name, trust_remote_code=False, local_files_only=is_here(name) or is_hub_out_of_reach()
        )
        if not loaded.backend_tokenizer.encode("a", add_special_tokens=False).ids:
            raise ValueError("no vocabulary")  # what some classes make of a folder without a tokenizer
    except Exception as error:  # also what a broken config.json leads to, and a tokenizer in Python alone
        raise _not_found(name, error) from error
    return wrap_tokenizer(loaded, name)


def _not_found(name: str, error: Exception) -> SettingsError:
    advice = f"; give a path, or train one on your text: train:16000{how_to_install(name)}"
    said = (
        f"tokenizer {name!r}: neither a folder with a tokenizer nor reachable on the hub ({reason_of(error)})"
    )
    return SettingsError(said + advice, option=advice)  # of a model's tokenizer none of it is true


def wrap_tokenizer(loaded: Any, name: str) -> Tokenizer:
    """Make one of a tokenizer that transformers has loaded.

    Args:
        loaded: a fast tokenizer.
        name: where it came from, for people.

    Raises:
        SettingsError: it has no end-of-text token.
    """
    fast = FastTokenizer.from_str(loaded.backend_tokenizer.to_str())
    return Tokenizer(
        fast,
        end_of_text=_end_token(fast, loaded.eos_token, name),
        name=name,
        start_of_text=loaded.bos_token,
        chat_template=loaded.chat_template if isinstance(loaded.chat_template, str) else None,
    )


def _end_token(fast: FastTokenizer, configured: str | None, name: str) -> str:
    if configured is not None:
        return configured
    for candidate in _END_NAMES:
        if fast.token_to_id(candidate) is not None:
            return candidate
    raise SettingsError(f"tokenizer {name}: has no end-of-text token; looked for {', '.join(_END_NAMES)}")
