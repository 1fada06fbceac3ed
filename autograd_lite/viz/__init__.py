"""Pictures of the recorded graph.

=========================== ==========================================================================================
``draw(loss)``              a drawing: names, shapes, values, modules; with ``gradients=True`` also what backward sends
``replay(loss)``            one HTML file that steps forward and backward through a pass
``diagnose(loss)``          where a nan, an error, a missing or a vanishing gradient comes from
``check(loss, watched=w)``  which rule of the graph is wrong
``with watch() as w:``      lets all of these know values, times and source lines, also after the graph was freed
=========================== ==========================================================================================

Examples
--------
>>> from autograd_lite import Tensor
>>> apple, number, tax = (Tensor(v, requires_grad=True) for v in (100.0, 2.0, 1.1))
>>> price = apple * number * tax
>>> picture = draw(price, gradients=True, direction="LR")
>>> print(picture.graph)
apple                    leaf float64 = 100 gradient 2.2
number                   leaf float64 = 2 gradient 110
n2 = Mul(apple, number)  float64 = 200 gradient 1.1
tax                      leaf float64 = 1.1 gradient 200
price = Mul(n2, tax)     float64 = 220 gradient 1
"""

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
