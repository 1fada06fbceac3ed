"""Modules: how parts and parameters are found, saved, loaded and converted, and what errors say."""

import copy
import gc
import pickle

import numpy as np
import pytest

import autograd_lite as ag
import nn


class Net(nn.Module):
    def __init__(self):
        self.features = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten())
        self.classifier = nn.Sequential(nn.Linear(32, 5), nn.Dropout(0.5), nn.Linear(5, 3))
        self.scale = nn.Parameter([1.0])

    def forward(self, x):
        return self.classifier(self.features(x)) * self.scale


IMAGES = np.random.default_rng(0).random((4, 1, 6, 6), np.float32)


def test_parameters_are_found_in_the_order_of_assignment_with_dotted_names():
    names = [name for name, _ in Net().named_parameters()]
    assert names == [
        "scale", "features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias",
        "classifier.0.weight", "classifier.0.bias", "classifier.2.weight", "classifier.2.bias",
    ]  # fmt: skip


def test_parts_and_buffers_are_found_with_dotted_names():
    net = Net()
    assert [name for name, _ in net.named_modules()][:4] == ["", "features", "features.0", "features.1"]
    assert [name for name, _ in net.named_buffers()] == [
        f"features.1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")
    ]
    assert net.get_submodule("classifier.2") is net.classifier[2]
    with pytest.raises(AttributeError, match=r"no part 'classifier\.7'"):
        net.get_submodule("classifier.7")


def test_a_shared_parameter_is_listed_once_but_saved_under_each_name():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias", "1.bias"]
    assert set(model.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}


def test_the_mode_reaches_every_part():
    net = Net().eval()
    assert not any(part.training for part in net.modules())
    assert all(part.training for part in net.train().modules())


def test_a_saved_state_makes_another_model_answer_alike():
    one, other = Net(), Net()
    one(IMAGES)  # moves the running statistics
    report = other.load_state_dict(one.state_dict())
    assert report == ([], [])
    np.testing.assert_array_equal(one.eval()(IMAGES).data, other.eval()(IMAGES).data)


def test_a_saved_state_does_not_change_with_the_model():
    model = nn.Linear(2, 2)
    saved = model.state_dict()
    before = saved["weight"].copy()
    nn.init.zeros_(model.weight)
    np.testing.assert_array_equal(saved["weight"], before)


def test_a_state_that_does_not_fit_is_refused_naming_everything_and_nothing_is_loaded():
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 2))
    before = model.state_dict()
    state = {**before, "0.weight": np.zeros((2, 4)), "2.weight": np.zeros(1), "0.bias": np.ones(2)}
    del state["1.bias"]
    with pytest.raises(nn.StateError) as caught:
        model.load_state_dict(state)
    for text in ("0.weight should have shape (2, 3) but has (2, 4)", "1.bias is missing", "2.weight is unknown"):
        assert text in str(caught.value)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_a_partial_state_can_be_loaded_when_asked_but_not_with_wrong_shapes():
    model = nn.Linear(2, 2)
    report = model.load_state_dict({"bias": np.array([5.0, 6.0]), "more": np.zeros(1)}, strict=False)
    assert report.missing_keys == ["weight"]
    assert report.unexpected_keys == ["more"]
    assert model.bias.tolist() == [5.0, 6.0]
    with pytest.raises(nn.StateError, match="bias"):
        model.load_state_dict({"bias": np.zeros(3)}, strict=False)


def test_loading_keeps_dtype_and_identity_of_parameters():
    model = nn.Linear(2, 2)
    weight = model.weight
    model.load_state_dict({"weight": np.ones((2, 2), np.float64), "bias": [0, 1]})
    assert model.weight is weight
    assert weight.dtype == np.float32


def test_states_may_hold_tensors_and_must_be_mappings():
    one, other = nn.Linear(2, 2), nn.Linear(2, 2)
    other.load_state_dict(dict(one.named_parameters()))
    np.testing.assert_array_equal(one.weight.data, other.weight.data)
    with pytest.raises(nn.StateError, match=r"mapping from names to arrays, not str; .* with nn\.load\(path\)"):
        one.load_state_dict("m.npz")


@pytest.mark.parametrize("dtype", [int, np.uint8, bool, complex])
def test_only_floating_point_dtypes_can_be_converted_to_and_nothing_changes_before(dtype):
    net = Net()
    before = {name: (parameter, parameter.node) for name, parameter in net.named_parameters()}
    for convert in (net.astype, net.to):
        with pytest.raises(ag.DTypeError, match="Net computes with floating point numbers"):
            convert(dtype)
    with pytest.raises(ag.DTypeError, match="require gradients"):
        net.scale.become([1, 2])
    assert {name: (parameter, parameter.node) for name, parameter in net.named_parameters()} == before
    assert {parameter.dtype for parameter in net.parameters()} == {np.dtype(np.float32)}
    assert net.scale.tolist() == [1.0]


