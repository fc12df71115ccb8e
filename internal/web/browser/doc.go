// Package browser has the tests of the members' site in a real Chromium: the
// journeys of the first fund with and without the page's scripts, and every page
// in every state for people who see, hear or move in other ways
// (ux.md 4.7, 4.8, 4.10; scenarios.md 1 to 10 and 15 to 17). There is nothing to
// import here.
//
// A test has a [browsertest.Page] and a world: the program on a database of its
// own, served on loopback, with a clock that stands still and messages that are
// kept. People, codes and requests are put in place by calling the program, so
// that a page of the site is opened only to be looked at.
//
// `make test` looks at every state in Italian, and in the other languages at
// what differs. With ADITUS_FAULT=1 (`make fault`) it looks at all of them in
// every language, light and dark, and in the ways of seeing of ux.md 4.10. With
// ADITUS_SHOTS=DIR (`make shots`) it also leaves a picture of each.
package browser
