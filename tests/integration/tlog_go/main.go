// Holds a log that tlog_go_log has written against the libraries of the Go checksum database and of Tessera.
//
//	tlog_go DIR          every line of DIR/facts.txt, the notes, the proof file, the whole directory by fsck
//	tlog_go -refuse DIR  the directory must be refused by fsck
//	tlog_go -command DIR  DIR/log and DIR/log.vkey are what `intentgate audit tiles` and `audit keygen` made
//
// Closes with "N passed, N failed".
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var passed, failed int

func check(what string, err error) {
	if err == nil {
		passed++
		return
	}
	failed++
	fmt.Printf("FAILED %s: %v\n", what, err)
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Println("FAILED", err)
		fmt.Println("0 passed, 1 failed")
		os.Exit(1)
	}
	return value
}

func number(text string) int64 { return must(strconv.ParseInt(text, 10, 64)) }

func hashes(texts []string) []tlog.Hash {
	var out []tlog.Hash
	for _, text := range texts {
		out = append(out, must(tlog.ParseHash(text)))
	}
	return out
}

// The tree as x/mod computes it from the entries alone.
type tree struct {
	stored []tlog.Hash
	leaves []tlog.Hash
}

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, index := range indexes {
		out = append(out, t.stored[index])
	}
	return out, nil
}

func entry(index int64) []byte {
	sum := sha256.Sum256([]byte(fmt.Sprintf("entry %d", index)))
	return sum[:]
}

func grow(size int64) *tree {
	t := &tree{}
	for i := int64(0); i < size; i++ {
		t.stored = append(t.stored, must(tlog.StoredHashes(i, entry(i), t))...)
		t.leaves = append(t.leaves, tlog.RecordHash(entry(i)))
	}
	return t
}

func (t *tree) root(size int64) tlog.Hash { return must(tlog.TreeHash(size, t)) }

func tilePath(tile tlog.Tile) string {
	// x/mod names the height of the tile before its level; tlog-tiles does not.
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func (t *tree) fact(words []string) error {
	switch words[0] {
	case "root":
		if t.root(number(words[1])).String() != words[2] {
			return fmt.Errorf("another root")
		}
	case "inclusion":
		index, size := number(words[1]), number(words[2])
		proof := hashes(words[3:])
		if want := must(tlog.ProveRecord(size, index, t)); !slices.Equal(proof, want) {
			return fmt.Errorf("another proof")
		}
		return tlog.CheckRecord(proof, size, t.root(size), index, t.leaves[index])
	case "consistency":
		first, second := number(words[1]), number(words[2])
		proof := hashes(words[3:])
		if want := must(tlog.ProveTree(second, first, t)); !slices.Equal(proof, want) {
			return fmt.Errorf("another proof")
		}
		return tlog.CheckTree(proof, second, t.root(second), first, t.root(first))
	case "tiles":
		var want []string
		for _, tile := range tlog.NewTiles(8, number(words[1]), number(words[2])) {
			want = append(want, tilePath(tile))
		}
		got := slices.Clone(words[3:])
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			return fmt.Errorf("got %v, want %v", got, want)
		}
	case "path":
		tile := tlog.Tile{H: 8, L: int(number(words[1])), N: number(words[2]), W: int(number(words[3]))}
		if tilePath(tile) != words[4] {
			return fmt.Errorf("want %s", tilePath(tile))
		}
	default:
		return fmt.Errorf("unknown fact")
	}
	return nil
}

// One test for each kind of fact.
func (t *tree) checkFacts(lines []string) {
	counts, errors := map[string]int{}, map[string]error{}
	for _, line := range lines {
		kind, _, _ := strings.Cut(line, " ")
		counts[kind]++
		if err := t.fact(strings.Fields(line)); err != nil && errors[kind] == nil {
			errors[kind] = fmt.Errorf("%s: %w", line, err)
		}
	}
	for kind, count := range counts {
		check(fmt.Sprintf("%d facts of kind %s", count, kind), errors[kind])
		fmt.Printf("%s: %d compared\n", kind, count)
	}
}

func read(dir, name string) string { return string(must(os.ReadFile(filepath.Join(dir, name)))) }

