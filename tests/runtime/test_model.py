"""The Python interface of a compiled network: weights by name, data of every shape, and what is refused."""

import stat

import numpy as np
import pytest

import tncompile as tn

TRAIN = """# A tensor train.
network train
size d = 5, n = 3, r = 4, C = 2
let bond[k in 0..d] = 1 if k == 0 else C if k == d else r
input  x[1..d](n)
weight G[k in 1..d](bond[k-1], n, bond[k])
h[1](b) = sum(G[1](a, i, b) over a) * x[1](i)
h[k](b) = G[k](a, i, b) * x[k](i) * h[k-1](a)      for k in 2..d
output score(y) = h[d](y)
"""
TWO = """network two
size n = 3, m = 2, d = 2
input x[1..d](n)
input z(m)
weight A[1..d](n, m)
weight B(m)
output y[k](j) = A[k](i, j) * x[k](i) * z(j)      for k in 1..d
output s() = B(j) * z(j)
"""
UNEVEN = """network uneven
size d = 3
input x[k in 1..d](k + 1)
weight A[k in 1..d](k + 1)
f[k]() = A[k](i) * x[k](i)      for k in 1..d
output y() = sum(f[k]() for k in 1..d)
"""
ALONE = """network alone
size n = 3
weight A[1..2](n)
output y(i) = A[1](i) * A[2](i)
"""


@pytest.fixture(scope="module")
def train():
    return tn.compile(tn.load(TRAIN))


def data(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def by_hand(w, x):
    h = np.einsum("aib,si->sb", w["G[1]"], x[:, 0])
    for k in range(2, 6):
        h = np.einsum("aib,si,sa->sb", w[f"G[{k}]"], x[:, k - 1], h)
    return h


# --- weights -----------------------------------------------------------------------------------------


def test_names_are_views_of_one_vector(train):
    w = train.init(0)
    assert list(train.weights) == list(w) == [f"G[{k}]" for k in range(1, 6)]
    assert train.weights["G[3]"] == w["G[ 3 ]"].shape == (4, 3, 4)
    assert len(w) == 5
    assert "G[2]" in w
    assert "G" in w
    assert "G[6]" not in w
    w["G[3]"][...] = 7
    assert (w.flat == 7).sum() == 48
    w["G[2]"] = 1
    assert (w["G[2]"] == 1).all()
    assert [a.shape for a in w["G"]] == [(1, 3, 4), (4, 3, 4), (4, 3, 4), (4, 3, 4), (4, 3, 2)]
    assert np.shares_memory(w["G"][4], w.flat)
    assert np.array_equal(np.concatenate([a.ravel() for _, a in w.items()]), w.flat)


def test_weights_are_their_flat_vector_to_numpy(train):
    w = train.init(0)
    assert np.shares_memory(np.asarray(w), w.flat)
    assert np.array_equal(np.asarray(w), w.flat)
    assert not np.shares_memory(np.array(w), w.flat)
    single = np.asarray(w, dtype="float32")
    assert single.dtype == np.float32
    assert np.allclose(single, w.flat)
    assert np.linalg.norm(w) == np.linalg.norm(w.flat)


def test_a_family_of_equal_shapes_is_one_array():
    model = tn.compile(tn.load(TWO))
    w = model.init(0)
    assert w["A"].shape == (2, 3, 2)
    assert np.shares_memory(w["A"], w.flat)
    assert np.array_equal(w["A"][1], w["A[2]"])


def test_an_unknown_weight_is_named_with_the_nearest(train):
    with pytest.raises(KeyError, match=r"no weight is called `H\[3\]`; did you mean `G\[3\]`"):
        train.init(0)["H[3]"]


def test_weights_may_be_a_vector_or_arrays_by_name(train):
    w, x = train.init(0), data(4, 5, 3)
    wanted = by_hand(w, x)
    np.testing.assert_allclose(train.score(w, x), wanted)
    np.testing.assert_allclose(train.score(w.flat, x), wanted)
    np.testing.assert_allclose(train.score(dict(w.items()), x), wanted)
    np.testing.assert_allclose(train.score({"G": w["G"]}, x), wanted)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: {**w, "G[9]": 0}, r"no weight is called `G\[9\]`"),
        (lambda w: {k: v for k, v in w.items() if k != "G[2]"}, r"no values are given for `G\[2\]`"),
        (lambda w: {**w, "G[2]": np.zeros((4, 3))}, r"`G\[2\]` has the shape \(4, 3, 4\), here is \(4, 3\)"),
        (lambda _: np.zeros(3), r"the vector of weights has the shape \(180,\), here is \(3,\)"),
        (lambda _: np.zeros(180, complex), "holds complex numbers"),
        (lambda _: np.array(["a"] * 180), "not numbers"),
        (lambda _: "abc", "not numbers"),
    ],
)
def test_wrong_weights_are_refused(train, change, message):
    with pytest.raises(tn.TnError, match=message):
        train.score(change(dict(train.init(0).items())), data(4, 5, 3))


