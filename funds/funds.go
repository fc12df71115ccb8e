// Package funds carries the fund files that the product ships: three funds
// shaped after real ones, under invented names. An operator's own files lie
// beside the settings and are read by the same code.
package funds

import "embed"

// Files are the fund files and their own wording.
//
//go:embed *.toml
var Files embed.FS
