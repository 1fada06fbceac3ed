"""Layers that forget at random while training."""

from __future__ import annotations

from typing import Any

from autograd_lite import Tensor

from .. import functional as F
from ..checks import probability
from ..module import Module
from ..random import Rng, generator


class Dropout(Module):
    """In training, set each number to 0 with probability ``p`` and multiply the others by ``1 / (1 - p)``.

    In :meth:`~nn.Module.eval` mode it does nothing. The book's layer (section 6.4.3) instead multiplies by ``1 - p``
    at test time; the expected values are in the same proportion.

    Parameters
    ----------
    p : float
    rng : Generator or int, optional
        Source of the draws; by default the generator of :func:`nn.manual_seed`.

    Examples
    --------
    >>> import nn
    >>> nn.Dropout(0.5, rng=2)([1.0, 1.0, 1.0, 1.0])
    Tensor([2., 2., 0., 0.])
    >>> nn.Dropout(0.5).eval()([1.0, 1.0])
    Tensor([1., 1.])
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, rng: Rng = None) -> None:
        self.p, self.rng = probability(p, "p"), None if rng is None else generator(rng)

    def forward(self, x: Any) -> Tensor:
        """Any shape."""
        return F.dropout(x, self.p, self.training, self.rng)

    def extra_repr(self) -> str:
        """The arguments, for ``repr``."""
        return f"p={self.p}"


class Dropout1d(Dropout):
    """:class:`Dropout` of whole channels (Tompson et al. 2014)."""

    def forward(self, x: Any) -> Tensor:
        """(N, C, ...)."""
        return F.feature_dropout(x, self.p, self.training, self.rng)


class Dropout2d(Dropout1d):
    """:class:`Dropout` of whole channels of images."""
