package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"strings"
)

// docs names each package and each exported identifier without a doc comment,
// tests and testdata left out.
func docs(root string, files []string) ([]string, error) {
	var complaints, dirs []string
	said := map[string]bool{} // directories whose package has a comment
	set := token.NewFileSet()
	for _, name := range files {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.Contains("/"+name, "/testdata/") {
			continue
		}
		file, err := parser.ParseFile(set, filepath.Join(root, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		dir := path.Dir(name)
		if _, seen := said[dir]; !seen {
			dirs = append(dirs, dir)
		}
		said[dir] = said[dir] || file.Doc != nil
		for _, d := range file.Decls {
			for _, id := range undocumented(d) {
				complaints = append(complaints, fmt.Sprintf("%s:%d: %s has no doc comment", name, set.Position(id.Pos()).Line, id.Name))
			}
		}
	}
	for _, dir := range dirs {
		if !said[dir] {
			complaints = append(complaints, dir+": the package has no doc comment")
		}
	}
	return complaints, nil
}

// undocumented are the exported names of a declaration that nothing is said
// about. A comment on a group speaks for its members.
func undocumented(d ast.Decl) (names []*ast.Ident) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || receiver(d.Recv.List[0].Type).IsExported()) {
			names = append(names, d.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					names = append(names, s.Name)
				}
			case *ast.ValueSpec:
				for _, n := range s.Names {
					if n.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
						names = append(names, n)
					}
				}
			}
		}
	}
	return names
}

// receiver is the name of the type a method belongs to.
func receiver(e ast.Expr) *ast.Ident {
	for {
		switch t := e.(type) {
		case *ast.Ident:
			return t
		case *ast.StarExpr:
			e = t.X
		case *ast.ParenExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		default:
			return ast.NewIdent("_")
		}
	}
}
