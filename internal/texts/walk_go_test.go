package texts

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
)

// goFile walks one Go file: calls of T, refusals, and arguments that are text
// keys.
func (w *walker) goFile(place string, src []byte) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, place, src, parser.SkipObjectResolution)
	if err != nil {
		w.say(place, "%v", err)
		return
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		at := fmt.Sprintf("%s:%d", place, fset.Position(n.Pos()).Line)
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			if s, ok := text(n); ok {
				w.words[s] = true
				if w.book.common[Languages[0]]()[s] != nil {
					w.used[s] = true
				}
			}
		case *ast.CallExpr:
			w.goCall(at, n)
		case *ast.CompositeLit:
			w.goComposite(at, n)
		}
		return true
	})
}

func (w *walker) goCall(at string, n *ast.CallExpr) {
	name := calledName(n.Fun)
	switch {
	case name == "T" && len(n.Args) > 0:
		given, all := []string{}, !n.Ellipsis.IsValid()
		for i := 1; i < len(n.Args); i += 2 {
			name, ok := text(n.Args[i])
			if all = all && ok; ok {
				given = append(given, name)
			}
		}
		switch parts := pieces(n.Args[0]); {
		case len(parts) == 1 && parts[0] != "":
			w.key(at, parts[0], given, all)
		case parts[0] != "": // else the key was chosen elsewhere, and is seen there
			w.pattern(at, parts, given, all)
		}
	case name == "Refuse" && len(n.Args) > 0:
		w.refusal(at, n.Args[0], n.Args[1:], n.Ellipsis.IsValid())
	case (name == "RefuseField" || name == "refuse") && len(n.Args) > 1:
		w.refusal(at, n.Args[1], n.Args[2:], n.Ellipsis.IsValid())
	}
}

// refusal checks the code of a refusal and, if each argument shows its name,
// that the text gets what it needs.
func (w *walker) refusal(at string, code ast.Expr, args []ast.Expr, spread bool) {
	parts := pieces(code)
	if len(parts) != 1 || parts[0] == "" {
		if len(parts) > 1 && !composed.MatchString("refusal.x"+parts[len(parts)-1]) {
			w.say(at, "a refusal put together of %q", parts)
		}
		return
	}
	key := parts[0]
	m := w.book.common[Languages[0]]()["refusal."+key]
	if m == nil {
		w.say(at, "there is no text %q", "refusal."+key)
		return
	}
	if spread {
		return
	}
	given := []string{}
	for _, a := range args {
		s, ok := firstText(a)
		if !ok {
			return
		}
		given = append(given, s)
	}
	for _, hole := range m.holes() {
		if !slices.Contains(given, hole) && !slices.Contains(always, hole) {
			w.say(at, "%q needs {%s}", "refusal."+key, hole)
		}
	}
}

// goComposite sees Refusal{Code: "x"} and Arg{..., ArgKey, "x"}.
func (w *walker) goComposite(at string, n *ast.CompositeLit) {
	isKey, key := false, []string{}
	for i, e := range n.Elts {
		name, value := "", e
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			name, value = calledName(kv.Key), kv.Value
		}
		parts := pieces(value)
		switch {
		case calledName(value) == "ArgKey":
			isKey = true
		case name == "Code" && calledName(n.Type) == "Refusal":
			w.refusal(at, value, nil, true)
		case name == "Value", name == "" && i == 2:
			key = parts
		}
	}
	switch {
	case !isKey || len(key) == 0 || key[0] == "":
	case len(key) == 1:
		w.key(at, key[0], nil, true)
	default:
		w.pattern(at, key, nil, true)
	}
}

func calledName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func text(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// pieces are the parts of a key as it is written: {"a.b"}, {"act.", "", ".name"}
// of "act." + id + ".name" and of fmt.Sprintf("act.%s.name", id), {""} of a
// variable.
func pieces(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, ok := text(e); ok {
			return []string{s}
		}
	case *ast.BinaryExpr:
		return append(pieces(e.X), pieces(e.Y)...)
	case *ast.CallExpr:
		if calledName(e.Fun) == "Sprintf" && len(e.Args) > 0 {
			if s, ok := text(e.Args[0]); ok {
				return verbs(s)
			}
		}
	}
	return []string{""}
}

// firstText is the first string written anywhere in an expression.
func firstText(e ast.Expr) (s string, ok bool) {
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, is := n.(*ast.BasicLit); is && !ok {
			s, ok = text(lit)
		}
		return !ok
	})
	return s, ok
}
