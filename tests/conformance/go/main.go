// OPA behind the protocol of rego_case: one request a line, one answer a line, so that both engines can be asked the
// same. Request: {query, modules, data, input, strict, v0, eval}. Answer: {bindings: [...]} or {error_code, error}.
// Request: {parse, v0}, a module's text. Answer: {module}, its syntax tree, or {error_code, error}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
)

type request struct {
	Query   string         `json:"query"`
	Modules []string       `json:"modules"`
	Data    map[string]any `json:"data"`
	Input   any            `json:"input"`
	Strict  bool           `json:"strict"`
	V0      bool           `json:"v0"`
	Parse   *string        `json:"parse"`
	Eval    bool           `json:"eval"`
}

type answer struct {
	Bindings  []map[string]any `json:"bindings,omitempty"`
	Answered  bool             `json:"answered,omitempty"`
	Module    *ast.Module      `json:"module,omitempty"`
	ErrorCode string           `json:"error_code,omitempty"`
	Error     string           `json:"error,omitempty"`
}

func failed(err error) answer {
	code := "other"
	var list ast.Errors
	var one *ast.Error
	var run *topdown.Error
	switch {
	case errors.As(err, &run):
		code = run.Code
	case errors.As(err, &list) && len(list) > 0:
		code = list[0].Code
	case errors.As(err, &one):
		code = one.Code
	}
	return answer{ErrorCode: code, Error: err.Error()}
}

func compile(r request) (*ast.Compiler, error) {
	version := ast.RegoV1
	if r.V0 {
		version = ast.RegoV0
	}
	modules := map[string]*ast.Module{}
	for i, text := range r.Modules {
		name := fmt.Sprintf("test-%d.rego", i)
		module, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: version, ProcessAnnotation: true})
		if err != nil {
			return nil, err
		}
		modules[name] = module
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	return compiler, nil
}

func parse(r request) answer {
	version := ast.RegoV1
	if r.V0 {
		version = ast.RegoV0
	}
	module, err := ast.ParseModuleWithOpts("test-0.rego", *r.Parse, ast.ParserOptions{RegoVersion: version, ProcessAnnotation: true})
	if err != nil {
		return failed(err)
	}
	return answer{Module: module}
}

// What `opa eval` answers: the bindings of the variables that the query names.
func eval(r request, compiler *ast.Compiler, body ast.Body) answer {
	if r.Data == nil {
		r.Data = map[string]any{}
	}
	options := []func(*rego.Rego){
		rego.ParsedQuery(body), rego.Compiler(compiler), rego.Store(inmem.NewFromObject(r.Data)), rego.StrictBuiltinErrors(r.Strict),
	}
	if r.Input != nil {
		options = append(options, rego.Input(r.Input))
	}
	results, err := rego.New(options...).Eval(context.Background())
	if err != nil {
		return failed(err)
	}
	out := answer{Answered: true}
	for _, result := range results {
		out.Bindings = append(out.Bindings, result.Bindings)
	}
	return out
}

func run(r request) answer {
	if r.Parse != nil {
		return parse(r)
	}
	compiler, err := compile(r)
	if err != nil {
		return failed(err)
	}
	body, err := ast.ParseBodyWithOpts(r.Query, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		return failed(err)
	}
	if r.Eval {
		return eval(r, compiler, body)
	}
	query, err := compiler.QueryCompiler().Compile(body)
	if err != nil {
		return failed(err)
	}
	if r.Data == nil {
		r.Data = map[string]any{}
	}
	ctx := context.Background()
	store := inmem.NewFromObject(r.Data)
	transaction, err := store.NewTransaction(ctx)
	if err != nil {
		return failed(err)
	}
	q := topdown.NewQuery(query).WithCompiler(compiler).WithStore(store).WithTransaction(transaction).WithStrictBuiltinErrors(r.Strict)
	if r.Input != nil {
		input, err := ast.InterfaceToValue(r.Input)
		if err != nil {
			return failed(err)
		}
		q = q.WithInput(ast.NewTerm(input))
	}
	results, err := q.Run(ctx)
	if err != nil {
		return failed(err)
	}
	out := answer{Answered: true}
	for _, result := range results {
		row := map[string]any{}
		for name, term := range result {
			value, err := ast.JSON(term.Value)
			if err != nil {
				return failed(err)
			}
			row[string(name)] = value
		}
		out.Bindings = append(out.Bindings, row)
	}
	return out
}

// OPA's own crashes are answers too.
func guarded(r request) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{ErrorCode: "panic", Error: fmt.Sprint(p)}
		}
	}()
	return run(r)
}

func main() {
	// A recursion without end shall end the process before it takes the machine's memory.
	debug.SetMaxStack(128 << 20)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			var r request
			if err := util.UnmarshalJSON(line, &r); err != nil {
				_ = out.Encode(failed(err))
			} else if err := out.Encode(guarded(r)); err != nil {
				_ = out.Encode(failed(err))
			}
		}
		if err != nil {
			return
		}
	}
}
