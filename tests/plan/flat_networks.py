"""Flat networks written by hand, as the stage before fold makes them."""

from __future__ import annotations

CHAIN = """network chain
size d = 6, n = 3, r = 2
input x[1..d](n)
weight G[1..d](r, n, r)
P[k](a, b) = G[k](a, i, b) * x[k](i)     for k in 1..d
h[1](b) = sum(P[1](a, b) over a)
h[k](b) = P[k](a, b) * h[k-1](a)         for k in 2..d
output s(b) = h[d](b)
"""

BOUNDARIES = """network boundaries
size d = 6, n = 3, r = 2, C = 4
let bond[k in 0..d] = 1 if k == 0 else C if k == d else r
input x[1..d](n)
weight G[k in 1..d](bond[k-1], n, bond[k])
P[k](a, b) = G[k](a, i, b) * x[k](i)     for k in 1..d
h[1](b) = sum(P[1](a, b) over a)
h[k](b) = P[k](a, b) * h[k-1](a)         for k in 2..d
output s(b) = h[d](b)
"""

DOWNWARDS = """network downwards
size d = 5, r = 3
input x[1..d](r)
weight W(r, r)
u[d](a) = W(a, b) * x[d](b)
v[k](a) = W(a, b) * u[k+1](b)            for k in 1..d-1
u[k](a) = v[k](a) * x[k](a)              for k in 1..d-1
output s(a) = u[1](a)
"""

TREE = """network tree
size d = 16, n = 2, r = 3
let L = log2(d)
input x[1..d](n)
weight leaf[1..d](n, r)
weight node[l in 1..L, j in 1..d/2^l](r, r, r)
h[0, j](a) = leaf[j](i, a) * x[j](i)                  for j in 1..d
m[l, j](b, c) = node[l, j](a, b, c) * h[l-1, 2*j-1](a)   for l in 1..L, j in 1..d/2^l
h[l, j](c) = m[l, j](b, c) * h[l-1, 2*j](b)           for l in 1..L, j in 1..d/2^l
output s(c) = h[L, 1](c)
"""

DEEP_RAC = """network deep_rac
size T = 6, M = 3, R = 4, L = 3, C = 5
let width[l in 0..L] = M if l == 0 else R
input x[1..T](M)
weight WI[l in 1..L](width[l], width[l-1])
weight WH[1..L](R, R)
weight WO(C, R)
h[t, 0](m) = x[t](m)                        for t in 1..T
h[1, l](i) = WI[l](i, m) * h[1, l-1](m)     for l in 1..L
P[t, l](i) = WI[l](i, m) * h[t, l-1](m)     for t in 2..T, l in 1..L
Q[t, l](i) = WH[l](i, j) * h[t-1, l](j)     for t in 2..T, l in 1..L
h[t, l](i) = P[t, l](i) * Q[t, l](i)        for t in 2..T, l in 1..L
output y[t](c) = WO(c, i) * h[t, L](i)      for t in 1..T
"""

LSTM = """network lstm
size T = 5, n = 3, H = 4
input x[1..T](n)
weight Wf(H, n), Uf(H, H), Wc(H, n), Uc(H, H), Wo(H, n), Uo(H, H)
h[0](i in 1..H) = 0
c[0](i in 1..H) = 0
pf[t](i) = Wf(i, j) * x[t](j)               for t in 1..T
qf[t](i) = Uf(i, j) * h[t-1](j)             for t in 1..T
sf[t](i) = pf[t](i) + qf[t](i)              for t in 1..T
f[t](i) = sigmoid(sf[t](i))                 for t in 1..T
pc[t](i) = Wc(i, j) * x[t](j)               for t in 1..T
qc[t](i) = Uc(i, j) * h[t-1](j)             for t in 1..T
sc[t](i) = pc[t](i) + qc[t](i)              for t in 1..T
g[t](i) = tanh(sc[t](i))                    for t in 1..T
po[t](i) = Wo(i, j) * x[t](j)               for t in 1..T
qo[t](i) = Uo(i, j) * h[t-1](j)             for t in 1..T
so[t](i) = po[t](i) + qo[t](i)              for t in 1..T
o[t](i) = sigmoid(so[t](i))                 for t in 1..T
keep[t](i) = f[t](i) * c[t-1](i)            for t in 1..T
forget[t](i) = 1 - f[t](i)                  for t in 1..T
new[t](i) = forget[t](i) * g[t](i)          for t in 1..T
c[t](i) = keep[t](i) + new[t](i)            for t in 1..T
tc[t](i) = tanh(c[t](i))                    for t in 1..T
h[t](i) = o[t](i) * tc[t](i)                for t in 1..T
output y(i) = h[T](i)
"""

