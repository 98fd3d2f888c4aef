package a
p[x] { x }
p[x] = y { x; y }
p = x { x }
f(x) = y { y = x }
f(x) { y = x }
p[1]
p[1] = 2
p.q[x] { x }
q { x } else = y { z } else { w }
q := 1
