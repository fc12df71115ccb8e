package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A client is one browser's kept connection. It is written by hand because the
// load shares the processors with what is measured: net/http's client takes
// several times as long for a request.
type client struct {
	addr string
	c    net.Conn

	keeps bool // the body of an answer, and not only its size
	r     *bufio.Reader
}

// An answer is what the load looks at of a response. Its body was read and
// thrown away, but by a client that keeps it.
type answer struct {
	status   int
	location string
	retry    string
	session  bool   // it sets the session's cookie
	journey  string // the journey's, if it sets that
	size     int
	body     []byte // of a client that keeps it
	passkey  string // the cookie of a question to a passkey
}

// timeout is longer than any answer takes that is not a fault.
const timeout = 2 * time.Minute

// do sends a request and reads its answer.
func (c *client) do(request []byte) (a answer, err error) {
	if c.c == nil {
		if c.c, err = net.Dial("tcp", c.addr); err != nil {
			c.c = nil
			return a, err
		}
		c.r = bufio.NewReaderSize(c.c, 16<<10)
	}
	if err = c.c.SetDeadline(time.Now().Add(timeout)); err == nil {
		_, err = c.c.Write(request)
	}
	if err == nil {
		a, err = c.read()
	}
	if err != nil {
		return a, errors.Join(err, c.close())
	}
	return a, nil
}

func (c *client) close() error {
	if c.c == nil {
		return nil
	}
	err := c.c.Close()
	c.c = nil
	return err
}

func (c *client) read() (a answer, err error) {
	line, err := c.line()
	if err != nil {
		return a, err
	}
	if len(line) < 12 {
		return a, fmt.Errorf("not an answer: %q", line)
	}
	if a.status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return a, err
	}
	length, chunked := 0, false
	for {
		line, err := c.line()
		if err != nil {
			return a, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch string(name) { // as Go writes them
		case "Content-Length":
			if length, err = strconv.Atoi(string(value)); err != nil {
				return a, err
			}
		case "Transfer-Encoding":
			chunked = true
		case "Location":
			a.location = string(value)
		case "Retry-After":
			a.retry = string(value)
		case "Set-Cookie":
			if secret, ok := bytes.CutPrefix(value, []byte("passkey=")); ok {
				a.passkey, _, _ = strings.Cut(string(secret), ";")
			}
			a.session = a.session || bytes.HasPrefix(value, []byte("session=")) && len(value) > 40
			if secret, ok := bytes.CutPrefix(value, []byte("journey=")); ok {
				secret, _, _ = bytes.Cut(secret, []byte(";"))
				a.journey = string(secret)
			}
		}
	}
	if !chunked {
		if a.size = length; c.keeps {
			a.body = make([]byte, length)
			_, err := io.ReadFull(c.r, a.body)
			return a, err
		}
		_, err := c.r.Discard(length)
		return a, err
	}
	for {
		line, err := c.line()
		if err != nil {
			return a, err
		}
		n, err := strconv.ParseInt(string(line), 16, 32)
		if err != nil {
			return a, err
		}
		if _, err := c.r.Discard(int(n) + 2); err != nil { // with its line's end
			return a, err
		}
		if n == 0 {
			return a, nil
		}
		a.size += int(n)
	}
}

// line reads a line of a header, without its end.
func (c *client) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// agent is what the load says it is: a browser that people use.
const agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// get makes a request for a page.
func get(host, path, cookies string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: text/html\r\nAccept-Language: it\r\nCookie: %s\r\n\r\n",
		path, host, agent, cookies)
}

// post makes a request that posts a form, as if from a network of its own: from
// is the address that a proxy in front would tell.
func post(host, path, cookies, from, form string) []byte {
	var forwarded string
	if from != "" {
		forwarded = "X-Forwarded-For: " + from + "\r\n"
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nAccept: text/html\r\nAccept-Language: it\r\nCookie: %s\r\n%s"+
		"Origin: http://%s\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, host, agent, cookies, forwarded, host, len(form), form)
}

// cookies writes pairs of a name and a value.
func cookies(pairs ...string) string {
	var all []string
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, pairs[i]+"="+pairs[i+1])
	}
	return strings.Join(all, "; ")
}
