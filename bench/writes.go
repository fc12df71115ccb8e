package main

import (
	"context"
	"time"

	"aditus/internal/audit"
	"aditus/internal/store"
)

// writes measures the store's durable writes: one event of the audit trail in
// each. Nothing else runs on that database.
func (b *bench) writes(ctx context.Context, e *engine) error {
	if e.writer == nil {
		where, err := e.fresh(ctx, "writer")
		if err != nil {
			return err
		}
		if e.writer, err = b.open(ctx, where); err != nil {
			return err
		}
	}
	if err := b.limitsOf(ctx, e); err != nil {
		return err
	}
	m := meter{postgres: e.server != ""}
	event := func(int) error {
		return e.writer.Write(ctx, b.fund.ID, func(tx *store.Tx) error {
			return audit.Record(tx, audit.CodeAsked{Member: "0123456789abcdefghij", Challenge: "0123456789abcdefghij", Purpose: "operation", Kind: "email"})
		})
	}
	one := b.load(ctx, 1, b.span(1500*time.Millisecond), m, event)
	var many figure
	if err := b.profiledHere(e, "writes-64", func() error {
		many = b.load(ctx, 64, b.span(1500*time.Millisecond), m, event)
		return nil
	}); err != nil {
		return err
	}

	r := b.table.row(e.name, "durable writes", "one event a commit, 1 caller")
	r.limit("p50 of 1 bare commit")
	bare := e.limits.one
	if e.server == "" {
		r.goal("p50 at most 1.5 times", func(s sample) bool { return s.ratio <= 1.5 })
	}
	r.add(one, sample{bound: bare.at(50), boundCPU: bare.each(), ratio: one.at(50) / bare.at(50)})

	r = b.table.row(e.name, "durable writes", "one event a commit, 64 callers")
	r.limit("bare grouped commits")
	if e.server == "" {
		r.goal("0.5 of the limit", func(s sample) bool { return s.ratio >= 0.5 })
	}
	r.add(many, sample{bound: e.limits.grouped.rate(), boundCPU: e.limits.grouped.each(), ratio: many.rate() / e.limits.grouped.rate()})
	if err := one.fine(); err != nil {
		return err
	}
	return many.fine()
}

// showLimits puts the bare commits into the table.
func (b *bench) showLimits(e *engine) {
	for _, l := range []struct {
		name string
		f    figure
	}{
		{"bare commits, 1 caller", e.limits.one}, {"bare commits, 64 callers, one each", e.limits.ungrouped},
		{"bare commits, 64 callers, grouped", e.limits.grouped},
	} {
		b.table.row(e.name, "the machine", l.name).add(l.f, sample{})
	}
}
