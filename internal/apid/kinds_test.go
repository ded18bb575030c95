package apid

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	tokens "go/token"
	"slices"
	"strconv"
	"testing"
)

// TestTheDocumentNamesEveryKindOfEvent reads the kinds where they are declared, so
// that none can be added without telling those who read histories by program.
func TestTheDocumentNamesEveryKindOfEvent(t *testing.T) {
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	if err := json.Unmarshal(Document(), &document); err != nil {
		t.Fatal(err)
	}
	named := document.Components.Schemas["Event"].Properties["kind"].Enum
	kinds := declared(t, "../letterlock/letterlock.go", "EventKind")
	if len(kinds) < 10 {
		t.Fatalf("%q are all kinds that were found: this test would prove nothing", kinds)
	}
	for _, kind := range kinds {
		if !slices.Contains(named, kind) {
			t.Errorf("%s is no kind of event in the document", kind)
		}
	}
}

// declared are the values of a file's string constants of one type.
func declared(t *testing.T, file, of string) (values []string) {
	t.Helper()
	f, err := parser.ParseFile(tokens.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(f, func(n ast.Node) bool {
		s, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := s.Type.(*ast.Ident); ok && name.Name == of {
			text, err := strconv.Unquote(s.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, text)
		}
		return true
	})
	return values
}
