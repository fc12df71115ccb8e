package registry

import (
	"fmt"
	"strconv"
)

// The codes of a FileError. Each is the end of a text key:
// registry.file.<code>.
const (
	FileEmpty         = "empty"
	FileNoRecords     = "no_records" // a header and nothing below it
	FileTooLarge      = "too_large"  // Detail: the limit in bytes
	FileTooMany       = "too_many"   // records; Detail: the limit
	FileBinary        = "binary"     // not text; Detail: "zip" for an archive, as a spreadsheet is one
	FileUTF16         = "utf16"
	FileEncoding      = "encoding"  // not as the profile says; Detail: what it looks like
	FileLineEnds      = "line_ends" // carriage returns alone
	FileDelimiter     = "delimiter" // Detail: the one the header seems to use, or ""
	FileHeaderTooLong = "header_too_long"
	FileColumnMissing = "column_missing" // Detail: the column
	FileColumnDoubled = "column_doubled" // Detail: the column
	FileChanged       = "changed"        // while it was read
	FileRead          = "read"           // the disk or the network failed; wrapped
)

// A FileError says why no record of a file can be used. What is wrong with one
// record is never a FileError: it is that record's outcome.
type FileError struct {
	Code   string
	Line   int    // physical line, 0 for the file as a whole
	Detail string // see the codes
	Err    error  // the cause of FileRead
}

// Error is for logs and the command line.
func (e *FileError) Error() string {
	s := "registry file: " + e.Code
	if e.Detail != "" {
		s += " " + strconv.Quote(e.Detail)
	}
	if e.Line > 0 {
		s += fmt.Sprintf(" (line %d)", e.Line)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *FileError) Unwrap() error { return e.Err }
