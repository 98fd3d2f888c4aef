# METADATA
# title: x
package a.b["c d"]

import data.foo as bar
import input.x
import rego.v1

# plain comment
default allow := false

default f(_) := 1

allow if {
	not input.x.y[_] == 1
	some i, j
	input.q[i][j] with input.z as 1 with data.a as 2
	x := [1, 2.50, "s", null, true, {"a": i}, {1, 2}, set()]
	every k, v in x { k < v; v in [1] }
	some z in x
	some z1, z2 in x
	$"hello {x} {y}" == "x"
	`raw` == "tab\t"
	y = {a | a := x[_]; a > 1}
	yy = {a: b | a := x[b]}
	yyy = [a | x[a]]
	f(1) + 2 * 3 == -1
	http.send({"method": "get"})
	bar.baz
	x[1].y[z]
}

p contains 1 if x
p[1] := 2 if y
p.q.r[s] := 3 if { s := 1 }
f(x, {"a": 1}) := y if { y := x } else := 3 if { x } else := 4
g(1) if true { false } { true }
zz := input.x if true
