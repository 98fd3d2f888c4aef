# METADATA
# title: Example policy of IntentGate
# description: |
#   What a small finance team might start from. The names, limits and reasons are examples: copy
#   the file and put your own in. The gate asks one question, data.intentgate.policy.decision,
#   and blocks the call when the answer is missing or not understood.
package intentgate.policy

import rego.v1

# Tools that only look at things.
read_only if startswith(input.tool, "read_")

# Tools that change little and can be undone.
harmless := {"record_in_ledger", "verify_vendor", "fetch_company_data", "web_search"}

# Tools that no agent may call, whatever its token says.
destructive := {"delete", "drop_table", "factory_reset", "purge_audit"}

# The most that one transfer may move without a person looking at it.
transfer_limit_eur := 10000

# The amount of a transfer. Undefined unless it is a number: "500", true and null are not amounts.
transfer_amount := input.args.amount_eur if is_number(input.args.amount_eur)

default decision := {"allow": false, "reason": "no rule of the policy allows this tool"}

decision := {"allow": false, "reason": reason} if {
	input.tool in destructive
	reason := sprintf("%s is destructive and never allowed", [input.tool])
} else := {"allow": true, "reason": "read-only tool"} if {
	read_only
} else := {"allow": true, "reason": "harmless tool"} if {
	input.tool in harmless
} else := transfer if {
	input.tool == "transfer_funds"
}

# Every transfer gets one of these answers; what none of them knows is refused.
default transfer := {"allow": false, "reason": "transfer_funds needs amount_eur, a number"}

transfer := {"allow": false, "reason": "a transfer must move more than nothing"} if {
	transfer_amount <= 0
}

transfer := {"allow": true, "reason": "transfer within the limit"} if {
	transfer_amount > 0
	transfer_amount <= transfer_limit_eur
}

transfer := {"allow": false, "escalate": true, "requires_step_up": true, "reason": reason} if {
	transfer_amount > transfer_limit_eur
	reason := sprintf("a transfer above %d EUR needs a person", [transfer_limit_eur])
}
