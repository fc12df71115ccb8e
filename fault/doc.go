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
// larger numbers, belong to `make fault`:
//
//	ADITUS_KILLS=300   kills an engine
//	ADITUS_SEED=7      what the members and the kills do; the first line of a run tells it
//
// Nothing here is part of the product, but for this comment there is no Go
// outside tests.
package fault
