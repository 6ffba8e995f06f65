"""A second object of the tokenizers library for one vocabulary: its settings are its own, its model is not.

Written out and read again, as the library copies, a vocabulary of 262,144 tokens takes two seconds.
"""

from tokenizers import Tokenizer as FastTokenizer


def copy_fast(fast: FastTokenizer) -> FastTokenizer:
    """Copy a tokenizer: what is set of the copy, such as what comes before and after the model, is its own.

    Padding and truncation are left out.
    """
    copied = FastTokenizer(fast.model)
    for part in ("normalizer", "pre_tokenizer", "post_processor", "decoder"):
        if getattr(fast, part) is not None:
            setattr(copied, part, getattr(fast, part))
    added = fast.get_added_tokens_decoder()
    copied.add_tokens([token for _, token in sorted(added.items())])
    if copied.get_added_tokens_decoder() != added:  # those beyond the model are numbered without gaps
        return FastTokenizer.from_str(fast.to_str())
    return copied
