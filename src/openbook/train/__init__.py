"""Training: recipes, and the loop that trains on sequences of a database.

What needs torch is loaded when it is first used, so that a recipe can be checked without.
"""

from typing import TYPE_CHECKING

from openbook.lazy_names import loader
from openbook.train.recipe import Recipe, load_recipe, shipped_recipes

if TYPE_CHECKING:
    from openbook.train.training_run import TrainingSize, TrainResult, train

__all__ = ["Recipe", "TrainResult", "TrainingSize", "load_recipe", "shipped_recipes", "train"]

_LATER = ("TrainResult", "TrainingSize", "train")

if not TYPE_CHECKING:
    __getattr__ = loader(__name__, dict.fromkeys(_LATER, "openbook.train.training_run"))
