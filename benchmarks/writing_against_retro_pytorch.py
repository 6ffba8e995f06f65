"""Writing after 512 tokens of context against retro-pytorch 0.3.9, one shape, one process, in turns.

    pip install --no-deps --target /tmp/retro-pytorch retro-pytorch==0.3.9 einops
    python benchmarks/writing_against_retro_pytorch.py --retro-pytorch /tmp/retro-pytorch

The shape is that of against_retro_pytorch.py: 8 layers of 512, cross-attention in layers 3 and 6, an encoder
of 2 layers, vocabulary 32,000, k 2, R 128; random weights, one text, the likeliest token. Neighbors are drawn
at random at each border, so no search is measured. retro-pytorch writes as its `TrainingWrapper.generate`
does: it reads the whole text, and all neighbors, again for each token. Ours writes as `openbook generate`
does; the reading of the prompt, which theirs does for each token, is told apart. Processor seconds count.
"""

import argparse
import statistics
import time
from pathlib import Path

import torch
from against_retro_pytorch import VOCABULARY, K, M, load_retro_pytorch
from torch import Tensor, nn

from openbook.generation import Sampling
from openbook.generation.batch_row import BatchRow, DecodingSettings
from openbook.generation.running_batch import RunningBatch
from openbook.model import RetroConfig, RetroForCausalLM

END = 0


class Drawn:
    """Random neighbors of each chunk."""

    def fetch(self, chunks: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Ids and mask [C, K, R]."""
        ids = torch.randint(1, VOCABULARY, (len(chunks), K, 2 * M))
        return ids, torch.ones_like(ids, dtype=torch.bool)


def ours(model: RetroForCausalLM, prompt: list[int], count: int) -> tuple[float, float]:
    """Seconds of the prompt with the first token, and of each token after it."""
    settings = DecodingSettings(count + 1, Sampling(temperature=0), END, 0, min_new_tokens=count + 1)
    row = BatchRow(prompt, settings, Drawn())
    batch = RunningBatch(model)
    began = time.process_time()
    batch.step([row])
    read = time.process_time()
    while batch.rows:
        batch.step()
    assert row.error is None
    assert len(row.written) == count + 1
    return read - began, (time.process_time() - read) / count


@torch.inference_mode()
def theirs(model: nn.Module, prompt: list[int], count: int) -> float:
    """Seconds of each token, in the loop of `TrainingWrapper.generate`."""
    out = torch.tensor([prompt])
    retrieved = Drawn().fetch([[]] * (len(prompt) // M))[0][None]
    began = time.process_time()
    for _ in range(count):
        logits = model(out, retrieved=retrieved)[:, -1]
        out = torch.cat([out, logits.argmax(-1, keepdim=True)], 1)
        if out.shape[1] % M == 0:
            retrieved = torch.cat([retrieved, Drawn().fetch([[]])[0][None]], 1)
    return (time.process_time() - began) / count


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--retro-pytorch", type=Path, required=True, help="folder it is installed in")
    parser.add_argument("--context", type=int, nargs="+", default=[512])
    parser.add_argument("--tokens", type=int, default=64, help="written by ours after the first")
    parser.add_argument("--their-tokens", type=int, default=4)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = RetroConfig(
        vocab_size=VOCABULARY,
        hidden_size=512,
        num_hidden_layers=8,
        num_attention_heads=8,
        intermediate_size=2048,
        cca_layers=[3, 6],
        encoder_num_layers=2,
    )
    model = RetroForCausalLM(config).eval()
    other = load_retro_pytorch(options.retro_pytorch)(
        num_tokens=VOCABULARY,
        max_seq_len=max(options.context) + M,
        enc_dim=512,
        enc_depth=2,
        enc_cross_attn_layers=(1,),
        dec_depth=8,
        dec_cross_attn_layers=(3, 6),
        heads=8,
        dec_dim=512,
        dim_head=64,
        chunk_size=M,
    ).eval()
    for context in options.context:
        prompt = torch.randint(1, VOCABULARY, (context,)).tolist()
        read, token, their_token = [], [], []
        for _ in range(options.turns):
            first, each = ours(model, prompt, options.tokens)
            read.append(first)
            token.append(each)
            their_token.append(theirs(other, prompt, options.their_tokens))
        ours_ms, prompt_ms, theirs_ms = (
            1000 * statistics.median(each) for each in (token, read, their_token)
        )
        whole = ours_ms + prompt_ms / (options.tokens + 1)
        print(f"after {context} tokens: openbook {ours_ms:.1f} ms a token, retro-pytorch {theirs_ms:.1f}")
        print(
            f"    {theirs_ms / ours_ms:.1f} times as fast; {theirs_ms / whole:.1f} with the prompt's reading"
        )


if __name__ == "__main__":
    main()
