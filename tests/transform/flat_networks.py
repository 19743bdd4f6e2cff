"""Flat networks written by hand: each form of a flat rule, in the company that makes it hard."""

FLAT_NETWORKS = {
    "tensor_train": """
network tt
size d = 6, n = 3, r = 4, C = 2, batch = 5
let bond[k in 0..d] = 1 if k == 0 else C if k == d else r
input  x[1..d](batch, n)
weight G[k in 1..d](bond[k-1], n, bond[k])
u[k](z, a, b) = G[k](a, i, b) * x[k](z, i)  for k in 1..d
h[1](z, b) = sum(u[1](z, a, b) over a)
h[k](z, b) = u[k](z, a, b) * h[k-1](z, a)      for k in 2..d
output score(z, y) = h[d](z, y)
""",
    "deep_rac": """
network deep_rac
size T = 5, M = 3, R = 4, L = 2, C = 6, batch = 2
let width[l in 0..L] = M if l == 0 else R
input  x[1..T](batch, M)
weight WI[l in 1..L](width[l], width[l-1])
weight WH[1..L](R, R)
weight WO(C, R)
h[t, 0](z, m) = x[t](z, m)                                        for t in 1..T
u[t, l](z, i) = WI[l](i, m) * h[t, l-1](z, m) for t in 1..T, l in 1..L
v[t, l](z, i) = WH[l](i, j) * h[t-1, l](z, j) for t in 2..T, l in 1..L
h[1, l](z, i) = u[1, l](z, i)                          for l in 1..L
h[t, l](z, i) = u[t, l](z, i) * v[t, l](z, i)                     for t in 2..T, l in 1..L
output y[t](z, c) = WO(c, i) * h[t, L](z, i)                      for t in 1..T
""",
    "hierarchical_tucker": """
network ht
size d = 8, n = 3, C = 2, batch = 2
let L = log2(d)
size r[0..L-1] = [4, 5, 6]
input  x[1..d](batch, n)
weight leaf[1..d](n, r[0])
weight node[l in 1..L-1, j in 1..d/2^l](r[l-1], r[l-1], r[l])
weight top(r[L-1], r[L-1], C)
h[0, j](z, a) = leaf[j](i, a) * x[j](z, i)                  for j in 1..d
g[l, j](z, b, c) = node[l, j](a, b, c) * h[l-1, 2*j-1](z, a)  for l in 1..L-1, j in 1..d/2^l
h[l, j](z, c) = g[l, j](z, b, c) * h[l-1, 2*j](z, b)
                                                      for l in 1..L-1, j in 1..d/2^l
t(z, b, y) = top(a, b, y) * h[L-1, 1](z, a)
output score(z, y) = t(z, b, y) * h[L-1, 2](z, b)
""",
    "cp": """
network cp
size d = 8, n = 3, r = 5, C = 2, batch = 2
input  x[1..d](batch, n)
weight factor[1..d](n, r)
weight top(r, C)
f[k](z, q) = factor[k](i, q) * x[k](z, i)                   for k in 1..d
p(z, q) = prod(f[k](z, q) for k in 1..d)
output score(z, y) = top(q, y) * p(z, q)
""",
    "gnn": """
network gnn
size D = 3, H = 2, L = 3, batch = 2
size neighbours = [[1, 2], [1, 2, 3], [2, 3], [4]]
let V = len(neighbours)
input  x[1..V](batch, D)
weight W[l in 1..L](H, D if l == 1 else H)
weight top(H)
m[1, j](z, g) = W[1](g, a) * x[j](z, a)    for j in 1..V
m[l, j](z, g) = W[l](g, a) * h[l-1, j](z, a)    for l in 2..L, j in 1..V
h[l, i](z, g) = prod(m[l, j](z, g) for j in neighbours[i])               for l in 1..L, i in 1..V
p(z, g) = prod(h[L, i](z, g) for i in 1..V)
output score(z) = top(g) * p(z, g)
""",
    "gnn_with_sums": """
network gnn
size D = 3, H = 2, L = 3, batch = 2
size neighbours = [[1, 2], [1, 2, 3], [2, 3], [4]]
let V = len(neighbours)
input  x[1..V](batch, D)
weight W[l in 1..L](H, D if l == 1 else H)
weight top(H)
m[1, j](z, g) = W[1](g, a) * x[j](z, a)    for j in 1..V
m[l, j](z, g) = W[l](g, a) * h[l-1, j](z, a)    for l in 2..L, j in 1..V
h[l, i](z, g) = sum(m[l, j](z, g) for j in neighbours[i])               for l in 1..L, i in 1..V
p(z, g) = prod(h[L, i](z, g) for i in 1..V)
output score(z) = top(g) * p(z, g)
""",
    "attention": """
network attention
size T = 5, D = 3, H = 2, batch = 2
input  x[1..T](batch, D)
weight K(H, D), Q(H, D), V(H, D)
k[t](z, g) = K(g, a) * x[t](z, a)    for t in 1..T
q[t](z, g) = Q(g, a) * x[t](z, a)    for t in 1..T
v[t](z, g) = V(g, a) * x[t](z, a)    for t in 1..T
s[t](z, g, g') = k[t](z, g) * v[t](z, g')    for t in 1..T
c[t](z, g, g') = sum(s[u](z, g, g') for u in 1..t)    for t in 1..T
a[t, u](z) = q[t](z, g) * k[u](z, g) for t in 1..T, u in 1..t
e[t, u](z) = exp(a[t, u](z)) for t in 1..T, u in 1..t
n[t](z) = sum(e[t, u](z) for u in 1..t) for t in 1..T
y0[t](z, g) = sum(e[t, u](z) * v[u](z, g) for u in 1..t)    for t in 1..T
y1[t](z, g) = y0[t](z, g) / n[t](z) for t in 1..T
y2[t](z, g) = q[t](z, g') * c[t](z, g', g) for t in 1..T
output y[t](z, g) = y1[t](z, g) + 0.5 * y2[t](z, g)  for t in 1..T
""",
    "diagonals": """
network diagonals
size n = 3, r = 4, C = 2
weight A(n, n), B(n, r), b(r), S(n, n, n), E(n, n, r, r)
weight P[k in 1..3](n if k < 3 else r)
f(i) = sum(A(i, i) * B(i, j) over j)
e(j) = sum(B(i, j) * b(j) over i)
g(i) = A(i, j) * A(j, i)
T() = sum(b(j) over j)
h(i) = sum(A(i, j) * B(i, q) over j, q)
s(j) = S(i, i, j) * A(i, j)
s2() = S(i, i, i) * T()
w(i, q) = E(i, i, q, q) * 1
w2(i) = 2/3 * E(i, i, q, q)
sq(j) = -b(j) * b(j)
lone[k]() = sum(P[k](i) over i) for k in 1..3
tot() = sum(lone[k]() for k in 1..3)
le() = sum(sq(j) over j)
c(i) = 2 * f(i) - g(i) + h(i) + T() * 1 - s(i) + 3 - 0.5 * s2() + w2(i) - tot() + le()
de(i, j) = delta(i, j) * c(i)
output y(i, q) = c(i) + w(i, q)
output y2(q) = e(q) + sq(q)
output y3(i, j) = de(i, j)
output y4(j) = 1.5 * c(j)
""",
    "functions": """
network functions
size n = 4, r = 3
weight a(n), b(n, r), c(r)
a1(i) = relu(a(i))
a2(i) = tanh(a(i))
a3(i) = sigmoid(a(i))
a4(i) = softplus(a(i))
a5(i) = exp(a(i))
a6(i) = log(a5(i))
a7(i) = sqrt(a5(i))
a8(i) = abs(a(i))
a9(i) = sin(a(i))
b1(i) = cos(a(i))
b2(i) = step(a(i))
b3(i) = sign(a(i))
b4(i, j) = max(a(i), b(i, j), c(j))
b5(i, j) = min(b(i, j), 0.25, a(i))
b6(i, j) = max(c(j), a(i))
b7(i, j) = b(i, j) / a5(i)
b8(i) = 1 / a5(i)
b9(i) = a(i) ^ 3
c1(i) = a5(i) ^ (-2)
c2(i) = a(i) ^ 2
c3(i) = a(i) ^ 1
c4(i) = a(i) ^ 0
c5(i) = max(a(i), 0)
c6(i, j) = max(c(j), a(i), 0.1, b(i, j))
o1(i) = a1(i) + a2(i) + a3(i) + 1.5 * a4(i) + a6(i) + a7(i) + a8(i) + a9(i) + b1(i) + b2(i) + b3(i) + b8(i) + 0.1 * b9(i) + c1(i) + c2(i) + c3(i) + c4(i) + c5(i)
output o(i, j) = 2 * b4(i, j) + 3 * b5(i, j) - b6(i, j) + b7(i, j) + o1(i) - 0.7 * c6(i, j)
""",
    "reductions": """
network reductions
size n = 4, r = 3, d = 5
weight a[1..d](n, r), s[k in 1..d](r)
p(j) = prod(s[k](j) for k in 1..d if k != 3)
q[m](j in 1..r) = prod(s[k](j) for k in m..d) for m in 1..d+1
t(j) = prod(s[k](j) for k in 1..d, l in 1..k)
m1(i, j) = max(a[k](i, j) for k in 1..d)
m2[m](i, j) = min(a[k](i, j) for k in 1..m) for m in 2..d
m3(i, j) = max(a[k](i, j) for k in 1..d if k % 2 == 1, l in k..d)
x1[k](i) = max(a[k](i, j) over j) for k in 1..d
x2[k]() = min(a[k](i, j) over i, j) for k in 2..d
x3[k](i) = prod(x1[k](i) for l in 1..2) for k in 1..d
o1(j) = p(j) + t(j) + q[1](j) + 2*q[3](j) - q[6](j) + q[5](j)
o2(i, j) = o1(j) + m1(i, j) + 2*m2[2](i, j) - m2[d](i, j) + m3(i, j)
output o(i, j) = o2(i, j) + x1[2](i) + x3[4](i) - x2[d]() + 0.5*x2[3]()
""",
    "born_machine": """
network born
field complex
size d = 5, n = 2, r = 3, batch = 2
input  x[1..d](batch, n)
weight A[k in 1..d](r if k > 1 else 1, n, r if k < d else 1)
number c = 0.5
u[k](z, a, b) = A[k](a, i, b) * x[k](z, i) for k in 1..d
psi[1](z, b) = sum(u[1](z, a, b) over a)
psi[k](z, b) = u[k](z, a, b) * psi[k-1](z, a) for k in 2..d
F[1](i, b, b') = A[1](a, i, b) * conj(A[1](a, i, b'))
E[1](b, b') = sum(F[1](i, b, b') over i)
G[k](a, i, b') = E[k-1](a, a') * conj(A[k](a', i, b')) for k in 2..d
E[k](b, b') = A[k](a, i, b) * G[k](a, i, b') for k in 2..d
Z() = sum(sum(E[d](a, a') over a') over a)
s(z) = 0.02 * sum(psi[d](z, a) over a)
p(z) = (1 + 2i) * s(z) * conj(s(z))
l(z) = exp(s(z))
l2(z) = log(l(z))
l3(z) = sqrt(l(z))
l4(z) = conj(s(z)) / l(z)
l5(z) = s(z) ^ 3
l6(z) = abs(s(z))
l7(z) = tanh(s(z))
l8(z) = prod(w(z) for i in 1..3)
w(z) = 2i * conj(s(z)) - 1i * s(z) + 3i
l9(z) = l(z) ^ (-1)
m(z) = sin(conj(s(z)))
output amplitude(z) = s(z)
output prob(z) = p(z) / Z()
output other(z) = l2(z) + l3(z) - 1i * l4(z) + 0.3 * l5(z) + l6(z) + l7(z) + l8(z) + l9(z) + m(z)
""",
    "parts": """
network partial
size d = 6, n = 3
weight A[1..d](n), unused[k in 1..d](n, k)
weight B(n)
input x[k in 1..d](n), w(n)
f[k](i) = A[k](i) * x[k](i) for k in 1..d
g[k](i) = f[k+1](i) * B(i) for k in 1..d-2
c(i) = w(i) * w(i)
output y[k](i) = g[k](i) + c(i) for k in 1..d-2 if k % 2 == 1
output z(i) = y[1](i) * B(i)
""",
    "varying_outputs": """
network varying
size d = 4
size n[1..d] = [2, 3, 4, 5]
weight A[k in 1..d](n[k])
weight B[i in 1..3, j in 1..i](n[i], n[j])
output y[k](i) = A[k](i) * A[k](i) for k in 1..d
output u[i, j](a) = B[i, j](a, b) * A[j](b) for i in 1..3, j in 1..i
output v[2*k](i) = A[k](i) * A[k](i) for k in 1..2
""",
    "lattice": """
network lattice
size m = 3, n = 2
weight A[i in 1..m, j in 1..m](n, n), row[i in 1..m](n)
let r0[k in 1..m^2] = (k-1)//m + 1
let c0[k in 1..m^2] = (k-1) % m + 1
f[1](a) = sum(A[1, 1](a, b) over b)
f[k](a) = A[r0[k], c0[k]](a, b) * f[k-1](b) for k in 2..m^2
g[k](a) = row[r0[k]](a) * f[k](a) for k in 1..m^2
s(a) = sum(g[k](a) for k in 1..m^2)
edges(a) = sum(g[i](a) * f[j](a) for (i, j) in [[1, 2], [2, 5], [2, 7], [5, 1]])
output y(a) = s(a) + edges(a)
""",
    "windows": """
network windows
size d = 5, n = 3, r = 2, K = 2
size m[1..K] = [2, 4]
input x[1..d](n)
weight W[w in 1..K](r, n, m[w]), V[w in 1..K](m[w], n), S(r, n)
h[j, w](g, a) = W[w](g, i, a) * x[j+w-1](i)  for j in 1..d-K+1, w in 1..K
p[j](g) = sum(h[j, w](g, a[w]) * v[j, w](a[w]) for w in 1..K)  for j in 1..d-K+1
v[j, w](a) = V[w](a, i) * x[j](i)  for j in 1..d-K+1, w in 1..K
u(i) = sum(sum(V[w](a[w], i) over a[w]) for w in 1..K)
t[w](i) = sum(V[w](a, i) over a) for w in 1..K
q(g) = prod(s[k](g) for k in [3, 1, 4])
s[k](g) = S(g, i) * x[k](i)  for k in 1..d
output y(g) = sum(p[j](g) for j in 1..d-K+1)
output z(i) = u(i) + 2 * t[2](i)
output o(g) = q(g)
""",
    "an_output_used_again": """
network an_output_used_again
size T = 4, n = 3
weight W(n, n), b(n)
input x[1..T](n)
output y[1](i) = x[1](i) + b(i)
a[t](i) = W(i, j) * y[t-1](j)  for t in 2..T
output y[t](i) = a[t](i) + x[t](i)  for t in 2..T
output last(i) = y[T](i) * b(i)
""",
    "powers": """
network powers
size n = 3, d = 5, p = 3
weight A[1..d](n)
f[k](i) = A[k](i) ^ (k - 1)  for k in 1..d
g[k](i) = A[k](i) ^ p  for k in 1..d
e(i) = exp(A[1](i))
h(i) = e(i) ^ (1 - p)
s(i) = sum(f[k](i) for k in 1..d)
output y(i) = s(i) + g[2](i) + h(i)
""",
    "deltas": """
network deltas
size n = 3, r = 2
weight A(n, n, r, r), b(n), c(r)
t(i, j) = delta(i, j) * b(j)
u(k, i, j) = A(i, j, k, k) * t(i, j)
v() = A(i, i, k, k) * 1
w(k) = sum(A(i, i, k, k) over i)
output y(i, j) = t(i, j) + delta(i, j) + v()
output z(k, i, j) = u(k, i, j) + w(k)
output scaled(k) = 2 * c(k) - 3/4 * w(k)
""",
    "wires_with_subscripts": """
network wires_with_subscripts
size d = 4, n = 2, r = 3
let bond[k in 0..d] = r if 0 < k < d else 1
weight A[k in 1..d](bond[k-1], n, bond[k]), w(n for k in 1..d), V(r, r, r, r)
a(s[1], b[1]) = sum(A[1](b[0], s[1], b[1]) over b[0])
c(s[1], s[2], b[2]) = a(s[1], b[1]) * A[2](b[1], s[2], b[2])
e(b[2], s[3], s[4]) = t(b[2], s[3], b[3]) * u(b[3], s[4])
t(b[2], s[3], b[3]) = A[3](b[2], s[3], b[3])
u(b[3], s[4]) = sum(A[d](b[d-1], s[d], b[d]) over b[d])
f(s[1], s[2], s[3], s[4]) = c(s[1], s[2], b[2]) * e(b[2], s[3], s[4])
g(q[1]) = V(q[1], q[1], q[2], q[2]) * v(q[2])
v(q[2]) = sum(V(q[1], q[1], q[2], q[2]) over q[1])
output y() = f(s[1], s[2], s[3], s[4]) * w(s[1], s[2], s[3], s[4])
output z(p) = g(p)
""",
}
