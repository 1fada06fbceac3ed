"""Pictures of the recorded graph."""

from .drawing import Drawing, draw
from .render import RenderError

__all__ = ["Drawing", "RenderError", "draw"]
