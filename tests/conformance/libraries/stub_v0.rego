# Stands in for the builtins that the library's own program adds to OPA.
package stub

new_result(msg, cause) = {"msg": msg, "startline": object.get(cause, "startline", 0)} { is_object(cause) } else = {"msg": msg} { true }