# --- values and gradients ----------------------------------------------------------------------------


def test_the_gradient_is_like_the_weights(train):
    w, x, bar = train.init(0), data(4, 5, 3), data(4, 2, seed=1)
    y, g = train.score_and_gradient(w, x, bar)
    np.testing.assert_allclose(y, by_hand(w, x))
    move = train.init(5)
    h = 1e-6
    up, down = (np.sum(bar * train.score(w.flat + s * move.flat, x)) for s in (h, -h))
    np.testing.assert_allclose(g.flat @ move.flat, (up - down) / (2 * h), rtol=1e-8)
    assert g["G[2]"].shape == (4, 3, 4)
    _, flat = train.score_and_gradient(w.flat, x, bar)
    assert isinstance(flat, np.ndarray)
    np.testing.assert_allclose(flat, g.flat)


def test_without_a_cotangent_it_is_ones(train):
    w, x = train.init(0), data(4, 5, 3)
    _, ones = train.score_and_gradient(w, x, np.ones((4, 2)))
    _, none = train.score_and_gradient(w, x)
    assert np.array_equal(ones.flat, none.flat)


def test_neither_weights_nor_data_are_changed(train):
    w, x = train.init(0), data(4, 5, 3)
    before = w.flat.copy(), x.copy()
    y, g = train.score_and_gradient(w, x)
    y += 1
    g.flat[:] = 0
    assert np.array_equal(w.flat, before[0])
    assert np.array_equal(x, before[1])


@pytest.mark.parametrize("samples", [1, 2, 300])
def test_the_number_of_samples_is_read_from_the_data(train, samples):
    w, x = train.init(0), data(samples, 5, 3)
    np.testing.assert_allclose(train.score(w, x), by_hand(w, x))


def test_arrays_may_lie_in_memory_as_they_like(train):
    w, x = train.init(0), data(4, 5, 3)
    np.testing.assert_allclose(train.score(w, np.asfortranarray(x)), by_hand(w, x))
    np.testing.assert_allclose(train.score(w, data(8, 10, 3)[::2, ::2]), by_hand(w, data(8, 10, 3)[::2, ::2]))


def test_several_inputs_and_outputs_go_by_name():
    model = tn.compile(tn.load(TWO))
    w, x, z = model.init(0), data(4, 2, 3), data(4, 2, seed=1)
    values = model.score(w, {"x": x, "z": z})
    np.testing.assert_allclose(values["y"], np.einsum("kij,ski,sj->skj", w["A"], x, z))
    np.testing.assert_allclose(values["s"], z @ w["B"])
    bars = {"y": data(4, 2, 2, seed=2), "s": data(4, seed=3)}
    _, g = model.score_and_gradient(w, {"x": x, "z": z}, bars)
    np.testing.assert_allclose(g["A"], np.einsum("skj,ski,sj->kij", bars["y"], x, z))
    np.testing.assert_allclose(g["B"], bars["s"] @ z)


def test_members_of_different_shapes_are_a_list():
    model = tn.compile(tn.load(UNEVEN))
    w, x = model.init(0), [data(4, k + 1, seed=k) for k in (1, 2, 3)]
    np.testing.assert_allclose(model.score(w, x), sum(a @ b for a, b in zip(x, w["A"], strict=True)))
    _, g = model.score_and_gradient(w, x)
    np.testing.assert_allclose(g["A[2]"], x[1].sum(axis=0))
    with pytest.raises(
        tn.TnError, match="`x` is a list of 3 arrays, one for each member; here is an array of shape"
    ):
        model.score(w, data(4, 3, 2))
    with pytest.raises(tn.TnError, match="`x` has 3 members, here are 2 arrays"):
        model.score(w, x[:2])
    with pytest.raises(tn.TnError, match=r"`x\[2\]` has the shape \(samples, 3\), here is \(4, 2\)"):
        model.score(w, [x[0], x[0], x[2]])
    with pytest.raises(tn.TnError, match=r"`x\[3\]` holds 5 samples, `x\[1\]` holds 4"):
        model.score(w, [x[0], x[1], data(5, 4)])


