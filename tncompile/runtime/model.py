"""A compiled network: its source, and the loaded functions behind checks of what they are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from hashlib import sha256
from importlib import import_module
from os import PathLike
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from tncompile.codegen import LIBRARIES
from tncompile.network import Network
from tncompile.runtime.data import Expected, Reader, expected, named
from tncompile.runtime.loading import loaded
from tncompile.runtime.parts import BoundCall, Call, Sent, added, cut, join, over
from tncompile.runtime.plans import Plans
from tncompile.runtime.scales import ScaleReader, aligned_sum, sum_of_gradients, sum_of_outputs
from tncompile.runtime.weights import WeightLayout, Weights, flat_weights
from tncompile.source import TnError, UsageError, write_whole
from tncompile.source.numbers import is_natural

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tncompile.runtime.capture import Captured

Array = Any


class Model:
    """A network, compiled. See `compile_network`."""

    def __init__(self, network: Network, plans: Plans, capture: bool = False) -> None:
        self.network = network
        self.target, self.dtype, self.scaled = plans.target, plans.dtype, plans.scaled
        self._plans = plans
        self._capture = capture and plans.target == "cupy"
        self._captured: dict[str, Captured] = {}
        self._layout = WeightLayout(network)

    def __repr__(self) -> str:
        return f"Model({self.network.name}, target={self.target!r}, dtype={self.dtype!r})"

    # --- the module ---------------------------------------------------------------------------------

    @cached_property
    def source(self) -> str:
        """The stand-alone module: `init`, `score` and `score_and_gradient`."""
        return self._plans.source(with_gradient=True)

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the module to a file, whole or not at all. Raises TnError where that cannot be done, UsageError for
        what is no path."""
        if not isinstance(path, str | PathLike):
            raise UsageError(f"`save` takes the path of a file, not {path!r}")
        write_whole(path, self.source)

    @cached_property
    def _whole(self) -> ModuleType:
        return loaded(self.source, self.network.name)

    @cached_property
    def _scoring(self) -> ModuleType:
        """The module without its gradient, which takes longer to make."""
        if "_whole" in self.__dict__ or "source" in self.__dict__:
            return self._whole
        return loaded(self._scoring_source, self.network.name)

    @cached_property
    def _scoring_source(self) -> str:
        return self.source if "source" in self.__dict__ else self._plans.source(with_gradient=False)

    @cached_property
    def _initial(self) -> ModuleType:
        """A module with `init`: one that is there, or one that is made quickly."""
        if "_scoring" in self.__dict__ or "source" in self.__dict__:
            return self._scoring
        return loaded(self._plans.initial(), self.network.name)

    def _function(self, name: str) -> Callable[..., Any]:
        """A function of the module; one that replays graphs where the model captures them."""
        module = self._scoring if name == "score" else self._whole
        function: FunctionType = getattr(module, name)
        if not self._capture:
            return function
        if name not in self._captured:
            self._captured[name] = _captured(function)
        return self._captured[name]

    # --- weights ------------------------------------------------------------------------------------

    @cached_property
    def weights(self) -> Mapping[str, tuple[int, ...]]:
        """The shape of each member of the weights, in the order of the flat vector."""
        return {name: place.shape for name, place in self._layout.places.items()}

    def init(self, seed: int = 0) -> Weights:
        """Random weights, as the network's initialisers say. Raises UsageError for a seed below 0."""
        if not is_natural(seed):
            raise UsageError(f"a seed is an integer of 0 or more, not {seed!r}")
        return Weights(self._layout, self._initial.init(seed, self.dtype))

    def zeros(self) -> Weights:
        """Weights that are all zero, to be filled by name."""
        return Weights(self._layout, self._library.zeros(self._layout.size, self.dtype))

    # --- values ---------------------------------------------------------------------------------------

    def score(
        self,
        w: Weights | Mapping[str, Array] | Array,
        x: object = None,
        *,
        executor: Executor | None = None,
    ) -> Any:
        """The outputs for weights ``w`` and data ``x``.

        Parameters
        ----------
        w:
            What `init` returns, one flat vector, or arrays by name.
        x:
            For one input an array ``(samples, *family, *axes)`` where its members form a box of equal
            shapes, otherwise a list in member order; for several inputs a dictionary by name; nothing
            for a network without inputs. Integers that lack the last axis of an input are one-hot.
        executor:
            Where the memory limit makes parts of the evaluation, they run here, of processes, threads or
            machines. Each of them may use as much memory as the limit says.

        Returns
        -------
        An array ``(samples, *family, *legs)`` for one output, a dictionary by name for several. Of a scaled
        model each output is a pair ``(mantissa, scale)`` and stands for ``mantissa * 2**scale``; the scale holds
        whole numbers, one for each sample and member (its last axes have length 1).

        Raises
        ------
        TnError
            Where something is missing, unknown, of the wrong shape or no number.
        UsageError
            For names of weights that are no texts, and for what is no executor.
        """
        data, pieces = self._data_in_pieces(x)
        vector = self._vector(w)
        if executor is None and len(pieces) == 1:
            return self._function("score")(vector, *data)
        return self._joined([*self._parts("score", pieces, vector, data, {}, executor)])

    def bind(self, w: Weights | Mapping[str, Array] | Array) -> Bound:
        """What depends on the weights ``w`` alone, computed once: a function of the data that gives what `score` gives.

        It keeps a copy of the weights, so ``w`` may change afterwards. Raises TnError where they do not fit.
        """
        vector = self._vector(w).copy()
        if not self._inputs:
            return Bound(self, vector, partial(self._function("score"), vector))
        scorer = self._scoring.bind(vector)
        return Bound(self, vector, _captured(scorer) if self._capture else scorer)

    def score_and_gradient(
        self,
        w: Weights | Mapping[str, Array] | Array,
        x: object = None,
        cotangent: object = None,
        *,
        executor: Executor | None = None,
    ) -> tuple[Any, Any]:
        """The outputs, and the gradient of their product with ``cotangent`` (ones if there is none; a number stands for all).

        The gradient is summed over the samples. It is `Weights` if ``w`` is given by name, and a flat
        vector if ``w`` is one. Of complex weights it is ``dL/d(Re w) + i dL/d(Im w)``.

        Of a scaled model the gradient is a pair as well, with an exponent for each weight (one array, maybe one that cannot
        be written to, as all weights may have the same exponent), and a cotangent may be
        a pair ``(mantissa, scale)``, as `score` returns one.
        """
        reader = self._reader()
        vector, data = self._vector(w), self._data(reader, x)
        given = {} if cotangent is None else self._cotangent(reader, cotangent)
        pieces = self._plans.pieces(reader.samples or 0, with_gradient=True)
        if executor is None and len(pieces) == 1:
            value, gradient = self._function("score_and_gradient")(vector, *data, **given)
        else:
            parts = self._parts("score_and_gradient", pieces, vector, data, given, executor)
            if executor is not None and self.scaled:  # somebody else may hold these arrays
                parts = ((value, (gradient[0].copy(), gradient[1])) for value, gradient in parts)
            value, gradient = self._added(parts)
        return value, self._named(gradient) if isinstance(w, Weights | Mapping) else gradient

    def _added(self, parts: Iterator[Any]) -> tuple[Any, Any]:
        """The outputs of all samples and the sum of the gradients, which are added as they come."""
        value, total = next(parts)
        values = [value]
        for value, gradient in parts:
            values.append(value)
            total = aligned_sum(total, gradient, self._library) if self.scaled else total + gradient
        return self._joined(values), total

    def _joined(self, values: Sequence[Any]) -> Any:
        """The outputs of all samples, from those of pieces."""
        return join(values, self._library) if len(values) > 1 else values[0]

    def _named(self, gradient: Any) -> Any:
        """A gradient by name; of a scaled model its mantissas and its exponents."""
        if self.scaled:
            return tuple(Weights(self._layout, part) for part in gradient)
        return Weights(self._layout, gradient)

    def _parts(
        self,
        function: str,
        pieces: Sequence[tuple[int, int]],
        vector: Array,
        data: Sequence[Array | list[Array]],
        options: Mapping[str, Any],
        executor: Executor | None,
    ) -> Iterator[Any]:
        """What a function of the module returns for each piece of the samples, one after the other."""
        source = self._scoring_source if function == "score" else self.source

        def call(arguments: tuple[Any, ...], given: dict[str, Any]) -> Call:
            return Call(source, self.network.name, function, (vector, *arguments), given)

        if executor is not None:
            return self._over(executor, function != "score", pieces, data, options, call)
        run = self._function(function)
        calls = (call(*_piece_of(data, options, *piece)) for piece in pieces)
        return (run(*one.arguments, **one.options) for one in calls)

    def _over(
        self,
        executor: Executor,
        differentiated: bool,
        pieces: Sequence[tuple[int, int]],
        data: Sequence[Array | list[Array]],
        options: Mapping[str, Any],
        call: Callable[[tuple[Any, ...], dict[str, Any]], Call | BoundCall],
    ) -> Iterator[Any]:
        """What calls return for each piece of the samples, each slice a call of its own."""
        if not callable(getattr(executor, "submit", None)):
            raise UsageError(f"`executor` is an executor of `concurrent.futures`, not {executor!r}")
        slices = self._plans.schedule(differentiated).slices
        each = [{}] if slices is None else [{"slices": (number,)} for number in range(slices.count)]
        parts = [_piece_of(data, options, *piece) for piece in pieces]
        rows = [[call(some, given | one) for one in each] for some, given in parts]
        return over(executor, rows, partial(self._sum, differentiated))

    def _sum(self, differentiated: bool, one: Any, other: Any) -> Any:
        """The sum of two results of slices, as the module adds them up."""
        if not self.scaled:
            return added(one, other)
        if not differentiated:
            return sum_of_outputs(one, other, self._library)
        value = sum_of_outputs(one[0], other[0], self._library)
        return value, sum_of_gradients(one[1], other[1], self._layout.blocks, self._library)

    # --- checks ---------------------------------------------------------------------------------------

    @cached_property
    def _library(self) -> ModuleType:
        return import_module(LIBRARIES[self.target][0])

    def _reader(self) -> Reader:
        return Reader(self._library, self.dtype)

    @cached_property
    def _inputs(self) -> Mapping[str, Expected]:
        batched = self._plans.batched
        names = [name for name, tensor in self.network.tensors.items() if tensor.role == "input"]
        return {name: expected(batched, name, self._plans.batch) for name in names}

    @cached_property
    def _outputs(self) -> Mapping[str, Expected]:
        return {name: expected(self._plans.batched, name, self._plans.batch) for name in self.network.outputs}

    def _vector(self, w: Weights | Mapping[str, Array] | Array) -> Array:
        if isinstance(w, Mapping):
            return flat_weights(self._layout, w, self._library.empty(self._layout.size, self.dtype))
        given = w.flat if isinstance(w, Weights) else w
        wanted = Expected("the vector of weights", (), ((self._layout.size,),), True)
        return self._reader().read(wanted, given, one_hot=False)

    def _data(self, reader: Reader, x: object) -> list[Array | list[Array]]:
        if not self._inputs:
            if x is not None:
                raise TnError(f"the network `{self.network.name}` has no input, but data are given")
            return []
        if x is None:
            raise TnError(f"the input `{next(iter(self._inputs))}` is missing")
        values = named(tuple(self._inputs), x, "input")
        return [reader.read(wanted, values[name], one_hot=True) for name, wanted in self._inputs.items()]

    def _data_in_pieces(self, x: object) -> tuple[list[Array | list[Array]], list[tuple[int, int]]]:
        """The data, and where the samples of each piece begin and end."""
        reader = self._reader()
        data = self._data(reader, x)
        return data, self._plans.pieces(reader.samples or 0, with_gradient=False)

    def _cotangent(self, reader: Reader, cotangent: object) -> dict[str, object]:
        """The arguments of `score_and_gradient` for a cotangent, by keyword."""
        values = named(tuple(self._outputs), cotangent, "output")
        pairs = {name: self._pair(value) for name, value in values.items()}
        mantissas = {name: reader.spread(wanted, pairs[name][0]) for name, wanted in self._outputs.items()}
        if all(scale is None for _, scale in pairs.values()):
            return {"cotangent": _only(mantissas)}
        of = ScaleReader(self._plans.batched, self._plans.batch, self._library)
        scales = {
            name: of.read(wanted, mantissas[name], pairs[name][1]) for name, wanted in self._outputs.items()
        }
        return {"cotangent": _only(mantissas), "cotangent_scale": _only(scales)}

    def _pair(self, value: object) -> tuple[object, object]:
        """A cotangent and its exponents, None where it is given without."""
        return value if self.scaled and isinstance(value, tuple) and len(value) == 2 else (value, None)


