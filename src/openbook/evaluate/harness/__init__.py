"""Tasks of lm-evaluation-harness (the extra `eval`), asked to a model that looks things up or does not.

`evaluate_harness` runs tasks; for `lm_eval.simple_evaluate` itself there is `harness.lm.OpenbookLM`.
"""

from openbook.evaluate.harness.harness_options import AnswerOptions, TaskOptions
from openbook.evaluate.harness.run import HarnessReport, TaskResult, evaluate_harness

__all__ = ["AnswerOptions", "HarnessReport", "TaskOptions", "TaskResult", "evaluate_harness"]
