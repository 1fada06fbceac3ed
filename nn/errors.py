"""Exceptions of networks, beyond those of :mod:`autograd_lite.errors`; each is also a ValueError."""

from __future__ import annotations

from autograd_lite import AutogradError


class LabelError(AutogradError, ValueError):
    """Labels that do not fit the scores: out of range, of the wrong kind or shape."""


class StateError(AutogradError, ValueError):
    """A saved state that does not fit, is damaged, or was written by a newer version. Nothing was loaded."""


class SettingError(AutogradError, ValueError):
    """A setting of a layer, optimiser or schedule that makes no sense."""
