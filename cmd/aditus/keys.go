package main

import (
	"fmt"

	"aditus/internal/keys"
)

// keysCmd is `aditus keys`.
type keysCmd struct {
	Init keysInitCmd `cmd:"" help:"Make a new key file. Keep a copy where the database's backups are not."`
}

type keysInitCmd struct {
	File string `arg:"" help:"The file to make." type:"path"`
}

// Run makes the file; it never writes over one.
func (c *keysInitCmd) Run(w world) error {
	if err := keys.Create(c.File); err != nil {
		return err
	}
	fmt.Fprintln(w.out, "made", c.File)
	return nil
}
