// Package arch holds the rule which package may import which, and the test that
// keeps it. There is nothing to import here.
package arch
