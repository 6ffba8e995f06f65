"""The machines that run these tests are small and shared."""

import sys
from pathlib import Path

import torch

# Makes the packages of tests/ importable, however pytest was started and whatever its import mode is.
sys.path.insert(0, str(Path(__file__).parents[1]))

torch.set_num_threads(1)