def test_a_network_without_inputs_has_no_samples():
    model = tn.compile(tn.load(ALONE))
    w = model.init(0)
    y, g = model.score_and_gradient(w, cotangent=np.arange(3.0))
    np.testing.assert_allclose(y, w["A[1]"] * w["A[2]"])
    np.testing.assert_allclose(g["A[1]"], np.arange(3.0) * w["A[2]"])
    with pytest.raises(tn.TnError, match="has no input, but data are given"):
        model.score(w, np.zeros(3))


def test_integers_without_the_last_axis_are_one_hot(train):
    w, words = train.init(0), np.random.default_rng(0).integers(0, 3, (6, 5))
    np.testing.assert_allclose(train.score(w, words), train.score(w, np.eye(3)[words]))
    with pytest.raises(tn.TnError, match="choose one of 3 entries of its last axis, 0 to 2; here is 3"):
        train.score(w, words + 1)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros((4, 5, 2)), r"`x` has the shape \(samples, 5, 3\), here is \(4, 5, 2\)"),
        (np.zeros((5, 3)), r"for one sample write x\[None\]"),
        (np.zeros((4, 5, 3), complex), "holds complex numbers"),
        (None, "the input `x` is missing"),
        ({"z": np.zeros((4, 5, 3))}, "no input is called `z`; this network has `x`"),
        ({}, "the input `x` is missing"),
        (["a", "b"], "not numbers"),
        ([[1, 2], [3]], "cannot be read as one array"),
    ],
)
def test_wrong_data_are_refused(train, x, message):
    with pytest.raises(tn.TnError, match=message):
        train.score(train.init(0), x)


def test_a_wrong_cotangent_is_refused(train):
    with pytest.raises(tn.TnError, match=r"`score` has the shape \(samples, 2\), here is \(4, 3\)"):
        train.score_and_gradient(train.init(0), data(4, 5, 3), np.zeros((4, 3)))


@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("memory", [None, 20_000])
def test_a_number_is_a_cotangent_for_all(scaled, memory):
    model = tn.compile(tn.load(TRAIN), scaled=scaled, memory=memory)
    w, x = model.init(0).flat, data(7, 5, 3)
    wanted = model.score_and_gradient(w, x, np.full((7, 2), 2.5))
    for found, expected in zip(model.score_and_gradient(w, x, 2.5), wanted, strict=True):
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)
    with pytest.raises(tn.TnError, match="`score` holds complex numbers"):
        model.score_and_gradient(w, x, 1j)


def test_several_inputs_need_a_dictionary():
    model = tn.compile(tn.load(TWO))
    with pytest.raises(tn.TnError, match="this network has the inputs `x`, `z`: give a dictionary by name"):
        model.score(model.init(0), data(4, 2, 3))


# --- the module ------------------------------------------------------------------------------------------


def test_save_writes_the_source_whole_or_not_at_all(train, tmp_path):
    path = tmp_path / "net.py"
    path.write_text("before", encoding="utf-8")
    train.save(path)
    assert path.read_text(encoding="utf-8") == train.source
    assert [p.name for p in tmp_path.iterdir()] == ["net.py"]
    with pytest.raises(tn.TnError, match="no such file or folder"):
        train.save(tmp_path / "missing" / "net.py")
    if path.stat().st_uid != 0:
        path.chmod(stat.S_IRUSR)
        with pytest.raises(tn.TnError, match="cannot write"):
            train.save(path)


def test_a_complex_network_needs_a_complex_dtype():
    text = ALONE.replace("size n", "field complex\nsize n")
    assert tn.compile(tn.load(text)).dtype == "complex128"
    with pytest.raises(tn.TnError, match="compile it with dtype complex64"):
        tn.compile(tn.load(text), dtype="float32")


@pytest.mark.parametrize("options", [{"target": "torch"}, {"dtype": "float16"}])
def test_an_unknown_target_or_dtype_is_refused(options):
    with pytest.raises(tn.UsageError, match="there are"):
        tn.compile(tn.load(ALONE), **options)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        *(({"memory": value}, "number of bytes") for value in ("1X", "", -1, 0, True, 1.5, [1], 1j)),
        *(({"memory": float(value)}, "number of bytes") for value in ("nan", "inf", "-inf")),
        ({"objective": 5}, "`objective` is an `Objective`.*not 5"),
        ({"objective": 0}, "`objective` is an `Objective`.*not 0"),
        ({"scaled": "yes"}, "`scaled` is True or False, not 'yes'"),
        ({"capture": 1}, "`capture` is True or False, not 1"),
    ],
)
def test_an_argument_of_another_kind_is_refused(options, wanted):
    with pytest.raises(tn.UsageError, match=wanted):
        tn.compile(tn.load(ALONE), **options)