CP = """network cp
size d = 5, n = 3, r = 4, C = 2
input x[1..d](n)
weight factor[1..d](n, r)
weight top(r, C)
f[k](q) = factor[k](i, q) * x[k](i)         for k in 1..d
p(q) = prod(f[k](q) for k in 1..d)
output score(y) = top(q, y) * p(q)
"""

GRAPH = """network gnn
size D = 3, H = 2, L = 3
size neighbours = [[1, 2], [1, 2, 3], [2, 3, 4], [3, 4]]
let V = len(neighbours)
input x[1..V](D)
weight W[l in 1..L](H, D if l == 1 else H)
weight top(H)
m[1, j](g) = W[1](g, a) * x[j](a)                                  for j in 1..V
m[l, j](g) = W[l](g, a) * h[l-1, j](a)                             for l in 2..L, j in 1..V
h[l, i](g) = prod(m[l, j](g) for j in neighbours[i])               for l in 1..L, i in 1..V
p(g) = prod(h[L, i](g) for i in 1..V)
output score() = top(g) * p(g)
"""

PARTS = """network parts
size d = 5, r = 3
let width[k in 1..d] = 1 if k == 1 else r
input x[1..d](r)
weight A[k in 1..d](width[k], r)
f[k](a, q) = A[k](a, q) * x[k](q)           for k in 1..d
g[1](q) = sum(f[1](a, q) over a)
g[k](q) = sum(f[k](a, q) over a)            for k in 2..d
total(q) = sum(A[k](a[k], q) * f[k](a[k], q) for k in 1..d)
u() = sum(f[k](a[k], q[k]) * A[k](a[k], q[k]) for k in 1..d)
s(q) = sum(g[k](q) for k in 1..d)
t() = sum(g[k](q) * x[k](q) for k in 1..d)
m(q) = max(g[k](q) for k in 1..d)
output y(q) = 2*s(q) - m(q) + total(q) + 1
output z() = t() ^ 2
output w() = u() / t()
"""

ALTERNATING = """network alternating
size d = 9, r = 2, q = 3
let bond[k in 0..d] = r if k % 2 == 0 else q
input x[k in 1..d](bond[k])
weight A[k in 1..d](bond[k], bond[k-1])
weight start(r)
h[0](a) = start(a)
m[k](b) = A[k](b, a) * h[k-1](a)            for k in 1..d
h[k](b) = m[k](b) * x[k](b)                 for k in 1..d
output y(b) = h[d](b)
"""

SNAKE = """network snake
size m = 4, n = 2, r = 3
let row[k in 1..m^2] = (k-1)//m + 1
let col[k in 1..m^2] = (k-1) % m + 1 if row[k] % 2 == 1 else m - (k-1) % m
input x[1..m, 1..m](n)
weight A[1..m, 1..m](r, n, r)
weight start(r)
P[k](a, b) = A[row[k], col[k]](a, i, b) * x[row[k], col[k]](i)   for k in 1..m^2
h[0](a) = start(a)
q[k](i, b) = A[row[k], col[k]](a, i, b) * h[k-1](a)              for k in 1..m^2
h[k](b) = q[k](i, b) * x[row[k], col[k]](i)                      for k in 1..m^2
output y(a) = P[m^2](a, b) * h[m^2](b)
"""

