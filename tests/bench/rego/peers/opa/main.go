// OPA as a library behind the benchmark's line protocol (see rego_engine.cc). The query is compiled once and run
// on parsed input, without the convenience layer that would add to it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
)

type scenario struct {
	compiler *ast.Compiler
	query    ast.Body
	store    storage.Store
	txn      storage.Transaction
	input    *ast.Term
	text     []byte
}

func load(folder, name string) (*scenario, error) {
	raw, err := os.ReadFile(filepath.Join(folder, name+".json"))
	if err != nil {
		return nil, err
	}
	var file struct {
		Module string          `json:"module"`
		Data   json.RawMessage `json:"data"`
		Input  json.RawMessage `json:"input"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return nil, err
	}
	var data map[string]any
	if err := util.UnmarshalJSON(file.Data, &data); err != nil {
		return nil, err
	}
	compiler, err := ast.CompileModules(map[string]string{"bench.rego": file.Module})
	if err != nil {
		return nil, err
	}
	body, err := ast.ParseBody("data.bench.answer = x")
	if err != nil {
		return nil, err
	}
	query, err := compiler.QueryCompiler().Compile(body)
	if err != nil {
		return nil, err
	}
	s := &scenario{compiler: compiler, query: query, store: inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true)), text: file.Input}
	if s.txn, err = s.store.NewTransaction(context.Background()); err != nil {
		return nil, err
	}
	s.input, err = parse(file.Input)
	return s, err
}

func parse(text []byte) (*ast.Term, error) {
	var input any
	if err := util.UnmarshalJSON(text, &input); err != nil {
		return nil, err
	}
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		return nil, err
	}
	return ast.NewTerm(value), nil
}

func (s *scenario) eval(input *ast.Term) (*ast.Term, error) {
	var answer *ast.Term
	q := topdown.NewQuery(s.query).WithCompiler(s.compiler).WithStore(s.store).WithTransaction(s.txn).WithInput(input)
	err := q.Iter(context.Background(), func(found topdown.QueryResult) error {
		answer = found[ast.Var("x")]
		return nil
	})
	return answer, err
}

func write(answer *ast.Term) (string, error) {
	if answer == nil {
		return "undefined", nil
	}
	value, err := ast.JSON(answer.Value)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(value)
	return string(text), err
}

func (s *scenario) time(mode string, runs int) int64 {
	start := time.Now()
	for range runs {
		input := s.input
		if mode == "bytes" {
			input, _ = parse(s.text)
		}
		answer, _ := s.eval(input)
		if mode == "bytes" {
			_, _ = write(answer)
		}
	}
	return time.Since(start).Nanoseconds()
}

func (s *scenario) memory() string {
	const runs = 20
	s.time("parsed", 3)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.time("parsed", runs)
	runtime.ReadMemStats(&after)
	return fmt.Sprintf("%d %d", (after.TotalAlloc-before.TotalAlloc)/runs, (after.Mallocs-before.Mallocs)/runs)
}

func main() {
	loaded := map[string]*scenario{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		name := words[1]
		switch words[0] {
		case "load":
			s, err := load(os.Args[1], name)
			if err != nil {
				fmt.Println("no", strings.ReplaceAll(err.Error(), "\n", " "))
				continue
			}
			loaded[name] = s
			fmt.Println("ok")
		case "answer":
			answer, err := loaded[name].eval(loaded[name].input)
			if err == nil {
				var text string
				if text, err = write(answer); err == nil {
					fmt.Println(text)
					continue
				}
			}
			fmt.Println("no", strings.ReplaceAll(err.Error(), "\n", " "))
		case "time":
			runs, _ := strconv.Atoi(words[3])
			fmt.Println(loaded[name].time(words[2], runs))
		case "memory":
			fmt.Println(loaded[name].memory())
		case "drop":
			delete(loaded, name)
			runtime.GC()
			fmt.Println("ok")
		}
	}
}
