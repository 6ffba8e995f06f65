"""Tasks of lm-evaluation-harness (the extra `eval`), asked to a model that looks things up or does not.

`evaluate_harness` runs tasks; for `lm_eval.simple_evaluate` itself there is `harness.lm.OpenbookLM`.
What needs torch is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from openbook.evaluate.harness.harness_options import AnswerOptions, TaskOptions
from openbook.lazy_names import loader

if TYPE_CHECKING:
    from openbook.evaluate.harness.run import HarnessReport, TaskResult, evaluate_harness

__all__ = ["AnswerOptions", "HarnessReport", "TaskOptions", "TaskResult", "evaluate_harness"]

_LATER = ("HarnessReport", "TaskResult", "evaluate_harness")

if not TYPE_CHECKING:
    __getattr__ = loader(__name__, dict.fromkeys(_LATER, "openbook.evaluate.harness.run"))
