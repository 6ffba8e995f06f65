"""A copy of a tokenizer is equal to it, and what is set of it is its own."""

import pytest
from tokenizers import AddedToken, models, pre_tokenizers
from tokenizers import Tokenizer as FastTokenizer

from foreign_tokenizers import FAMILIES, SOME_TEXT, make_fast, word_piece
from openbook.text.tokenizer_copy import copy_fast


def some(name: str) -> FastTokenizer:
    if name == "word pieces":
        fast = word_piece()
        fast.no_padding()
        fast.no_truncation()
        return fast
    if name == "unigram":
        return FastTokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0), ("ab", -2.0)], unk_id=0))
    fast = make_fast(name.partition(",")[0])
    fast.add_tokens([AddedToken("<end_of_turn>", normalized=False), AddedToken("[one]", special=True)])
    return fast


@pytest.mark.parametrize("name", [*FAMILIES, "word pieces", "unigram"])
def test_a_copy_is_equal_and_what_is_set_of_it_is_its_own(name: str) -> None:
    fast = some(name)
    described = fast.to_str()
    copied = copy_fast(fast)
    assert copied.to_str() == described
    texts = [*SOME_TEXT, "a <end_of_turn> b[one]"]
    for special in (True, False):
        fast.encode_special_tokens = copied.encode_special_tokens = special
        assert [copied.encode(text).ids for text in texts] == [fast.encode(text).ids for text in texts]
    copied.encode_special_tokens = False
    copied.pre_tokenizer = pre_tokenizers.Digits()
    fast.encode_special_tokens = True
    assert (fast.to_str(), fast.encode_special_tokens) == (described, True)
    assert copied.encode_special_tokens is False


def test_added_tokens_with_gaps_between_their_numbers_keep_them() -> None:
    described = make_fast("gpt2").to_str()
    fast = FastTokenizer.from_str(described)
    fast.add_tokens([AddedToken("<gap>"), AddedToken("<kept>")])
    text = fast.to_str().replace(f'"id":{fast.token_to_id("<kept>")}', '"id":9000')
    gapped = FastTokenizer.from_str(text.replace(f'"id": {fast.token_to_id("<kept>")}', '"id": 9000'))
    assert copy_fast(gapped).get_added_tokens_decoder() == gapped.get_added_tokens_decoder()