def test_conversion_changes_floating_point_tensors_in_place():
    net = Net()
    first = next(net.parameters())
    assert net.double() is net
    assert next(net.parameters()) is first
    assert {t.dtype for t in net.parameters()} == {np.dtype(np.float64)}
    assert net.features[1].running_mean.dtype == np.float64
    assert net.features[1].num_batches_tracked.dtype == np.int64
    assert net(IMAGES.astype(np.float64)).dtype == np.float64


def test_layers_are_float32_and_stay_so_forwards_and_backwards():
    net = Net()
    loss = nn.CrossEntropyLoss()(net(IMAGES), [0, 1, 2, 0])
    loss.backward()
    assert loss.dtype == np.float32
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype(np.float32)}


def test_frozen_parameters_get_no_gradient():
    model = nn.Sequential(nn.Linear(3, 3).requires_grad_(False), nn.Linear(3, 1))
    model(np.ones((2, 3), np.float32)).sum().backward()
    assert model[0].weight.grad is None
    assert model[1].weight.grad is not None
    model.zero_grad()
    assert model[1].weight.grad is None


def test_repr_shows_the_tree():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Dropout(0.2)))
    assert repr(model) == (
        "Sequential(\n  (0): Linear(2, 3)\n  (1): Sequential(\n    (0): ReLU()\n    (1): Dropout(p=0.2)\n  )\n)"
    )


def test_a_wrong_shape_names_the_layer_by_its_path_and_both_shapes():
    net = Net()
    with pytest.raises(ag.ShapeError) as caught:
        net(np.zeros((4, 1, 7, 7), np.float32))
    assert str(caught.value) == "Linear 'classifier.0': expected input (..., 32), got (4, 50)."
    with pytest.raises(ag.ShapeError, match=r"Conv2d 'features\.0': expected input \(N, 1, H, W\), got \(4, 3, 6, 6\)"):
        net(np.zeros((4, 3, 6, 6), np.float32))


def test_other_errors_get_a_note_that_names_the_layer():
    class Broken(nn.Module):
        def forward(self, x):
            raise KeyError("lost")

    with pytest.raises(KeyError) as caught:
        nn.Sequential(nn.ReLU(), nn.Sequential(Broken()))(np.zeros(3))
    assert caught.value.args == ("lost",)
    assert caught.value.__notes__ == ["In Broken '1.0'."]


def test_a_module_without_forward_says_so():
    with pytest.raises(TypeError, match=r"Module defines no forward"):
        nn.Module()(1)


def test_forward_hooks_see_and_replace_and_can_be_removed():
    model, seen = nn.ReLU(), []
    with model.register_forward_hook(lambda module, inputs, output: seen.append((inputs[0], output.tolist()))):
        model([-1.0, 1.0])
    model([5.0])
    assert seen == [([-1.0, 1.0], [0.0, 1.0])]
    handle = model.register_forward_hook(lambda module, inputs, output: output * 2)
    model.register_forward_pre_hook(lambda module, inputs: (np.add(inputs[0], 1.0),))
    assert model([1.0]).tolist() == [4.0]
    handle.remove()
    handle.remove()
    assert model([1.0]).tolist() == [2.0]


@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_hook_that_removes_itself_lets_the_others_run(register):
    model, seen = nn.ReLU(), []
    handles = []

    def once(*arguments):
        seen.append("once")
        handles[0].remove()

    handles.append(getattr(model, register)(once))
    getattr(model, register)(lambda *arguments: seen.append("always"))
    model([1.0])
    model([1.0])
    assert seen == ["once", "always", "always"]


@pytest.mark.parametrize("register", ["register_forward_hook", "register_forward_pre_hook"])
def test_a_handle_removes_its_own_registration_only(register):
    model, seen = nn.ReLU(), []
    first, _ = (getattr(model, register)(lambda *arguments: seen.append(1)) for _ in range(2))

    def hook(*arguments):
        seen.append(2)

    first.remove()
    one = getattr(model, register)(hook)
    getattr(model, register)(hook)
    one.remove()
    one.remove()
    model([1.0])
    assert seen == [1, 2]


def test_calls_are_noted_at_the_nodes_of_outputs_with_the_nodes_of_inputs():
    net = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.0))
    x = ag.Tensor(np.ones((1, 3), np.float32), requires_grad=True)
    y = net(x)
    assert [module for module, _ in y.node.calls] == [net[0], net]  # dropout computed nothing
    assert y.node.calls[0][1] == (x.node,)
    with ag.no_grad():
        assert net(x).node is None