HEAP = """network heap
size d = 31, r = 3
input x[1..d](r)
weight W(r, r)
h[1](a) = x[1](a)
m[k](a) = W(a, b) * h[k//2](b)              for k in 2..d
h[k](a) = m[k](a) * x[k](a)                 for k in 2..d
output y(a) = prod(h[k](a) for k in 1..d)
"""

BIDIRECTIONAL = """network bidirectional
size T = 6, r = 3
input x[1..T](r)
weight A(r, r), B(r, r)
f[1](a) = x[1](a)
pf[t](a) = A(a, b) * f[t-1](b)              for t in 2..T
f[t](a) = pf[t](a) * x[t](a)                for t in 2..T
g[T](a) = x[T](a)
pg[t](a) = B(a, b) * g[t+1](b)              for t in 1..T-1
g[t](a) = pg[t](a) + x[t](a)                for t in 1..T-1
output y[t]() = f[t](a) * g[t](a)           for t in 1..T
"""

LAGS = """network lags
size T = 7, r = 3
input x[1..T](r)
weight A(r, r), B(r, r)
h[1](a) = x[1](a)
h[2](a) = x[2](a)
u[t](a) = A(a, b) * h[t-1](b)               for t in 3..T
v[t](a) = B(a, b) * h[t-2](b)               for t in 3..T
h[t](a) = u[t](a) + v[t](a)                 for t in 3..T
output y(a) = h[T](a)
"""

SHIFTED_NAMES = """network shifted_names
size T = 6, r = 3
input x[1..T](r)
weight A(r, r)
h[0](a) = x[1](a)
u[s+1](a) = A(a, b) * h[s](b)               for s in 0..T-1
h[k](t) = u[k](t) * x[k](t)                 for k in 1..T
output y(a) = h[T](a)
"""

DIAGONALS = """network diagonals
field complex
size d = 4, r = 3
input x[1..d, 1..d](r, r)
weight A[1..d](r, r)
t[k](a) = A[k](a, a) * conj(x[k, k](a, a))  for k in 1..d
u[i, j]() = t[i](a) * conj(t[j](a))         for i in 1..d, j in 1..d
v[k, k]() = 2i * u[k, k]()                  for k in 1..d
v[i, j]() = u[i, j]() * u[j, i]()           for i in 1..d, j in 1..d if i != j
w(a, b) = delta(a, b) * t[1](a)
output y[i, j]() = v[i, j]() / u[1, 1]()    for i in 1..d, j in 1..d
output z(a, b) = w(a, b)
output s() = sum(sum(t[1](a) over a) for k in 1..d)
output p(a) = prod(t[1](a) for k in 1..d)
"""

EMPTY = """network empty
size d = 3, r = 2
input x[1..d](r)
s[k](a in 1..r) = sum(x[j](a) for j in 1..k-1)    for k in 1..d
p[k](a in 1..r) = prod(x[j](a) for j in 1..k-1)   for k in 1..d
output y[k](a) = s[k](a) + p[k](a)          for k in 1..d
"""

COPIES = """network copies
field complex
size T = 5, r = 3
input x[1..T](r, r)
weight A(r, r)
y[t](b, a) = conj(x[t](a, b))               for t in 1..T
z[t](a, b) = y[t](b, a)                     for t in 1..T
h[1](a, b) = z[1](a, b)
m[t](a, c) = A(a, b) * h[t-1](b, c)         for t in 2..T
n[t](a, c) = m[t](a, b) * z[t](b, c)        for t in 2..T
h[t](a, b) = n[t](a, b)                     for t in 2..T
output u[t](b, a) = y[t](a, b)              for t in 1..T
output v(a, b) = h[T](a, b)
"""

