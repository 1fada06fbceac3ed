"""Helpers under the names that PyTorch's programs import them by."""

from .optim.gradients import clip_grad_norm_, clip_grad_value_

__all__ = ["clip_grad_norm_", "clip_grad_value_"]
