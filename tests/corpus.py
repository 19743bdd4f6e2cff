"""Networks that many tests run over: every example, the networks of the language page, and awkward ones."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = tuple(sorted((Path(__file__).parent.parent / "examples").glob("*.tn")))

# The networks of the language page, as far as an example does not say the same.
LANGUAGE_PAGE = {
    "deep_rac_every_step": """
network deep_rac_every_step
size T = 8, M = 3, R = 4, L = 2, C = 5
let width[l in 0..L] = M if l == 0 else R
input  x[1..T](M)
weight WI[l in 1..L](width[l], width[l-1])
weight WH[1..L](R, R)
weight WO(C, R)
h[t, 0](m) = x[t](m)                                        for t in 1..T
h[1, l](i) = WI[l](i, m) * h[1, l-1](m)                     for l in 1..L
h[t, l](i) = WI[l](i, m) * h[t, l-1](m)
           * WH[l](i, j) * h[t-1, l](j)                     for t in 2..T, l in 1..L
output y[t](c) = WO(c, i) * h[t, L](i)                      for t in 1..T
cut start_end = x[1..T//2]
cut ends      = x[1..2] | x[T-1..T]
""",
    "peps_of_the_page": """
network peps_of_the_page
size m = 3, n = 2, r = 3
let bond[k in 0..m] = r if 0 < k < m else 1
input  x[1..m, 1..m](n)
weight A[i in 1..m, j in 1..m](bond[i-1], bond[j-1], bond[i], bond[j], n)
output score() = prod(A[i, j](v[i-1, j], h[i, j-1], v[i, j], h[i, j], s[i, j]) * x[i, j](s[i, j])
                      for i in 1..m, j in 1..m)
""",
    "gnn_of_the_page": """
network gnn_of_the_page
size D = 3, H = 2, L = 2
size neighbours = [[1, 2], [1, 2, 3], [2, 3]]
let V = len(neighbours)
input  x[1..V](D)
weight W[l in 1..L](H, D if l == 1 else H)
weight top(H)
m[l, j](g) = W[l](g, a) * (x[j](a) if l == 1 else h[l-1, j](a))    for l in 1..L, j in 1..V
h[l, i](g) = prod(m[l, j](g) for j in neighbours[i])               for l in 1..L, i in 1..V
output score() = top(g) * prod(h[L, i](g) for i in 1..V)
""",
    "born_machine_of_the_page": """
network born_machine_of_the_page
field complex
size d = 6, n = 2, r = 3
input  x[1..d](n)
weight A[k in 1..d](r if k > 1 else 1, n, r if k < d else 1)
psi[k](b) = A[k](a, i, b) * x[k](i) * (psi[k-1](a) if k > 1 else one(a))                 for k in 1..d
E[k](b, b') = A[k](a, i, b) * conj(A[k](a', i, b')) * (E[k-1](a, a') if k > 1 else one(a, a'))   for k in 1..d
Z() = sum(sum(E[d](a, a') over a') over a)
output probability() = sum(psi[d](a) over a) * conj(sum(psi[d](a) over a)) / Z()
""",
}

# One thing each, small, and most of them places where something could go wrong.
AWKWARD = {
    "no_input": """
network no_input
size n = 3, m = 2
weight A(n, m), B(m, n)
output trace() = A(i, j) * B(j, i)
""",
    "diagonal_and_trace": """
network diagonal_and_trace
size n = 3
input x(n)
weight A(n, n), B(n, n, n)
output score(k) = A(i, i) * B(k, k, j) * x(j)
""",
    "hyperindex_in_every_factor": """
network hyperindex_in_every_factor
size d = 4, n = 3
input x[1..d](n)
weight A[1..d](n)
output score() = prod(A[k](i) * x[k](i) for k in 1..d)
""",
    "delta_joins_and_spreads": """
network delta_joins_and_spreads
size n = 3, m = 2
input x(n), z(n)
weight A(m)
f(i, j) = delta(i, j) * x(i)
output score(i, a) = f(i, j) * z(j) * delta(j, k, l) * x(k) * z(l) * A(a)
output matrix(i, j) = delta(i, j) * z(i)
""",
    "terms_lack_indices": """
network terms_lack_indices
size n = 3, m = 4
input x(n)
weight W(m, n), b(m), c(), u(n)
z(o) = 1 - W(o, i) * x(i) + b(o) - 2*c() + 3
output score(o, i) = z(o)^2 - x(i) / 2 + c()
output sums() = u(i) * x(i) + b(o) * z(o) + c()
output outside(i) = u(i) * (x(i) - c() * (1 + W(o, i) * b(o)))
""",
    "sum_under_a_factor": """
network sum_under_a_factor
size n = 3
input x(n)
weight A(n), B(n), C(n)
output score() = A(i) * (B(i) * x(i) + C(i)) - 2 * (A(j) * x(j) - (B(j) * x(j) - C(k) * x(k)))
""",
    "functions_of_finished_sums": """
network functions_of_finished_sums
size n = 3, m = 2
input x(n)
weight A(m, n), B(m), C(n)
h(o) = tanh(A(o, i) * x(i) + B(o))
f(o, i) = max(h(o), C(i), 0) + min(h(o), C(i))
output score(o) = sigmoid(h(o)) * softplus(B(o)) / (1 + exp(-x(i) * C(i))) + relu(abs(f(o, i)) * x(i))
output largest() = max(f(o, i) * sqrt(x(i)^2 + 1) over o, i)
output smallest(o) = min(f(o, i) over i) + log(1 + C(j)^2 * x(j)^2) + sin(B(o)) * cos(B(o)) + sign(B(o)) * step(h(o))
""",
    "softmax_over_an_index": """
network softmax_over_an_index
size n = 4, m = 3
input x(n)
weight A(m, n)
a(o) = A(o, i) * x(i)
output score(o) = exp(a(o)) / sum(exp(a(u)) over u)
""",
    "extent_one_stands_alone": """
network extent_one_stands_alone
size n = 3, r = 1
input x[1..3](n)
weight G[1..3](r, n, r)
output score() = prod(G[k](a[k-1], i[k], a[k]) * x[k](i[k]) for k in 1..3)
""",
    "state_used_twice": """
network state_used_twice
size d = 4, n = 2
input x[1..d](n)
weight A(n, n)
h[1](i) = x[1](i)
h[k](i) = A(i, j) * h[k-1](j) * h[k-1](i) * x[k](i) + h[k-1](i)   for k in 2..d
output score() = h[d](i) * h[d](i) * h[d-1](i)
""",
    "backwards_and_strided": """
network backwards_and_strided
size d = 8, n = 2
input x[1..d](n)
weight A(n, n)
g[d](i) = x[d](i)
g[k](i) = A(i, j) * g[k+2](j) * x[k](i)        for k in 1..d-2 if k % 2 == 0
output score() = g[2](i) * x[1](i) * x[3](i) * x[5](i) * x[7](i)
""",
    "two_directions": """
network two_directions
size a = 3, b = 4, n = 2
input x[1..a, 1..b](n)
weight R(n, n), D(n, n)
h[i, j](p) = x[i, j](p)
           * (R(p, q) * h[i, j-1](q) if j > 1 else one(p))
           * (D(p, s) * h[i-1, j](s) if i > 1 else one(p))      for i in 1..a, j in 1..b
output score(p) = h[a, b](p)
""",
    "three_rules_one_state": """
network three_rules_one_state
size d = 5, n = 3, r = 2
input x[1..d](n)
weight first(n, r), odd(r, n, r), even(r, n, r)
h[1](b) = first(i, b) * x[1](i)
h[k](b) = odd(a, i, b) * x[k](i) * h[k-1](a)     for k in 2..d if k % 2 == 1
h[k](b) = even(a, i, b) * x[k](i) * h[k-1](a)    for k in 2..d if k % 2 == 0
output score(b) = h[d](b)
""",
    "different_shapes_in_a_family": """
network different_shapes_in_a_family
size d = 4
size n[1..d] = [2, 3, 4, 5]
size r = 2
let bond[k in 0..d] = 1 if k == 0 or k == d else r + k
input x[k in 1..d](n[k])
weight G[k in 1..d](bond[k-1], n[k], bond[k])
h[k](b) = G[k](a, i, b) * x[k](i) * (h[k-1](a) if k > 1 else one(a))  for k in 1..d
output score() = sum(h[d](b) over b)
""",
    "members_from_lists": """
network members_from_lists
size n = 2
size edges = [[1, 2], [2, 3], [3, 1], [4, 2]]
size order = [3, 1, 4, 2]
let V = len(order)
input x[1..V](n)
weight M(n, n), W[(i, j) in edges](n, n)
y[k](p) = x[order[k]](p) + sum(M(p, q) * x[j](q) for (i, j) in edges if i == k)     for k in 1..V
output score() = prod(W[i, j](s[i], s[j]) for (i, j) in edges) * prod(y[k](s[k]) for k in 1..V)
""",
    "families_of_indices": """
network families_of_indices
size d = 3, n = 2, m = 4
input x(n for k in 1..d, m)
weight T(n for k in 1..d, m), U(m, n for k in 1..d)
output score(o) = x(q[k] for k in 1..d, o) * T(q[k] for k in 1..d, o)
output open(s[k] for k in 1..d) = U(p, s[k] for k in 1..d) * x(s[k] for k in 1..d, p)
""",
    "constants_by_formula": """
network constants_by_formula
size n = 4
size m = 3
number w[1..2] = [0.5, -1.5]
let half = n//2
constant shift(o in 1..n, i in 1..n) = 1 if i == o + 1 else 0
constant table(m) = [1.5, -2, 3e-1]
constant fixed(n) = 0.25
constant wave[k in 1..2](i in 1..n) = cos(pi*k*(i - 1/2)/n) / 3
input x(n)
weight A(m, n)
output score(a) = table(a) * A(a, o) * shift(o, i) * (x(i) + half * fixed(i))
output waves[k]() = w[k] * wave[k](i) * x(i) / n + n/3      for k in 1..2
""",
    "inline_is_put_in_anew": """
network inline_is_put_in_anew
field complex
size d = 3, n = 2, r = 3
input x(n)
weight A[1..d](r, n, r)
inline psi(s[k] for k in 1..d) = prod(A[k](b[k-1], s[k], b[k]) for k in 1..d) * delta(b[0], b[d])
output density(s[1], s'[1]) = psi(s[1], t[2], t[3]) * conj(psi(s'[1], t[2], t[3])) * x(s[1]) * x(s'[1])
output twice() = psi(a, b, c) * psi(a, b, c) * x(a)
""",
    "empty_loops": """
network empty_loops
size d = 1, n = 3
input x[1..d](n)
weight A(n)
f[k](i) = x[k](i)                                   for k in 2..d
output score(i) = A(i) * prod(x[k](i) for k in 2..d) + sum(x[k](i) for k in 2..d) + x[d](i)
""",
    "sums_empty_in_some_rows": """
network sums_empty_in_some_rows
size d = 4, n = 3, r = 2
input x[1..d](n)
weight A[1..d](n, r)
y[k](a) = sum(A[j](i, a) * x[k](i) for j in 1..k-1) + A[k](i, a) * x[k](i)    for k in 1..d
output score(a) = prod(y[k](a) for k in 1..d)
""",
    "choices_in_subscripts": """
network choices_in_subscripts
size d = 4, n = 2, r = 3
let back[k in 1..d] = 1 if k == 2 else 3
input x[1..d](n)
weight A[1..d](n, r)
y[k](a) = A[k if k > 1 else d](i, a) * x[back[k if k > 2 else d]](i)           for k in 1..d
z[k](a) = sum(A[j if j < k else d](i, a) * x[k](i) for j in 1..d)              for k in 1..d
u[k](a) = A[k](i[k+1], a) * x[k](i[k if k > d else k + 1])                    for k in 1..d
output score(a) = prod(y[k](a) + z[k](a) * u[k](a) for k in 1..d)
""",
    "tree_with_lists": """
network tree_with_lists
size n = 2, r = 3
size left = [0, 0, 1, 3], right = [0, 0, 2, 2]
let N = len(left)
input x[1..N](n)
weight leaf(n, r), node(r, r, r)
h[k](c) = leaf(i, c) * x[k](i)                               for k in 1..N if left[k] == 0
h[k](c) = node(a, b, c) * h[left[k]](a) * h[right[k]](b)     for k in 1..N if left[k] > 0
output score(c) = h[N](c) * sum(x[3](i) over i) * sum(x[4](i) over i)
""",
    "powers_and_quotients": """
network powers_and_quotients
size n = 3
input x(n)
weight A(n), B()
output score(i) = (1 + A(i)^2)^2 / (2 + x(i)^2) - 3 / (1 + B()^2) + x(i)^3 / 4 / (1 + A(j) * A(j))
output bare() = B() / 3
""",
    "weights_of_one_number": """
network weights_of_one_number
size d = 3
input x[1..d]()
weight a[1..d](), b()
output score() = b() + sum(a[k]() * x[k]() for k in 1..d) + prod(x[k]() for k in 1..d)
""",
}

CORPUS: tuple[tuple[str, str], ...] = (
    *((path.stem, path.read_text(encoding="utf-8")) for path in EXAMPLES),
    *((name, text.lstrip()) for name, text in LANGUAGE_PAGE.items()),
    *((name, text.lstrip()) for name, text in AWKWARD.items()),
)
NAMES = tuple(name for name, _ in CORPUS)
