module intentgate.invalid/rego_oracle

go 1.26.0

require github.com/open-policy-agent/opa v1.22.3
