"""Pictures of the recorded graph."""

from ..graph import watch
from .drawing import Drawing, draw
from .render import RenderError
from .replay import Replay, replay

__all__ = ["Drawing", "RenderError", "Replay", "draw", "replay", "watch"]