@pytest.mark.parametrize(
    ("memory", "limit"), [("20K", "20,000"), ("20k", "20,000"), (np.int64(5000), "5,000"), (2e4, "20,000")]
)
def test_a_memory_limit_is_a_number_or_a_text(memory, limit):
    with pytest.raises(tn.TnError, match=f"the limit is {limit} bytes"):
        tn.compile(tn.load(TRAIN, r=1000), memory=memory).source.count("")


@pytest.mark.parametrize("budget", ["5s", -1, float("nan"), float("inf"), True])
def test_a_budget_is_a_number_of_seconds(budget):
    with pytest.raises(tn.UsageError, match="`budget` is seconds"):
        tn.Objective(budget=budget)
    assert tn.Objective(budget=np.float32(2.0)).budget == 2


@pytest.mark.parametrize("options", [{"seed": 1.5}, {"seed": -1}, {"flops": "a"}, {"power": None}])
def test_weights_of_an_objective_are_numbers(options):
    with pytest.raises(tn.UsageError, match=f"`{next(iter(options))}` is"):
        tn.Objective(**options)


def test_calls_of_a_model_say_what_they_take(train):
    w = train.init(0)
    for call in (
        lambda: train.bind({1: 2}),
        lambda: train.score({1: 2}, data(2, 5, 3)),
        lambda: train.score(w, data(2, 5, 3), executor=5),
        lambda: train.score_and_gradient(w, data(2, 5, 3), executor=5),
        lambda: train.save(5),
    ):
        with pytest.raises(tn.UsageError, match=r"not (by 1|5)$"):
            call()


def test_a_plan_past_the_memory_limit_is_refused():
    net = tn.load(TRAIN, r=1000)
    with pytest.raises(
        tn.TnError, match=r"needs .* GB at its peak for 1 sample; the limit is 1,000 bytes.*`G`"
    ):
        tn.compile(net, memory=1000).score(np.zeros(9_012_000), np.zeros((1, 5, 3)))
    two = TRAIN + "output norm() = G[1](a, i, b) * G[1](a, i, b)\n"  # once, not for each sample
    model = tn.compile(tn.load(two), memory=1_000_000)
    w = model.init(0)
    model.score(w, data(100, 5, 3))
    with pytest.raises(tn.TnError, match=r"for 100000 samples.*\n.*fewer samples at a time would shrink it"):
        model.score(w, np.zeros((100_000, 5, 3)))


LIST = """network conditional
size T = 4, n = 2, r = 2
input x[1..T](n)
weight A(r, n)
output y[t](a in 1..r) = (A(a, i) * x[t](i) if t > 1 else one(a)) for t in 1..T if t != 2
"""


@pytest.mark.parametrize("scaled", [False, True])
def test_what_is_a_list_hangs_on_the_rules_as_they_are_written(scaled):
    """In order, this rule is two, and neither has a condition."""
    model = tn.compile(tn.load(LIST), scaled=scaled)
    w, x = model.init(0), np.random.default_rng(0).standard_normal((3, 4, 2))
    value = model.score(w, x)
    members = value[0] if scaled else value
    assert [member.shape for member in members] == [(3, 2)] * 3
    again, slope = model.score_and_gradient(w, x, members)
    assert [member.shape for member in (again[0] if scaled else again)] == [(3, 2)] * 3
    plain = slope[0]["A"] * 2.0 ** slope[1]["A"] if scaled else slope["A"]
    np.testing.assert_allclose(plain, members[1].T @ x[:, 2] + members[2].T @ x[:, 3], rtol=1e-12)


def test_an_output_whose_members_have_different_numbers_of_axes_has_a_score_and_no_gradient():
    text = (
        "network ragged\nsize r = 2\ninput x(r)\nweight W[t in 2..3](r for k in 1..t)\n"
        "output z[t](a[k] for k in 1..t) = W[t](a[k] for k in 1..t) * x(i) * x(i) for t in 2..3\n"
    )
    model = tn.compile(tn.load(text))
    w, x = model.init(0), np.ones((5, 2))
    assert [member.shape for member in model.score(w, x)] == [(5, 2, 2), (5, 2, 2, 2)]
    with pytest.raises(tn.TnError, match="`z` have different numbers of axes"):
        model.score_and_gradient(w, x)
