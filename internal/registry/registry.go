// Package registry reads a fund's register of members from the file that the
// fund exports: one outcome for every record, and what the record becomes.
//
// A file is read twice, in constant memory. The first reading (Analyse) finds
// what is wrong with the file as a whole and what records share; the second
// (Results) judges each record. One bad record never stops a file. How a fund
// writes its file is data (access.Profile); what counts as an issue and what it
// does to the record is the table in issue.go, which a profile can change.
//
// Nothing here writes anywhere: the results are a preview until somebody
// publishes them.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"aditus/internal/access"
)

// A Fix is a value that was mended, under the file's own name of the column.
type Fix struct {
	Column, Value string
}

// A Result is what becomes of one record.
type Result struct {
	Record     int    // of data, from 1
	Line       int    // physical line where it starts, from 1
	Key        string // as the file has it, at most 64 characters
	Outcome    Outcome
	Issues     []string // words of issue.go or the profile's own for them
	Normalised []Fix
	Capability string // the one that is off or qualified, or ""
	Channels   string // which channels the person can choose from, or "" if nobody comes in with this record
	Ready      []string
	Entry      access.Entry
	Activation Activation
}

// The words for Result.Ready: what the person could do at once, by themselves.
const (
	ReadyRecovery   = "recovery"   // have credentials sent to a reliable mobile and a mailbox (C-4 to C-9)
	ReadyActivation = "activation" // come in with the code on the last statement (S-4)
)

// The words for Result.Channels, as the summary of a file counts them.
const (
	ChannelsBoth  = "both"
	ChannelsEmail = "email_only"
	ChannelsSMS   = "sms_only"
	ChannelsNone  = "none"
)

// An Analysis is a file after its first reading.
type Analysis struct {
	Records int      // how many the file has
	SHA256  [32]byte // of the file's bytes
	Ignored []string // columns that the profile does not name

	// Totals and Channels count the results that Results has yielded: complete
	// once it has come to the end.
	Totals   map[Outcome]int
	Channels map[string]int
	Ready    map[string]int // of the words that this register can tell

	file io.ReaderAt
	size int64
	p    access.Profile
	j    *judge
}

// ProfileProblems is Profile.Problems and, besides, the words under [registry.issues]
// that are no issues.
func ProfileProblems(p *access.Profile) []access.ProfileProblem {
	all := p.Problems()
	_, strange := effects(p)
	for _, word := range strange {
		all = append(all, access.ProfileProblem{Key: "issues." + word, Text: "is not an issue"})
	}
	return all
}

// Analyse reads a file for the first time. now is the day on which ages are
// counted and after which births are in the future; in its own location.
//
// The error is a *FileError if the file cannot be used at all, ctx's error if it
// ended, or a plain one if the profile cannot be used.
func Analyse(ctx context.Context, file io.ReaderAt, size int64, p access.Profile, now time.Time) (*Analysis, error) {
	if bad := ProfileProblems(&p); len(bad) > 0 {
		return nil, fmt.Errorf("registry profile: %s: %s", bad[0].Key, bad[0].Text)
	}
	limit := p.Limits.Bytes
	if limit == 0 {
		limit = 512 << 20
	}
	if size > limit {
		return nil, tooLarge(limit)
	}
	a := &Analysis{file: file, size: size, p: p}
	r, d, cols, err := a.begin(ctx)
	if err != nil {
		return nil, err
	}
	a.Ignored = cols.extra
	a.j = newJudge(&a.p, cols, newRepeats(size), now)
	if err := a.first(r, d); err != nil {
		return nil, err
	}
	a.SHA256 = [32]byte(r.sum.Sum(nil))
	a.j.repeats.turn()
	return a, nil
}

// begin opens the file and reads up to its first record.
func (a *Analysis) begin(ctx context.Context) (*reader, *decoder, columns, error) {
	r := newReader(ctx, a.file, a.size, a.p.Delimiter[0])
	d := &decoder{utf8: a.p.Encoding == "utf-8"}
	cols, err := r.open(&a.p, d)
	return r, d, cols, err
}

// first is the first reading.
func (a *Analysis) first(r *reader, d *decoder) error {
	most := a.p.Limits.Records
	if most == 0 {
		most = 5_000_000
	}
	asUTF8, notUTF8 := 0, 0 // records beyond ASCII that are UTF-8, and that are not
	for {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if a.Records++; a.Records > most {
			return &FileError{Code: FileTooMany, Line: row.line, Detail: strconv.Itoa(most)}
		}
		rec := d.decode(row, a.Records)
		if rec.high {
			if valid(row.fields) {
				asUTF8++
			} else {
				notUTF8++
			}
		}
		a.j.count(&rec)
	}
	if a.Records == 0 {
		return &FileError{Code: FileNoRecords}
	}
	// A few records in another encoding are accidents of those records. Where
	// nearly all are, the profile is wrong about the file.
	right, wrong, looks := notUTF8, asUTF8, "utf-8"
	if d.utf8 {
		right, wrong, looks = asUTF8, notUTF8, "windows-1252"
	}
	if wrong >= 10 && wrong > 9*right {
		return &FileError{Code: FileEncoding, Detail: looks}
	}
	return nil
}

// valid reports whether all fields are UTF-8.
func valid(fields [][]byte) bool {
	return !slices.ContainsFunc(fields, func(f []byte) bool { return !utf8.Valid(f) })
}

// Results reads the file for the second time and yields one result a record, in
// the file's order. An error ends it: *FileError if the file failed or is not
// the one that was read first, or ctx's. It can be ranged over again.
func (a *Analysis) Results(ctx context.Context) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		a.Totals, a.Channels, a.Ready = map[Outcome]int{}, map[string]int{}, map[string]int{}
		if a.j.cols.of[fieldReliable] >= 0 {
			a.Ready[ReadyRecovery] = 0
		}
		if a.j.cols.of[fieldActivation] >= 0 {
			a.Ready[ReadyActivation] = 0
		}
		a.j.repeats.again()
		if err := a.second(ctx, func(res Result) bool { return yield(res, nil) }); err != nil {
			yield(Result{}, err)
		}
	}
}

// second is the second reading, up to the end or until yield has enough.
func (a *Analysis) second(ctx context.Context, yield func(Result) bool) error {
	r, d, _, err := a.begin(ctx)
	if err != nil {
		return err
	}
	n := 0
	for {
		row, err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		n++
		rec := d.decode(row, n)
		res := a.j.result(&rec)
		a.Totals[res.Outcome]++
		if res.Channels != "" {
			a.Channels[res.Channels]++
		}
		for _, word := range res.Ready {
			a.Ready[word]++
		}
		if !yield(res) {
			return nil
		}
	}
	if [32]byte(r.sum.Sum(nil)) != a.SHA256 {
		return &FileError{Code: FileChanged}
	}
	return nil
}
