"""Networks that the examples lack."""

RING = """
network ring
size d = 4, n = 3, r = 2
input x[1..d](n)
weight G[1..d](r, n, r)
output score() = prod(G[k](a[(k - 2) % d + 1], i[k], a[k]) * x[k](i[k]) for k in 1..d)
"""

UNEQUAL_TRAIN = """
network unequal
size d = 4
size n[1..d] = [3, 5, 5, 3]
size r[0..d] = [1, 3, 2, 3, 1]
input x[k in 1..d](n[k])
weight G[k in 1..d](r[k-1], n[k], r[k])
h[1](b) = G[1](a, i, b) * x[1](i)
h[k](b) = G[k](a, i, b) * x[k](i) * h[k-1](a) for k in 2..d
output score() = sum(h[d](b) over b)
"""

GENERAL_CP = """
network cp
size d = 3, r = 2
size n[1..d] = [2, 2, 2]
input x[k in 1..d](n[k])
weight A[k in 1..d](n[k], r)
output score() = prod(A[k](i[k], q) * x[k](i[k]) for k in 1..d)
"""

SQUARED_TRAIN = """
network squared
field FIELD
size d = 4, n = 3, r = 2
input x[1..d](n)
weight G[k in 1..d](r if k > 1 else 1, n, r if k < d else 1)
h[1](b) = G[1](a, i, b) * x[1](i)
h[k](b) = G[k](a, i, b) * x[k](i) * h[k-1](a) for k in 2..d
psi() = sum(h[d](b) over b)
output score() = psi() * conj(psi())
"""

SUM_OF_TRAINS = """
network sum_of_trains
size d = 4, n = 3, r = 1
input x[1..d](n)
weight G[k in 1..d](r if k > 1 else 1, n, r if k < d else 1), H[k in 1..d](r if k > 1 else 1, n, r if k < d else 1)
g[k](b) = G[k](a, i, b) * x[k](i) * (g[k-1](a) if k > 1 else one(a)) for k in 1..d
h[k](b) = H[k](a, i, b) * x[k](i) * (h[k-1](a) if k > 1 else one(a)) for k in 1..d
output score() = g[d](b) * one(b) + h[d](b) * one(b)
"""

GNN = """
network gnn
size D = 2, H = 2, L = 2
size neighbours = [[1, 2], [1, 2, 3], [2, 3, 4], [3, 4]]
let V = len(neighbours)
input x[1..V](D)
weight W[l in 1..L](H, D if l == 1 else H)
weight top(H)
m[l, j](g) = W[l](g, a) * (x[j](a) if l == 1 else h[l-1, j](a)) for l in 1..L, j in 1..V
h[l, i](g) = prod(m[l, j](g) for j in neighbours[i]) for l in 1..L, i in 1..V
output graph() = top(g) * prod(h[L, i](g) for i in 1..V)
output vertex[i]() = top(g) * h[L, i](g) for i in 1..V
"""
