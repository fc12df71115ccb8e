package challenge_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"aditus/internal/dbtest"
	"aditus/internal/store"
)

// sealedOnly looks through every row, and through the files of SQLite, for a
// code in clear or under a hash that needs no key. An empty code looks through
// the messages for digits instead.
func (st *stand) sealedOnly(t *testing.T, when, code string) {
	t.Helper()
	var all [][]byte
	for _, q := range []string{
		`SELECT body FROM outbox`, `SELECT said FROM outbox`, `SELECT key FROM outbox`, `SELECT mac FROM challenge`, `SELECT masked FROM challenge`, `SELECT subject FROM challenge`, `SELECT body FROM event`,
	} {
		rows, err := dbtest.Raw(t, st.where).Query(q)
		ok(t, err)
		for rows.Next() {
			var b []byte
			ok(t, rows.Scan(&b))
			all = append(all, b)
		}
		ok(t, rows.Err(), rows.Close())
	}
	if len(all) < 6 {
		t.Errorf("%s: only %d values were looked at", when, len(all))
	}
	if !store.Postgres(st.where) {
		files, err := filepath.Glob(st.where + "*")
		ok(t, err)
		for _, file := range files {
			b, err := os.ReadFile(file)
			ok(t, err)
			all = append(all, b)
		}
	}
	if code == "" {
		code = "{\"n\":\"code\"" // as a body would begin its values
	}
	sum := sha256.Sum256([]byte(code))
	unkeyed := hmac.New(sha256.New, nil)
	unkeyed.Write([]byte(code))
	for form, b := range map[string][]byte{"clear": []byte(code), "its hash": sum[:], "its hash in hexadecimal": []byte(hex.EncodeToString(sum[:])),
		"an HMAC without a key": unkeyed.Sum(nil)} {
		for _, cell := range all {
			if bytes.Contains(cell, b) {
				t.Errorf("%s: the database holds the code as %s", when, form)
			}
		}
	}
}
