# What agents may do with the example's files. The gate asks for data.intentgate.policy.decision;
# docs/policy/decision.md describes the input and the answer.
package intentgate.policy

import rego.v1

reading := {
	"read_file", "read_text_file", "read_media_file", "read_multiple_files", "list_directory",
	"list_directory_with_sizes", "directory_tree", "search_files", "get_file_info", "list_allowed_directories",
}

writing := {"write_file", "edit_file", "create_directory"}

max_written_characters := 10000

paths contains input.args.path

paths contains path if some path in input.args.paths

paths contains input.args.source

paths contains input.args.destination

secret if {
	some path in paths
	contains(path, "/secrets/")
}

default decision := {"allow": false, "reason": "no rule allows this tool"}

decision := {"allow": false, "reason": "files under secrets/ are not for agents"} if {
	secret
} else := {"allow": true, "reason": "reading is allowed"} if {
	input.tool in reading
} else := {"allow": false, "reason": "a file of more than 10000 characters may not be written"} if {
	input.tool in writing
	count(input.args.content) > max_written_characters
} else := {"allow": true, "reason": "writing a small file is allowed"} if {
	input.tool in writing
} else := {"allow": false, "escalate": true, "reason": "moving files needs a human"} if {
	input.tool == "move_file"
}
