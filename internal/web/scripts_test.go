package web_test

import (
	"testing"

	"aditus/internal/dbtest"
	"aditus/internal/script"
)

// TestScripts tells every journey on every engine. The scripts are the product's
// specification; internal/script has their language.
func TestScripts(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			script.Run(t, script.Params{Dir: "../../cmd/aditus/testdata", Engine: engine, Register: "../registry/testdata/aurora.csv"})
		})
	}
}
