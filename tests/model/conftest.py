"""The machines that run these tests are small and shared."""

import torch

torch.set_num_threads(1)