def drawn(outputs):
    """The calls of modules in a graph, and the operations outside of them."""
    graph = ag.graph.trace(outputs)
    assert all(node.module for node in graph if node.kind == "parameter")
    calls = [f"{call.kind} {call.number}" for call in graph.modules if call.parent is None]
    return calls, [node.op for node in graph if node.kind == "op" and node.module is None]


def test_two_calls_on_data_are_two_calls():
    critic = nn.Linear(3, 1)
    loss = critic(np.ones((2, 3))).sum() - critic(np.zeros((2, 3))).sum()
    assert drawn(loss) == (["Linear 1", "Linear 2"], ["Sum", "Sum", "Sub"])


def test_each_step_of_a_cell_is_a_call_of_its_own():
    cell, state = nn.LSTMCell(3, 4), None
    for row in np.ones((3, 2, 3)):
        state = cell(row, state)
    calls, outside = drawn(state[0].sum() + state[1].sum())
    assert calls == ["LSTMCell 1", "LSTMCell 2", "LSTMCell 3"]
    assert outside == ["Sum", "Sum", "Add"]


def test_a_call_of_which_only_the_last_state_is_used_is_a_call():
    _, (hidden, _) = nn.LSTM(3, 4)(np.ones((5, 2, 3)))
    assert drawn(hidden.sum()) == (["LSTM 0"], ["Sum"])


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"x": x}])
def test_what_went_in_by_name_or_in_a_list_is_not_drawn_inside(wrap):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(np.ones(2))

        def forward(self, first, *, parts):
            x = parts["x"] if isinstance(parts, dict) else parts[0]
            return wrap(x * self.scale + first)

    x = ag.Tensor([1.0, 2.0], requires_grad=True)
    result = Scaled()(x.exp(), parts=wrap(x.sin()))
    assert drawn(result["x"] if isinstance(result, dict) else result[0]) == (["Scaled 0"], ["Sin", "Exp"])


def test_passing_a_leaf_through_leaves_no_trace_that_grows():
    x = ag.Tensor([1.0], requires_grad=True)
    for _ in range(3):
        nn.Identity()(x)
    assert not hasattr(x.node, "calls")


def test_a_step_leaves_nothing_for_the_garbage_collector():
    net, loss = Net(), nn.CrossEntropyLoss()
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            loss(net(IMAGES), [0, 1, 2, 0]).backward()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_assigning_a_plain_tensor_over_a_parameter_is_refused():
    model = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"Linear\.weight is a parameter"):
        model.weight = model.weight * 2
    model.bias = None
    assert [name for name, _ in model.named_parameters()] == ["weight"]


def test_assigning_a_tensor_over_a_buffer_keeps_it_a_buffer():
    model = nn.BatchNorm1d(2)
    model.running_mean = model.running_mean * 0.5 + 1.0
    assert "running_mean" in model.state_dict()


@pytest.mark.parametrize("value", [np.array([3.0, 4.0]), np.float64(2), 5, [1, 2]])
def test_assigning_numbers_over_a_buffer_keeps_it_a_buffer_and_anything_else_is_refused(value):
    model = nn.Module()
    model.register_buffer("kept", [1.0, 2.0])
    model.register_buffer("scratch", [1.0], persistent=False)
    model.kept, model.scratch = value, value
    np.testing.assert_array_equal(model.state_dict()["kept"], value)
    assert [name for name, _ in model.named_buffers()] == ["kept", "scratch"]
    with pytest.raises(ag.DTypeError):
        model.kept = nn.ReLU()
    model.kept = None
    assert list(model.state_dict()) == []


def test_buffers_can_be_left_out_of_the_state():
    model = nn.Module()
    model.register_buffer("kept", [1.0])
    model.register_buffer("scratch", [2.0], persistent=False)
    assert list(model.state_dict()) == ["kept"]
    assert [name for name, _ in model.named_buffers()] == ["kept", "scratch"]


def test_copies_and_pickles_are_independent_and_answer_alike():
    net = Net().eval()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        np.testing.assert_array_equal(other(IMAGES).data, net(IMAGES).data)
        nn.init.zeros_(other.classifier[2].weight)
        assert abs(net.classifier[2].weight.data).max() > 0
        assert set(other.state_dict()) == set(net.state_dict())


def test_apply_visits_every_module_children_first():
    seen = []
    Net().apply(lambda module: seen.append(type(module).__name__))
    assert seen[0] == "Conv2d"
    assert seen[-1] == "Net"


def test_lazy_layers_take_their_input_size_from_the_first_input():
    model = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2))
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    model(IMAGES).sum().backward()
    optimizer.step()
    assert model[0].weight.shape == (4, 1, 3, 3)
    assert model[2].in_features == 64
    again = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2))
    again.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(again(IMAGES).data, model(IMAGES).data)


