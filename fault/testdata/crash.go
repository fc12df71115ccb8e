package main

// This file is laid over the program when the tests build it (go build
// -overlay). It is not part of the product: it ends the process, as kill -9
// does, at a named step of SQLite's writer.
//
//	ADITUS_CRASH=write:TABLE:N    before the Nth change of a row of TABLE is made
//	ADITUS_CRASH=commit:TABLE:N   in the COMMIT of the Nth batch that changed TABLE, before it is durable
//	ADITUS_CRASH=after:TABLE:N    at the first change after that batch was durable

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"modernc.org/sqlite"
)

func init() {
	step := strings.Split(os.Getenv("ADITUS_CRASH"), ":")
	if len(step) != 3 {
		return
	}
	n, err := strconv.Atoi(step[2])
	if err != nil {
		panic("ADITUS_CRASH: " + err.Error())
	}
	die := func() {
		syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
		select {}
	}
	var mu sync.Mutex
	rows, batches, touched, done := 0, 0, false, false
	sqlite.RegisterConnectionHook(func(c sqlite.ExecQuerierContext, dsn string) error {
		h, ok := c.(sqlite.HookRegisterer)
		if !ok {
			panic("ADITUS_CRASH: a connection without hooks")
		}
		h.RegisterPreUpdateHook(func(d sqlite.SQLitePreUpdateData) {
			mu.Lock()
			defer mu.Unlock()
			if done {
				die()
			}
			if d.TableName != step[1] {
				return
			}
			touched = true
			if rows++; step[0] == "write" && rows == n {
				die()
			}
		})
		h.RegisterCommitHook(func() int32 {
			mu.Lock()
			defer mu.Unlock()
			if !touched {
				return 0
			}
			touched = false
			if batches++; batches == n {
				switch step[0] {
				case "commit":
					die()
				case "after":
					done = true
				}
			}
			return 0
		})
		return nil
	})
}