class Bound:
    """A model with its weights: `Model.bind` makes it, and called with data it scores them."""

    def __init__(self, model: Model, vector: Array, scorer: Callable[..., Any]) -> None:
        self.model, self._vector, self._scorer = model, vector, scorer

    def __repr__(self) -> str:
        return f"{self.model!r}.bind(...)"

    def __call__(self, x: object = None, *, executor: Executor | None = None) -> Any:
        """The outputs for the data ``x``, as `Model.score` takes and returns them.

        Over an ``executor`` run the parts that it runs there as well; each process binds the weights once. Raises TnError and UsageError likewise.
        """
        model = self.model
        if executor is not None and not model._inputs:
            return model.score(self._vector, x, executor=executor)
        data, pieces = model._data_in_pieces(x)
        if executor is not None:
            return model._joined([*model._over(executor, False, pieces, data, {}, self._call)])
        if len(pieces) == 1:
            return self._scorer(*data)
        return model._joined([self._scorer(*(cut(one, *piece) for one in data)) for piece in pieces])

    def _call(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> BoundCall:
        # One that replays graphs is not shared: it owns the arrays that it returns.
        shared = isinstance(self._scorer, FunctionType)
        return BoundCall(self._sent, arguments, options, self._scorer if shared else None)

    @cached_property
    def _sent(self) -> Sent:
        source = self.model._scoring_source
        key = sha256(source.encode() + self._vector.tobytes()).digest()
        return Sent(key, source, self.model.network.name, self._vector)


def _piece_of(
    data: Sequence[Array | list[Array]], options: Mapping[str, Any], start: int, stop: int
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Some samples of the data, and of what is given by keyword."""
    arguments = tuple(cut(one, start, stop) for one in data)
    return arguments, {name: cut(value, start, stop) for name, value in options.items()}


def _captured(function: FunctionType) -> Captured:
    """The function as one that replays graphs."""
    from tncompile.runtime.capture import Captured  # noqa: PLC0415  for models of CuPy alone

    return Captured(function)


def _only(values: Mapping[str, object]) -> object:
    """The value of the only name, or all of them."""
    return values if len(values) > 1 else next(iter(values.values()))


__all__ = ["Bound", "Model", "loaded"]
