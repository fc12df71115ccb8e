// Package work has a browser do a little arithmetic before a try is heard, where
// many wrong ones came before: what costs one member a second costs whoever
// tries ten thousand times three hours.
//
// It is the proof of work of ALTCHA, version 1: the server thinks of a number
// and gives a salt and SHA-256(salt number); the browser counts up to the number.
// The task is signed and not kept, so that asking for one costs no row. What is
// kept is that a proof was used (store.SpendWork): it is good once, at one door of
// one fund, for ten minutes (security.md part 3, row 49).
package work

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/altcha-org/altcha-lib-go"

	"aditus/internal/keys"
)

const (
	// Life is for how long a task can be solved and its proof be used.
	Life = 10 * time.Minute

	// Most is the largest number there may be to find. A telephone makes some tens
	// of thousands of hashes a second: it is through in one to three seconds.
	Most = 60_000

	// longest is the longest proof that is looked at; one of ours has 300 bytes.
	longest = 1024
)

// A Door is where a proof is good: the path that the form is sent to.
type Door string

// key signs the tasks of one door of one fund, so that no other takes their proofs.
func key(k *keys.Fund, door Door) string { return hex.EncodeToString(k.MAC("work", string(door))) }

// Ask makes a task for a door, as the JSON that the page's script reads.
func Ask(k *keys.Fund, door Door, now time.Time) (string, error) {
	until := now.Add(Life)
	task, err := altcha.CreateChallenge(altcha.ChallengeOptions{HMACKey: key(k, door), MaxNumber: Most, Expires: &until})
	if err != nil {
		return "", fmt.Errorf("work: %w", err)
	}
	text, err := json.Marshal(task)
	return string(text), err
}

// Check reads the proof that a browser sent. Ok says that it answers a task of
// this door, and that its time is not over; id is the task's name, and until when
// it could be used again if nobody wrote down that it was.
func Check(k *keys.Fund, door Door, proof string, now time.Time) (id string, until time.Time, ok bool) {
	if proof == "" || len(proof) > longest {
		return "", until, false
	}
	text, err := base64.StdEncoding.DecodeString(proof)
	if err != nil {
		return "", until, false
	}
	var p altcha.Payload
	if err := json.Unmarshal(text, &p); err != nil {
		return "", until, false
	}
	// Its time is looked at here: the library would ask the process's clock.
	if good, err := altcha.VerifySolutionSafe(p, key(k, door), false); err != nil || !good {
		return "", until, false
	}
	seconds, err := strconv.ParseInt(altcha.ExtractParams(p).Get("expires"), 10, 64)
	if err != nil {
		return "", until, false
	}
	until = time.Unix(seconds, 0).UTC()
	return p.Challenge, until, now.Before(until)
}

// Solve does what the page's script does. Only tests and tools ask for it.
func Solve(task string) (proof string, err error) {
	var c altcha.Challenge
	if err := json.Unmarshal([]byte(task), &c); err != nil {
		return "", fmt.Errorf("work: %w", err)
	}
	found, err := altcha.SolveChallenge(c.Challenge, c.Salt, altcha.Algorithm(c.Algorithm), int(c.MaxNumber), 0, nil)
	if err != nil {
		return "", fmt.Errorf("work: %w", err)
	}
	if found == nil {
		return "", errors.New("work: no number answers the task")
	}
	text, err := json.Marshal(altcha.Payload{Algorithm: c.Algorithm, Challenge: c.Challenge, Number: int64(found.Number), Salt: c.Salt, Signature: c.Signature})
	return base64.StdEncoding.EncodeToString(text), err
}
