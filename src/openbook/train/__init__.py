"""Training: recipes, and the loop that trains on sequences of a database."""

from openbook.train.recipe import Recipe, load_recipe, shipped_recipes
from openbook.train.training_run import TrainResult, train

__all__ = ["Recipe", "TrainResult", "load_recipe", "shipped_recipes", "train"]
