"""The check element by element: where a claimed derivative is wrong, and what is right at a kink."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .numerical import Slopes, choose, exact, scaled
from .problem import place_of
from .verdict import FAIL, PASS, UNDECIDED, Location, Verdict

if TYPE_CHECKING:
    from .check import Check

LIMIT = 64  # of inputs and of outputs that are looked at one by one; of more, a random choice
MIXED = 16  # random directions that tell how the pieces of a function meet
SHARP = 1e-3  # how accurate one-sided slopes must be, relatively
SHRINKING = 16  # what rounding becomes smaller by, at least, in wider precision
ROUNDED = "In wider precision the derivative is right; what is off here is rounding, or a mistake of this dtype only."


class Elements:
    """Slopes of single outputs along single inputs, measured and claimed.

    A derivative passes if it is the slope, or at a kink lies between the one-sided slopes. That settles functions whose
    kinks have one input each, such as relu. Where the pieces of one output meet in several inputs, such as a maximum
    with ties, its subgradients must also lie between the one-sided slopes along mixed directions; that is exact where
    the output is convex or concave, as far as its slopes tell. Elsewhere, as for a tie of three in sort, the test is
    too strict: nothing is decided.

    Arrays have one row an input and one column an output.
    """

    def __init__(self, check: Check, inputs: np.ndarray | None = None, outputs: np.ndarray | None = None) -> None:
        self.check, self.problem = check, check.problem
        finite = np.flatnonzero(np.isfinite(check.base))
        self.outputs = self._some(finite) if outputs is None else outputs
        self.inputs = self._some(np.arange(self.problem.start.size)) if inputs is None else inputs
        self.whole = len(self.outputs) == len(finite) and len(self.inputs) == self.problem.start.size
        self.size = np.abs(check.base[self.outputs])
        self.claims = np.array([self.problem.pull(self._unit(o)) for o in self.outputs])[:, self.inputs].T
        self.slopes = [self._single(i) for i in self.inputs]
        self.kinked = np.array([s.kink for s in self.slopes])
        # Rounding of rounding, left over where everything cancels; a gradient has cotangents of size 1 in it.
        loudest = max(
            float(np.fmax.reduce(np.abs(x), axis=None, initial=check.order - 1.0)) for x in (self.claims, self.size)
        )
        loudest = loudest if np.isfinite(loudest) else 0.0
        self.faintest = 100 * self.problem.claimed_eps**2 * loudest
        self.unseen = self.problem.eps * max(loudest, 1.0)
        self.error, self.relative, self.bad, self.unclear = self._judged(self.slopes, np.eye(len(self.inputs)))
        # Where another output has no value or no slope, 0 times infinity is claimed; that is not this one's fault.
        nowhere = ~np.isfinite(self.claims) & (self.unclear.any(1, keepdims=True) | (len(finite) < check.base.size))
        self.bad, self.unclear = self.bad & ~nowhere, self.unclear | nowhere

    def verdict(self, questions: list[str]) -> Verdict:
        """The verdict on all that was looked at, after random directions left ``questions``."""
        say = self.check.say
        for o in np.flatnonzero(self.bad.any(0) & ~self.kinked.any(0)):
            shaky = self.bad[:, o] & (self.error[:, o] <= 3 * self._unsteadiness(o))
            self.bad[:, o] &= ~shaky
            self.unclear[:, o] |= shaky
        suspects = np.flatnonzero(self.bad.any(0) | self.kinked.any(0))
        wrong, undecided = self._meeting_pieces(suspects)
        if wrong:
            confirmed = self._confirmed(wrong)
            return self._failure(confirmed) if confirmed else say(UNDECIDED, ROUNDED)
        if undecided:
            return say(UNDECIDED, "Several pieces of the function meet here; move the input off the tie.")
        if self.unclear.any():
            return say(UNDECIDED, "The slope cannot be measured here: the function is too rough or its domain ends.")
        if "mismatch" in questions:
            if self.whole or self.kinked.any():
                return say(UNDECIDED, "Each derivative is right by itself, but not along a mixed direction.")
            if (wider := self.check.wider()) and "mismatch" not in wider.questions():
                return say(UNDECIDED, ROUNDED)
            return say(FAIL, "The derivative along a random direction is wrong; the element was not found.")
        n = int(self.kinked.sum())
        reason = f"At a kink, and between the one-sided slopes: {n} of {self.kinked.size} derivatives." if n else ""
        return say(PASS, reason, relative_error=float(self.relative.max(initial=self.check.worst.relative_error)))

    def _failure(self, wrong: dict[int, float]) -> Verdict:
        """The worst single derivative of the outputs that are wrong; or the output, if only its mixture is."""
        columns = list(wrong)
        relative = np.where(self.bad, self.relative, -1.0)[:, columns]
        i, k = map(int, np.unravel_index(np.argmax(relative), relative.shape))
        if relative[i, k] < 0:
            o = max(columns, key=lambda o: wrong[o])
            output, index = place_of(int(self.outputs[o]), self.problem.output_shapes)
            reason = f"Output {output}{list(index) or ''} is at a kink where no subgradient is like this."
            return self.check.say(FAIL, reason, relative_error=wrong[o])
        o = columns[k]
        slope, claimed = self.slopes[i][o], self.claims[i, o]
        true = float(slope.nearest(claimed))
        return self.check.say(
            FAIL,
            "At a kink, and not between the one-sided slopes." if self.kinked[i, o] else "",
            relative_error=float(relative[i, k]),
            error_bar=float(slope.accuracy() / max(abs(true), abs(claimed))),
            where=Location(
                *place_of(int(self.inputs[i]), self.problem.input_shapes),
                *place_of(int(self.outputs[o]), self.problem.output_shapes),
                float(claimed),
                true,
            ),
        )

    def _confirmed(self, wrong: dict[int, float]) -> dict[int, float]:
        """One of the outputs that are wrong in any precision: rounding shrinks with wider numbers, mistakes do not."""
        wider = self.check.wider()
        if wider is None:
            return wrong
        for o in sorted(wrong, key=lambda o: -wrong[o]):
            single = np.flatnonzero(self.bad[:, o])
            again = Elements(wider, self.inputs[single] if single.size else self.inputs, self.outputs[[o]])
            if single.size:
                self.bad[single, o] = again.bad[:, 0] & ~(again.error[:, 0] < self.error[single, o] / SHRINKING)
                self.bad[single, o] &= ~(self.error[single, o] <= self.problem.floor)
            if self.bad[:, o].any() or (not single.size and again._meeting_pieces(np.array([0]))[0]):
                return {o: wrong[o]}
        return {}

    # -- Measuring

    def _some(self, places: np.ndarray) -> np.ndarray:
        if len(places) <= LIMIT:
            return places
        return np.sort(self.check.rng.choice(places, LIMIT, replace=False))

    def _unit(self, output: np.intp) -> np.ndarray:
        u = np.zeros(self.check.base.size)
        u[output] = 1
        return u

    def _measure(self, direction: np.ndarray) -> Slopes:
        return self.check.measure(lambda values: values[self.outputs], direction)

    def _single(self, i: np.intp) -> Slopes:
        """The slopes of all outputs along input ``i``; of several reaches the most accurate, output by output."""
        best: Slopes | None = None
        for reach in self.check.reaches():
            direction = np.zeros(self.problem.start.size)
            direction[i] = reach[i]
            direction = exact(direction, self.problem.start)
            slope = scaled(self._measure(direction), 1 / direction[i])
            if best is not None:  # where nothing changes, a larger reach may know more
                surer = slope.accuracy() + slope.doubt < best.accuracy() + best.doubt
                better = surer & ((slope.span > 0) | (best.span == 0))
                slope = choose(better, slope, best)
            best = slope
            if np.all(best.accuracy() + best.doubt <= self.check.tolerance * np.maximum(np.abs(best.value), self.size)):
                break
        assert best is not None
        return best

    def _judged(self, measured: list[Slopes], directions: np.ndarray) -> tuple[np.ndarray, ...]:
        """Error, relative error, whether it is bad and whether it is unclear, for each direction and output."""
        rows = []
        for slope, v in zip(measured, directions, strict=True):
            known = np.where(np.isfinite(self.claims), self.claims, 0)
            claimed = np.where(np.isfinite(self.claims[v != 0]).all(0), v @ known, np.nan)
            error, bar = slope.distance(claimed), slope.accuracy()
            scale = np.maximum(np.linalg.norm(known * v[:, None], axis=0), slope.size())
            slack = (
                self.check.tolerance * scale
                + 30 * self.problem.claimed_eps * self.size
                + self.faintest
                + self.problem.smallest
            )
            rough = np.where(slope.kink, SHARP, self.check.tolerance) * np.maximum(
                np.maximum(scale, self.size), slope.span
            )
            relative = np.where(np.isfinite(claimed), np.nan_to_num(error), np.inf) / np.maximum(scale, 1e-300)
            unclear = ~np.isfinite(error) | ~np.isfinite(bar) | (bar > rough)
            missing = ~np.isfinite(claimed) & (bar <= rough)  # the function has a slope, the claim is none
            excess = error - slack - 10 * bar
            doubt = slope.doubt + np.where(slope.span == 0, self.unseen, 0.0)  # too small a change may show as none
            doubtful = (excess > 0) & (excess <= doubt)
            rows.append((error, relative, missing | ((excess > 0) & ~doubtful), (unclear & ~missing) | doubtful))
        return tuple(np.array(column) for column in zip(*rows, strict=True))

    def _unsteadiness(self, o: np.intp) -> np.ndarray:
        """How much the claims for output ``o`` change when the inputs change in their last digit."""
        u = self._unit(self.outputs[o])
        around = np.array([self.problem.pull(u, z)[self.inputs] for z in self.check.nearby()])
        alone = [self.check.isolated(a, s[o]) for a, s in zip(around.T, self.slopes, strict=True)]
        return np.where(alone, -1.0, np.fmax.reduce(np.abs(around - self.claims[:, o]), axis=0))

    # -- Kinks

    def _meeting_pieces(self, suspects: np.ndarray) -> tuple[dict[int, float], list[int]]:
        """Of the outputs under suspicion, those that are wrong, with their errors, and those that stay open."""
        wrong: dict[int, float] = {}
        undecided: list[int] = []
        if not suspects.size:
            return wrong, undecided
        left = set(suspects.tolist())
        for reach in self.check.reaches():  # as far as is needed to see each of them clearly
            mixtures = self._mixtures(reach)
            measured = [self._measure(v) for v in mixtures]
            mixtures = mixtures[:, self.inputs]
            _, relative, bad, unclear = self._judged(measured, mixtures)
            for o in sorted(left):
                if unclear[:, o].any():
                    continue
                left.remove(o)
                shape = self._shape(o, measured, mixtures)
                seen = all(np.isfinite(slope.doubt[o]) for slope in measured)
                mixed = bad[:, o].any() and np.isfinite(self.claims[:, o]).all() and seen
                if self.bad[:, o].any() or (shape != "additive" and mixed):
                    if shape == "other":
                        undecided.append(o)
                    else:
                        wrong[o] = float(relative[:, o].max())
            if not left:
                break
        self.unclear[:, sorted(left)] = True
        return wrong, undecided

    def _mixtures(self, reach: np.ndarray) -> np.ndarray:
        """Random directions, one a row."""
        v = np.zeros((MIXED, self.problem.start.size))
        v[:, self.inputs] = self.check.rng.standard_normal((MIXED, len(self.inputs)))
        return np.array([exact(row * reach, self.problem.start) for row in v])

    def _shape(self, o: int, measured: list[Slopes], mixtures: np.ndarray) -> str:
        """How the slopes of output ``o`` along mixed directions follow from those along single inputs.

        'additive' if they are their sums, 'one-sided' if they are never more, or never less: the function may be convex
        or concave there; else 'other'.
        """
        right, left, bars = (np.array([getattr(s, f)[o] for s in self.slopes]) for f in ("right", "left", "side_bar"))
        gaps = []
        for slope, v in zip(measured, mixtures, strict=True):
            slack = 10 * (slope.side_bar[o] + np.abs(v) @ bars) + 1e-9 * np.abs(v) @ (np.abs(right) + np.abs(left))
            ahead = slope.right[o] - np.where(v > 0, right, left) @ v
            behind = np.where(v > 0, left, right) @ v - slope.left[o]
            gaps += [0.0 if abs(gap) <= slack else float(gap) for gap in (ahead, behind)]
        low, high = min(gaps), max(gaps)
        return "additive" if low == high == 0 else "one-sided" if low * high == 0 else "other"
