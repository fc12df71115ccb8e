package script

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// given tells again, in short, what another script tells in full: the lines of a
// file beside the scripts, with the variables that the line sets.
func given(w *world, c call) error {
	for _, pair := range c.args[1:] {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("%q is not NAME=VALUE", pair)
		}
		c.Setenv(name, value)
	}
	name := filepath.Join("given", c.args[0]+".txt")
	text, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(text), "\n") {
		if err := w.tell(c, line); err != nil {
			return fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
	}
	return nil
}

// tell does what one line says.
func (w *world) tell(c call, line string) error {
	args, err := split(line, c.Getenv)
	if err != nil || len(args) == 0 {
		return err
	}
	neg := args[0] == "!"
	if neg {
		args = args[1:]
	}
	cmd, ok := vocabulary()[args[0]]
	if !ok {
		return fmt.Errorf("there is no %q", args[0])
	}
	if err := cmd.check(args[0], neg, args[1:]); err != nil {
		return err
	}
	return cmd.do(w, call{c.TestScript, neg, args[1:]})
}

// split cuts a line into words as testscript does: quotes keep blanks, a doubled
// one inside them is one, variables are put in outside them, # begins a comment.
func split(line string, env func(string) string) (args []string, err error) {
	var word strings.Builder
	open, quoted := false, false
	end := func() {
		if open {
			args, open = append(args, word.String()), false
			word.Reset()
		}
	}
	for i := 0; i < len(line); i++ {
		switch ch := line[i]; {
		case ch == '\'' && quoted && i+1 < len(line) && line[i+1] == '\'':
			word.WriteByte('\'')
			i++
		case ch == '\'':
			quoted, open = !quoted, true
		case quoted:
			word.WriteByte(ch)
		case ch == ' ' || ch == '\t' || ch == '\r':
			end()
		case ch == '#' && !open:
			return args, nil
		case ch == '$':
			n := i + 1
			for n < len(line) && (line[n] == '_' || line[n] >= '0' && line[n] <= '9' || line[n] >= 'a' && line[n] <= 'z') {
				n++
			}
			word.WriteString(env(line[i+1 : n]))
			i, open = n-1, true
		default:
			word.WriteByte(ch)
			open = true
		}
	}
	if quoted {
		return nil, errors.New("a quote is not closed")
	}
	end()
	return args, nil
}
