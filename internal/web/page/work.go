package page

// Work is the task of a form before which the browser does a little arithmetic,
// for the part «work».
type Work struct {
	V    *Visit
	Task string // "" for none: the part is empty
}
