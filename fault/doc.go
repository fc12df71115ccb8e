// Package fault breaks the whole program and looks whether it kept its word.
//
// Its tests start the real command as processes of their own, on both engines,
// with a mail server beside them, and let members act over HTTP: they sign in,
// register a channel, draft, ask, answer, confirm, take back, change their
// password. Meanwhile processes are killed, stopped and cut off from what they
// talk to. Afterwards the database is read behind the program's back and must
// agree with all that members were told (reliability.md, invariants I1 to I7).
//
// `make test` runs the short form. The files with the build tag fault, and the
// larger numbers, belong to `make fault`, which prints what it measured:
//
//	ADITUS_KILLS=300     kills an engine
//	ADITUS_ROUNDS=200    races of two nodes
//	ADITUS_SAMPLES=500   sign-ins of each kind, of which none may be told by its time
//	ADITUS_SEED=7        what the members and the kills do; a test that fails tells its own
//
// Nothing here is part of the product, but for this comment there is no Go
// outside tests.
package fault
