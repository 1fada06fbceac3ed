"""Pictures of the recorded graph."""

from ..graph import watch
from .drawing import Drawing, draw
from .render import RenderError

__all__ = ["Drawing", "RenderError", "draw", "watch"]