@pytest.mark.parametrize(
    ("layer", "shape", "wanted"),
    [
        (lambda: nn.LazyLinear(10), (7, 5), r"weight should have shape \(10, \?\) but has \(7, 5\)"),
        (lambda: nn.LazyLinear(10), (10, 0), r"weight should have shape \(10, \?\)"),
        (lambda: nn.LazyConv2d(4, (3, 2)), (5,), r"weight should have shape \(4, \?, 3, 2\) but has \(5,\)"),
        (lambda: nn.LazyConv1d(4, 3), (4, 2, 5), r"weight should have shape \(4, \?, 3\) but has \(4, 2, 5\)"),
    ],
)
@pytest.mark.parametrize("copied", [lambda x: x, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_lazy_layers_refuse_weights_that_can_never_fit(layer, shape, wanted, copied):
    layer = copied(layer())
    with pytest.raises(nn.StateError, match=wanted):
        layer.load_state_dict({"weight": np.ones(shape), "bias": layer.bias.data + 1})
    assert layer.weight.awaits_shape


def test_the_state_of_a_lazy_layer_before_its_first_use_can_be_loaded_again():
    layer = copy.deepcopy(nn.LazyLinear(3))
    before = layer.state_dict()
    layer(np.ones((2, 5)))
    layer.load_state_dict(before)
    assert layer(np.ones((2, 4))).shape == (2, 3)


def test_a_seed_makes_the_same_model():
    nn.manual_seed(3)
    one = Net().state_dict()
    nn.manual_seed(3)
    other = Net().state_dict()
    for name, array in one.items():
        np.testing.assert_array_equal(other[name], array)
    np.testing.assert_array_equal(nn.Linear(3, 3, rng=5).weight.data, nn.Linear(3, 3, rng=5).weight.data)


# What PyTorch 2 saves for layers made with the same arguments, read off its own state_dict().
PYTORCH = {
    nn.Linear(3, 2): {"weight": (2, 3), "bias": (2,)},
    nn.Bilinear(3, 4, 2): {"weight": (2, 3, 4), "bias": (2,)},
    nn.Embedding(5, 3): {"weight": (5, 3)},
    nn.Conv2d(4, 6, (3, 2), groups=2, bias=False): {"weight": (6, 2, 3, 2)},
    nn.Conv1d(4, 6, 3): {"weight": (6, 4, 3), "bias": (6,)},
    nn.ConvTranspose2d(4, 6, (3, 2), groups=2): {"weight": (4, 3, 3, 2), "bias": (6,)},
    nn.BatchNorm2d(3): {
        "weight": (3,), "bias": (3,), "running_mean": (3,), "running_var": (3,), "num_batches_tracked": (),
    },
    nn.LayerNorm((2, 3)): {"weight": (2, 3), "bias": (2, 3)},
    nn.RMSNorm(3): {"weight": (3,)},
    nn.GroupNorm(2, 4): {"weight": (4,), "bias": (4,)},
    nn.PReLU(): {"weight": (1,)},
    nn.GRUCell(3, 2): {"weight_ih": (6, 3), "weight_hh": (6, 2), "bias_ih": (6,), "bias_hh": (6,)},
    nn.LSTM(3, 2, num_layers=2, bidirectional=True, bias=False): {
        "weight_ih_l0": (8, 3), "weight_hh_l0": (8, 2), "weight_ih_l0_reverse": (8, 3), "weight_hh_l0_reverse": (8, 2),
        "weight_ih_l1": (8, 4), "weight_hh_l1": (8, 2), "weight_ih_l1_reverse": (8, 4), "weight_hh_l1_reverse": (8, 2),
    },
    nn.TransformerEncoderLayer(4, 2, 8): {
        "self_attn.in_proj_weight": (12, 4), "self_attn.in_proj_bias": (12,),
        "self_attn.out_proj.weight": (4, 4), "self_attn.out_proj.bias": (4,),
        "linear1.weight": (8, 4), "linear1.bias": (8,), "linear2.weight": (4, 8), "linear2.bias": (4,),
        "norm1.weight": (4,), "norm1.bias": (4,), "norm2.weight": (4,), "norm2.bias": (4,),
    },
    nn.CrossEntropyLoss(weight=[1.0, 2.0]): {"weight": (2,)},
}  # fmt: skip


@pytest.mark.parametrize("layer", PYTORCH, ids=repr)
def test_names_and_layouts_are_those_of_pytorch(layer):
    assert {name: array.shape for name, array in layer.state_dict().items()} == PYTORCH[layer]
