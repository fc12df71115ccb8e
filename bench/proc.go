package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A meter says whose processor time is measured.
type meter struct {
	pid      int  // a server's; 0 is this process
	postgres bool // and PostgreSQL's
}

// A reading is what the processors did up to a moment.
type reading struct {
	at       time.Time
	measured time.Duration // what the meter measures
	ours     time.Duration // all of this run's processes, and PostgreSQL
	machine  time.Duration // all there are
}

// others is the share of the machine that was taken by what is not ours.
func others(before, after reading) float64 {
	all := after.at.Sub(before.at) * time.Duration(runtime.NumCPU())
	taken := (after.machine - before.machine) - (after.ours - before.ours)
	return max(0, float64(taken)/float64(all))
}

func (m meter) read(b *bench) reading {
	r := reading{at: time.Now(), machine: machine()}
	own, pg := ownTime(), time.Duration(0)
	for _, e := range b.engines {
		if e.postmaster != 0 {
			pg = treeTime(e.postmaster)
		}
	}
	r.ours = own + pg
	for _, pid := range b.pids {
		t := processTime(pid)
		r.ours += t
		if pid == m.pid {
			r.measured = t
		}
	}
	if m.pid == 0 {
		r.measured = own
	}
	if m.postgres {
		r.measured += pg
	}
	return r
}

// tick is the unit of /proc/PID/stat: 100 a second on every Linux that Go knows.
const tick = 10 * time.Millisecond

// ownTime is the processor time of this process.
func ownTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// stat are the fields of /proc/PID/stat behind the name: 1 is the parent, 11 to
// 14 are the times, own and of the children that ended. Nil if there is no such
// process.
func stat(pid int) []string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	text := string(data)
	return strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
}

func ticks(fields []string, from, to int) (d time.Duration) {
	if len(fields) <= to {
		return 0
	}
	for _, field := range fields[from : to+1] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0
		}
		d += time.Duration(n) * tick
	}
	return d
}

// processTime is the processor time of one process.
func processTime(pid int) time.Duration { return ticks(stat(pid), 11, 12) }

// treeTime is that of a process, of its children that live, and of those that
// ended.
func treeTime(pid int) time.Duration {
	d := ticks(stat(pid), 11, 14)
	for _, child := range children(pid) {
		d += processTime(child)
	}
	return d
}

// children are the processes that have pid for a parent.
func children(pid int) (pids []int) {
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil
	}
	for _, dir := range all {
		n, err := strconv.Atoi(filepath.Base(dir))
		if fields := stat(n); err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			pids = append(pids, n)
		}
	}
	return pids
}

// threadTime is what the threads of a process have run so far, finer than
// processTime and without those that ended.
func threadTime(pid int) (d time.Duration) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil {
		return 0
	}
	for _, name := range threads {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it ended meanwhile
		}
		first, _, _ := strings.Cut(string(data), " ")
		n, err := strconv.ParseInt(first, 10, 64)
		if err == nil {
			d += time.Duration(n)
		}
	}
	return d
}

// machine is what all processors did but idle and wait for disks.
func machine() (d time.Duration) {
	data, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(data), "\n")
	fields := strings.Fields(line)
	for i, field := range fields {
		if i == 0 || i == 4 || i == 5 || i > 8 { // the name, idle, iowait, and guests, who count elsewhere
			continue
		}
		n, err := strconv.ParseInt(field, 10, 64)
		if err == nil {
			d += time.Duration(n) * tick
		}
	}
	return d
}

// memory is a figure of /proc/PID/status or smaps_rollup, in MiB: "VmRSS",
// "VmHWM" (the most there ever was), "Pss".
func memory(pid int, name string) (float64, error) {
	file := "status"
	if name == "Pss" {
		file = "smaps_rollup"
	}
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kib / 1024, err
		}
	}
	return 0, fmt.Errorf("/proc/%d/%s has no %s", pid, file, name)
}
