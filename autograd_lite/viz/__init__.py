"""Pictures of the recorded graph."""

from ..graph import watch
from .checking import Checked, check
from .diagnosis import Diagnosis, Problem, diagnose
from .drawing import Drawing, draw
from .render import RenderError
from .replay import Replay, replay

__all__ = [
    "Checked", "Diagnosis", "Drawing", "Problem", "RenderError", "Replay",
    "check", "diagnose", "draw", "replay", "watch",
]  # fmt: skip
