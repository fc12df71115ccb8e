// Command aditus is the member access of pension and welfare funds.
//
//	aditus demo                          try it: everything included, on this machine only
//	aditus serve --config FILE           serve members
//	aditus import --fund ID FILE         bring a fund's register in
//	aditus check fund [FILE...]          judge fund files
//	aditus check id KIND VALUE           judge an identifier
//	aditus audit verify --config FILE    look for anything changed in the audit trail
//	aditus keys init FILE                make the key file
//	aditus passwords build FILE          make a filter of breached passwords
//	aditus passwords import --fund ID FILE  bring in passwords that members had elsewhere
//
// It exits with 0 when done, 1 when it ran and the answer is no, 2 when the
// command line was wrong, and 70 when the disk failed while serving. Results go
// to standard output; reasons to standard error, in one line.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes there are.
const (
	exitDone = 0
	exitNo   = 1
	exitLine = 2
	exitDisk = 70
)

// errDisk says that SQLite's file could not be written or read while serving.
var errDisk = errors.New("the disk failed")

// A line is the whole command line.
type line struct {
	Demo      demoCmd      `cmd:"" help:"Try it: everything included, on this machine only, with invented people."`
	Serve     serveCmd     `cmd:"" help:"Serve members."`
	Import    importCmd    `cmd:"" help:"Bring a fund's register in from a file."`
	Check     checkCmd     `cmd:"" help:"Judge a fund's file, or an identifier."`
	Audit     auditCmd     `cmd:"" help:"Look at the audit trail."`
	Keys      keysCmd      `cmd:"" help:"Make the key file."`
	Passwords passwordsCmd `cmd:"" help:"Make a filter of breached passwords; bring old passwords in."`
	Version   struct{}     `cmd:"" help:"Say which version this is."`
}

// A world is what a command sees of the process.
type world struct {
	ctx      context.Context
	out, err io.Writer
	environ  []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(world{ctx, os.Stdout, os.Stderr, os.Environ()}, os.Args[1:]))
}

// run does what the arguments say and returns the exit code.
func run(w world, args []string) int {
	var l line
	exited := -1
	parser, err := kong.New(&l, kong.Name("aditus"), kong.Description("The member access of pension and welfare funds."),
		kong.Writers(w.out, w.err), kong.Exit(func(code int) { exited = code }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.BindTo(w.ctx, (*context.Context)(nil)), kong.Bind(w))
	if err != nil {
		fmt.Fprintln(w.err, "aditus:", err)
		return exitNo
	}
	parsed, err := parser.Parse(args)
	if exited == 0 { // --help was shown
		return exitDone
	}
	if err != nil {
		fmt.Fprintln(w.err, "aditus:", oneLine(err))
		return exitLine
	}
	if parsed.Command() == "version" {
		fmt.Fprintln(w.out, "aditus", version())
		return exitDone
	}
	switch err := parsed.Run(w); {
	case err == nil:
		return exitDone
	case errors.Is(err, errDisk):
		fmt.Fprintln(w.err, "aditus:", oneLine(err))
		return exitDisk
	case errors.As(err, new(wrongLine)):
		fmt.Fprintln(w.err, "aditus:", oneLine(err))
		return exitLine
	default:
		fmt.Fprintln(w.err, "aditus:", oneLine(err))
		return exitNo
	}
}

// A wrongLine is an error of the command line that the parser could not see.
type wrongLine struct{ error }

// oneLine is an error without line breaks: a reason is one line.
func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

// version is that of the build.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && (v == "" || v == "(devel)") {
			v = s.Value[:min(12, len(s.Value))]
		}
	}
	if v == "" {
		v = "devel"
	}
	return v
}
