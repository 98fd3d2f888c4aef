# Stands in for the builtins that the library's own program adds to OPA.
package stub

import rego.v1

new_result(msg, cause) := {"msg": msg, "startline": object.get(cause, "startline", 0)} if is_object(cause)

else := {"msg": msg}

is_managed(x) if object.get(x, ["__defsec_metadata", "managed"], true)

count_addresses(c) := count(net.cidr_expand(c))

is_public(c) if {
	not net.cidr_contains("10.0.0.0/8", c)
	not net.cidr_contains("172.16.0.0/12", c)
	not net.cidr_contains("192.168.0.0/16", c)
}

parse_commands(s) := [split(trim(c, " "), " ") | some c in split(s, "&&")]

scan_string(s) := {"transgressionFound": contains(s, "AKIA"), "description": "x", "rule": "y", "startline": 1}