SNAKE_STATES = """network snake_states
size m = 4, r = 3
let row[k in 1..m^2] = (k-1)//m + 1
let col[k in 1..m^2] = (k-1) % m + 1 if row[k] % 2 == 1 else m - (k-1) % m
input x[1..m, 1..m](r)
weight W(r, r)
h[1, 1](a) = x[1, 1](a)
q[row[k], col[k]](a) = W(a, b) * h[row[k-1], col[k-1]](b)                     for k in 2..m^2
h[row[k], col[k]](a) = q[row[k], col[k]](a) * x[row[k], col[k]](a)            for k in 2..m^2
output y(a) = sum(h[i, j](a) for i in 1..m, j in 1..m)
"""

STAIRS = """network stairs
size m = 4, r = 2
input x[1..m, 1..m](r)
weight A(r, r), B(r, r)
h[1, 1](a) = x[1, 1](a)
p[i, j](a) = A(a, b) * h[i-1, j](b)             for i in 2..m, j in 1..m
q[i, j](a) = B(a, b) * h[i, j-1](b)             for i in 1..m, j in 2..m
h[i, 1](a) = p[i, 1](a) + x[i, 1](a)            for i in 2..m
h[1, j](a) = q[1, j](a) + x[1, j](a)            for j in 2..m
h[i, j](a) = p[i, j](a) * q[i, j](a)            for i in 2..m, j in 2..m
output y(a) = h[m, m](a)
"""

CIRCUIT = """network circuit
size n = 6, L = 5, r = 2
input x[1..n](r)
weight U[1..L, 1..n](r, r, r)
s[0, k](a) = x[k](a)                                        for k in 1..n
g[l, k](a, b) = U[l, k](a, b, c) * s[l-1, k](c)             for l in 1..L, k in 1..n-1 if (k + l) % 2 == 0
s[l, k](a) = sum(g[l, k](a, b) over b)                      for l in 1..L, k in 1..n-1 if (k + l) % 2 == 0
s[l, k+1](b) = g[l, k](a, b) * s[l-1, k+1](a)               for l in 1..L, k in 1..n-1 if (k + l) % 2 == 0
s[l, 1](a) = s[l-1, 1](a)                                   for l in 1..L if l % 2 == 0
s[l, n](a) = s[l-1, n](a)                                   for l in 1..L if (n + l) % 2 == 0
output y(a) = prod(s[L, k](a) for k in 1..n)
"""

EDGES = """network edges
size r = 2
size edges = [[1, 2], [1, 3], [2, 4], [3, 4], [4, 5], [2, 5], [5, 6]]
let V = 6
let E = len(edges)
input x[1..V](r)
weight W[1..E](r, r)
m[e](a) = W[e](a, b) * x[edges[e, 1]](b)                    for e in 1..E
n[i, j](a) = x[i](a) * x[j](a)                              for (i, j) in edges
p[e](a) = m[e](a) * n[edges[e, 1], edges[e, 2]](a)          for e in 1..E
output y(a) = sum(p[e](a) for e in 1..E)
output z(a) = prod(n[i, j](a) for (i, j) in edges)
"""

TEXTS = {
    name.lower(): text
    for name, text in list(globals().items())
    if name.isupper() and isinstance(text, str) and text.startswith("network")
}

# Loops over indices on the left: `order` writes them out before there is a gradient.
WIRES = """network wires
size d = 3, r = 2, n = 4
input x[1..d](n)
weight A[1..d](n, r), core(r for k in 1..d, r)
f[k](a) = A[k](i, a) * x[k](i)                              for k in 1..d
t(q[k] for k in 1..d, y) = core(q[k] for k in 1..d, y) * f[1](y)
s(q[k] for k in 2..d, y) = t(q[k] for k in 1..d, y) * f[1](q[1])
c(q[k] for k in 2..d, y) = s(q[k] for k in 2..d, y)
u(q[3], y) = c(q[k] for k in 2..d, y) * f[2](q[2])
output z(y) = u(q, y) * f[3](q)
"""