func runFsck(dir string) error {
	verifier := must(note.NewVerifier(strings.TrimSpace(read(dir, "log.vkey"))))
	hasher := func(bundle []byte) ([][]byte, error) {
		var b api.EntryBundle
		if err := b.UnmarshalText(bundle); err != nil {
			return nil, err
		}
		var out [][]byte
		for _, e := range b.Entries {
			out = append(out, rfc6962.DefaultHasher.HashLeaf(e))
		}
		return out, nil
	}
	source := client.FileFetcher{Root: filepath.Join(dir, "log")}
	// A worker of fsck ends at the first file that it finds wrong, and fsck waits for ever when none is left. One wrong
	// entry makes one tile wrong on each level.
	const workers = 16
	origin, _, _ := strings.Cut(read(dir, "log/checkpoint"), "\n")
	return fsck.New(origin, verifier, source, hasher, fsck.Opts{N: workers}).Check(context.Background())
}

func checkNotes(dir string) (size int64) {
	log := must(note.NewVerifier(read(dir, "log.vkey")))
	cosigner := must(fnote.NewVerifierForCosignatureV1(read(dir, "cosigner.vkey")))
	opened, err := note.Open([]byte(read(dir, "log/checkpoint")), note.VerifierList(log, cosigner))
	check("the checkpoint's signatures", err)
	if err != nil {
		return 0
	}
	if len(opened.Sigs) != 2 {
		check("both signatures", fmt.Errorf("%d verified", len(opened.Sigs)))
	}
	signer := must(note.NewSigner(read(dir, "log.skey")))
	again, err := note.Sign(&note.Note{Text: opened.Text}, signer)
	line := strings.Split(read(dir, "log/checkpoint"), "\n")[4]
	if err == nil && !bytes.Contains(again, []byte(line+"\n")) {
		err = fmt.Errorf("Go signs %q, not %q", again, line)
	}
	check("Go signs the same bytes with our key", err)
	return number(strings.Split(opened.Text, "\n")[1])
}

// tlog-proof, read by its specification.
func (t *tree) checkProofFile(dir string, size int64) error {
	head, checkpoint, _ := strings.Cut(read(dir, "entry.proof"), "\n\n")
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("begins with %q", lines[0])
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(must(note.NewVerifier(read(dir, "log.vkey")))))
	if err != nil {
		return err
	}
	root := must(tlog.ParseHash(strings.Split(opened.Text, "\n")[2]))
	index := number(strings.TrimPrefix(lines[1], "index "))
	return tlog.CheckRecord(hashes(lines[2:]), size, root, index, tlog.RecordHash(entry(index)))
}

// What the command wrote, by nothing but the key.
func checkCommand(dir string) {
	verifier := must(note.NewVerifier(strings.TrimSpace(read(dir, "log.vkey"))))
	opened, err := note.Open([]byte(read(dir, "log/checkpoint")), note.VerifierList(verifier))
	check("the command's checkpoint", err)
	if err == nil {
		size := number(strings.Split(opened.Text, "\n")[1])
		if size < 300 {
			err = fmt.Errorf("covers %d entries only", size)
		}
		check("the command's checkpoint covers the chain", err)
	}
	check("fsck of the command's directory", runFsck(dir))
}

func writeNote(dir string) {
	secret, public, err := note.GenerateKey(rand.Reader, "go.example")
	signer := must(note.NewSigner(must(secret, err)))
	text := "go.example\n1\n" + base64.StdEncoding.EncodeToString(entry(1)) + "\n"
	signed := must(note.Sign(&note.Note{Text: text}, signer))
	must(0, os.WriteFile(filepath.Join(dir, "go.vkey"), []byte(public), 0o644))
	must(0, os.WriteFile(filepath.Join(dir, "go.note"), signed, 0o644))
}

func main() {
	refuse := flag.Bool("refuse", false, "fsck must refuse the directory")
	command := flag.Bool("command", false, "the directory is the real command's")
	flag.Parse()
	dir := flag.Arg(0)
	if *refuse {
		err := runFsck(dir)
		fmt.Printf("fsck says: %.100s\n", fmt.Sprint(err))
		if err == nil {
			check("refusal", fmt.Errorf("fsck accepted a directory with a changed byte"))
		} else {
			check("refusal", nil)
		}
	} else if *command {
		checkCommand(dir)
	} else {
		size := checkNotes(dir)
		t := grow(size)
		t.checkFacts(strings.Split(strings.TrimSpace(read(dir, "facts.txt")), "\n"))
		check("the proof file", t.checkProofFile(dir, size))
		check("fsck", runFsck(dir))
		writeNote(dir)
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
