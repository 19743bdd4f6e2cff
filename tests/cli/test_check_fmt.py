"""`tnc check` and `tnc fmt`."""

import json

import pytest

UNTIDY = "network   t\nsize n=3\ninput x( n )\nweight w(n)\noutput y()=w(i)*x(i) # a comment\n"


def test_a_correct_file_is_ok(tnc):
    assert tnc("check", "cp.tn") == (0, "ok cp.tn\n", "")


def test_every_problem_of_every_file_is_told(tnc, write):
    bad = write(
        "bad.tn", "network t\nsize n = 3\ninput x(n)\noutput y() = u(i) * x(i)\noutput z() = v(i) * x(i)\n"
    )
    result = tnc("check", bad, "cp.tn", "nowhere.tn")
    assert result.status == 1
    assert "bad.tn:4:14: error: no tensor or definition is called `u`" in result.out
    assert "bad.tn:5:14: error: no tensor or definition is called `v`" in result.out
    assert "failed bad.tn (2 errors)" in result.out
    assert "ok cp.tn" in result.out
    assert "failed nowhere.tn (1 error)" in result.out


def test_a_warning_is_no_error(tnc, write):
    name = write("t.tn", "network t\nsize n = 3\ninput x(n), z(n)\nweight w(n)\noutput y() = w(i) * x(i)\n")
    result = tnc("check", name)
    assert result.status == 0
    assert "t.tn:3:13: warning: input `z` is never used" in result.out
    assert "ok t.tn (1 warning)" in result.out


@pytest.mark.parametrize(("equation", "message"), [
    ("w(i) * x(i) - w(i) * x(i)", "`y` is zero at all weights and data that were tried"),
    ("w(i) * x(i) + z(j) * v(j) - z(j) * v(j)", "`y` does not depend on `z`"),
    ("w(i) * x(i) + v(j) * z(j) * 0", "weight `v` has no effect"),
    ("exp(1000 * exp(w(i) * w(i))) * sum(x(j) over j) + z(k) * v(k)", "at the initial weights"),
])  # fmt: skip
def test_what_has_no_effect_is_a_warning(tnc, write, equation, message):
    head = "network t\nsize n = 3, m = 4\ninput x(n), z(m)\nweight w(n), v(m)\n"
    result = tnc("check", write("t.tn", f"{head}output y() = {equation}\n"))
    assert result.status == 0
    assert message in result.out


PRODUCT = "network t\nsize d = 200, n = 2\ninput x[1..d](n)\nweight w(n) ~ normal({})\n{}"
OUTPUT = "output y() = prod(w(i[k]) * x[k](i[k]) for k in 1..d)\n"


@pytest.mark.parametrize(("spread", "what"), [("0.01", "zero"), ("1e10", "infinite")])
def test_scores_that_leave_the_range_of_numbers_are_told_as_that_alone(tnc, write, spread, what):
    result = tnc("check", write("t.tn", PRODUCT.format(spread, OUTPUT)))
    assert f"`y` is {what} at the initial weights" in result.out
    assert "ok t.tn (1 warning)" in result.out


def test_a_weight_that_begins_at_zero_is_no_reason_to_warn(tnc, write):
    text = "network t\nsize n = 3\ninput x(n)\nweight w(n) ~ zeros\noutput y() = w(i) * x(i)\n"
    assert tnc("check", write("t.tn", text)).out == "ok t.tn\n"


def test_a_cut_without_meaning_at_these_sizes_is_a_warning(tnc, write):
    text = PRODUCT.format("1", f"{OUTPUT}cut half = x[1..d/2]\ncut far = x[1] | x[d + 1]\n")
    assert tnc("check", write("t.tn", text), "-s", "d=4").out.count("warning:") == 1
    result = tnc("check", "t.tn", "-s", "d=5")
    assert result.status == 0
    assert "t.tn:6:17: warning: cut `half`: 5/2 is not an integer" in result.out
    assert "t.tn:7:18: warning: cut `far`: `x[6]` is outside the family of `x`" in result.out


@pytest.mark.parametrize(("setting", "message"), [
    ("n=[1,2]", "`n` was given a list; it is one integer"),
    ("a=[1]", "`a` was given a list; it is one number"),
    ("edges=3", "`edges` was given one integer; it is a list"),
])  # fmt: skip
def test_a_list_in_place_of_a_number_is_told_once(tnc, write, setting, message):
    head = "network t\nsize n = 3\nnumber a = -1\nsize edges = [[1, 2]]\n"
    text = head + "input x(n)\noutput y() = sum(a * x(i) * x(i) for (j, k) in edges)\n"
    result = tnc("check", write("t.tn", text), "-s", setting)
    assert result.status == 1
    assert message in result.out
    assert "(1 error)" in result.out


def test_one_json_object_is_all_that_is_printed(tnc, write):
    bad = write("bad.tn", "network t\nsize n = 3\ninput x(n)\noutput y() = u(i) * x(i)\n")
    result = tnc("check", bad, "cp.tn", "--json")
    report = json.loads(result.out)
    assert result.err == ""
    assert [entry["ok"] for entry in report["files"]] == [False, True]
    (problem,) = report["files"][0]["problems"]
    assert (problem["kind"], problem["line"], problem["column"]) == ("error", 4, 14)


def test_sizes_reach_the_check(tnc):
    assert tnc("check", "hierarchical_tucker.tn", "-s", "d=6").status == 1


def test_fmt_writes_the_layout_and_is_done_then(tnc, write, tmp_path):
    name = write("t.tn", UNTIDY)
    assert tnc("fmt", name) == (0, "formatted t.tn\n", "")
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert "output y() = w(i) * x(i)" in text
    assert "# a comment" in text
    assert tnc("fmt", name) == (0, "", "")


def test_fmt_check_writes_nothing(tnc, write, tmp_path):
    name = write("t.tn", UNTIDY)
    assert tnc("fmt", "--check", name) == (1, "would change t.tn\n", "")
    assert (tmp_path / name).read_text(encoding="utf-8") == UNTIDY


def test_fmt_leaves_a_file_that_it_cannot_read_and_does_the_others(tnc, write, tmp_path):
    broken, good = write("broken.tn", "network t\noutput y( = 3\n"), write("t.tn", UNTIDY)
    result = tnc("fmt", broken, good)
    assert result.status == 1
    assert "broken.tn:2" in result.err
    assert (tmp_path / broken).read_text(encoding="utf-8") == "network t\noutput y( = 3\n"
    assert "formatted t.tn" in result.out


def test_fmt_formats_standard_input(process):
    result = process("fmt", "-", input=UNTIDY)
    assert result.returncode == 0
    assert "output y() = w(i) * x(i)" in result.stdout
