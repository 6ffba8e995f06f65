"""Writing and answering with a retrofitted GPT-2, whose base looks up where in the text a token stands.

Prompts are padded on the left to whole chunks; the base must not see that.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from model.tiny import enlarge
from openbook.database import Database
from openbook.errors import SettingsError
from openbook.evaluate.harness import AnswerOptions
from openbook.generation import Sampling, generate
from openbook.model.retrofitting import RetrofitForCausalLM, retrofit

M = 16
GREEDY = Sampling(temperature=0)


@pytest.fixture(scope="module")
def base(book: Database) -> PreTrainedModel:
    torch.manual_seed(0)
    sizes = {
        "vocab_size": book.tokenizer.vocab_size,
        "n_embd": 32,
        "n_layer": 3,
        "n_head": 4,
        "n_positions": 96,
    }
    return enlarge(GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0)).double()).eval()


@pytest.fixture(scope="module")
def model(book: Database, base: PreTrainedModel) -> RetrofitForCausalLM:
    """As if it had trained, so that what it writes changes with whatever it reads."""
    fingerprint = book.settings.tokenizer_fingerprint
    options = {"reader": "encoder", "cca_layers": [2, 3], "encoder_num_layers": 1, "copy_head": True}
    made = retrofit(base, chunk_size=M, tokenizer_fingerprint=fingerprint, **options).eval()
    for part in (made.model.encoder, made.model.decoder.new_parts, made.copy_head):
        enlarge(part)
    return made.double()


def text_of(book: Database, tokens: int) -> str:
    ids = book.tokenizer.encode([" ".join(book.chunk_texts(np.arange(12)))])[0][:tokens]
    return book.tokenizer.decode([ids])[0]


@pytest.mark.parametrize("tokens", [1, 15, 16, 21])
def test_without_retrieval_it_writes_what_the_base_writes(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel, tokens: int
) -> None:
    prompt = text_of(book, tokens)
    found = generate(model, book, prompt, retrieval=False, max_new_tokens=20, sampling=GREEDY)
    ids = torch.tensor(book.tokenizer.encode([prompt]))
    end = book.tokenizer.eos_id
    written = base.generate(ids, max_new_tokens=20, do_sample=False, eos_token_id=end, pad_token_id=end)
    new = [token for token in written[0, ids.shape[1] :].tolist() if token != end]
    assert found.text == book.tokenizer.decode([new])[0]
    assert not found.citations


def test_with_retrieval_it_writes_something_else_and_cites(
    book: Database, model: RetrofitForCausalLM
) -> None:
    prompt = text_of(book, 21)
    off = generate(model, book, prompt, retrieval=False, max_new_tokens=40, sampling=GREEDY)
    on = generate(model, book, prompt, max_new_tokens=40, sampling=GREEDY)
    assert on.text != off.text
    assert on.citations
    assert generate(model, book, prompt, max_new_tokens=40, sampling=GREEDY) == on


def test_the_harness_scores_answers_as_the_base_does(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel
) -> None:
    """Rows of many lengths in one batch, padded on both sides."""
    harness = pytest.importorskip("openbook.evaluate.harness.lm")
    tokens = book.tokenizer.encode([text_of(book, 90)])[0]
    pairs = [(tokens[:c], tokens[c : c + a]) for c, a in ((3, 2), (16, 5), (17, 1), (40, 20))]
    requests = [(("", ""), context, answer) for context, answer in pairs]
    lm = harness.OpenbookLM(model, book, AnswerOptions(retrieval=False))
    score: Callable[..., list[tuple[float, bool]]] = lm._loglikelihood_tokens
    found = score(requests)
    for (context, answer), (log_prob, greedy) in zip(pairs, found, strict=True):
        with torch.no_grad():
            logits = base(torch.tensor([context + answer])).logits[0, len(context) - 1 : -1].log_softmax(-1)
        wanted = torch.tensor(answer)
        assert log_prob == pytest.approx(float(logits.gather(-1, wanted[:, None]).sum()), abs=1e-4)
        assert greedy == bool((logits.argmax(-1) == wanted).all())
    on = harness.OpenbookLM(model, book)._loglikelihood_tokens(requests)
    assert all(abs(ours[0] - theirs[0]) > 1e-6 for ours, theirs in zip(on, found, strict=True))


def test_the_harness_scores_whole_texts_in_windows(
    book: Database, model: RetrofitForCausalLM, base: PreTrainedModel
) -> None:
    harness = pytest.importorskip("openbook.evaluate.harness.lm")
    from lm_eval.api.instance import Instance

    text = text_of(book, 60)
    lm = harness.OpenbookLM(model, book, AnswerOptions(retrieval=False))
    found = lm.loglikelihood_rolling([Instance("loglikelihood_rolling", {}, (text,), 0)])
    ids = torch.tensor([[book.tokenizer.eos_id, *book.tokenizer.encode([text])[0]]])
    with torch.no_grad():
        logits = base(ids).logits[0, :-1].log_softmax(-1)
    expected = float(logits.gather(-1, ids[0, 1:, None]).sum())
    assert found == [pytest.approx(expected, abs=1e-4)]


def test_what_the_bases_positions_do_not_reach_is_refused_before_it_is_written(
    book: Database, model: RetrofitForCausalLM
) -> None:
    prompt = text_of(book, 21)
    taken = len(book.tokenizer.encode([prompt])[0])
    room = 96 - taken + 1
    with pytest.raises(SettingsError, match=f"max new tokens {room + 1}: .*ask for at most {room}$"):
        generate(model, book, prompt, max_new_tokens=room + 1)
    assert generate(model, book, prompt, max_new_tokens=room, retrieval=False, sampling=GREEDY).text
    with pytest.raises(SettingsError, match="shorten the prompt"):
        generate(model, book, text_of(book, 130), max_new_tokens=1)
