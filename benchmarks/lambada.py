"""The last word of LAMBADA's passages, with retrieval and without.

    python benchmarks/lambada.py MODEL DB ../shared/data/lm/lambada/lambada_test.jsonl.xz

The task is lm-evaluation-harness' `lambada_openai`, of a local file of passages ({"text": ...} a line). A
word is right if each of its tokens is the likeliest; perplexity is per word. Both runs read the same tokens.
"""

import argparse
import json
import lzma
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from openbook.database import Database
from openbook.evaluate.harness import AnswerOptions, HarnessReport, TaskOptions, evaluate_harness
from openbook.model import RetroForCausalLM

TASK = """\
task: lambada
dataset_path: json
dataset_kwargs: {data_files: {test: %s}}
test_split: test
output_type: loglikelihood
doc_to_text: "{{text.split(' ')[:-1]|join(' ')}}"
doc_to_target: "{{' '+text.split(' ')[-1]}}"
metric_list:
  - {metric: perplexity, aggregation: perplexity, higher_is_better: false}
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""


def write_task(passages: Path, folder: Path) -> Path:
    """The task's YAML file, beside its data."""
    data, task = folder / "passages.jsonl", folder / "lambada.yaml"
    data.write_bytes(lzma.decompress(passages.read_bytes()))
    task.write_text(TASK % json.dumps(str(data)))
    return task


def words(report: HarnessReport) -> tuple[np.ndarray, np.ndarray]:
    """Of each passage: nats of its last word, and whether it is right."""
    answers = [sample["filtered_resps"][0] for sample in report.samples["lambada"]]
    return -np.array([score for score, _ in answers]), np.array([right for _, right in answers])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("passages", type=Path, help="lambada_test.jsonl.xz")
    parser.add_argument("--limit", type=int, help="passages; all by default")
    parser.add_argument("--k", type=int, help="neighbors; as in training by default")
    parser.add_argument("--mode", help="of search")
    parser.add_argument("--batch-size", type=int, default=16)
    options = parser.parse_args()
    model, database = RetroForCausalLM.from_pretrained(options.model), Database.open(options.database)
    reports = {}
    with TemporaryDirectory() as folder:
        task = write_task(options.passages, Path(folder))
        for name in ("on", "off"):
            questions = TaskOptions(tasks=[str(task)], limit=options.limit, log_samples=True)
            answers = AnswerOptions(
                k=options.k, mode=options.mode, retrieval=name == "on", batch_size=options.batch_size
            )
            reports[name] = evaluate_harness(model, database, questions, answers)
    print(f"{'retrieval':12}{'accuracy':>10}{'± error':>10}{'perplexity':>16}{'± error':>16}")
    for name, report in reports.items():
        result = report.tasks["lambada"]
        rates = [values["acc"] for values in (result.metrics, result.standard_errors)]
        sizes = [values["perplexity"] for values in (result.metrics, result.standard_errors)]
        print(f"{name:12}{rates[0]:>10.4f}{rates[1]:>10.4f}{sizes[0]:>16.2f}{sizes[1]:>16.2f}")
    (on, right_on), (off, right_off) = (words(report) for report in reports.values())
    gain = off - on
    error = gain.std(ddof=1) / math.sqrt(len(gain)) if len(gain) > 1 else math.nan
    print(f"off - on: {gain.mean():+.4f} nats a word, ± {error:.4f} (one standard error, paired)")
    print(
        f"{len(on):,} passages: right with both {(right_on & right_off).sum():,}, with retrieval alone "
        f"{(right_on & ~right_off).sum():,}, without it alone {(~right_on & right_off).sum():,}; "
        f"{reports['on'].chunks_searched:,} different chunks looked up"
    )


if __name__ == "__main__":
    main()
