package a
import future.keywords.not
import future.keywords.and
import future.keywords.or
p = 1
default q = 2
r if { not f(x) }
r if {not {a; b} }
r if not a
s if x and y or {z; w} with input as 1
t if $"a {f(x) with input as 1} `"
u if $`x
y {1}`
v if $"" == 1
f() = 1
f(_, [_, _]) := {_ | _; [_|_]}
g := x if {y} else if {z} else = 1 if { t}
# METADATA
# scope: document
# description: foo
x contains {"b": 1, "a": 2, z: 1, [1]: 3, {1|x}: 1, f(x): 9, input.x: 2}
# METADATA
# title: of one
x contains 2
e if { x, y in z; x in y in z; some [a, b], {"c": c} in x; f(x, y); a[f(x)]; [1,2][0]; f(x)[1]; "a"; not x = y; x := y with input as 1}
foo.bar(_) := 2 if x
foo.baz(1) if x
a.b := input
