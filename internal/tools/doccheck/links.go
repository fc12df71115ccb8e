package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	inline    = regexp.MustCompile(`!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)`)
	reference = regexp.MustCompile(`(?m)^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?`)
	heading   = regexp.MustCompile(`^#{1,6}\s+(.*?)\s*#*$`)
	code      = regexp.MustCompile("`[^`]*`")
	linkText  = regexp.MustCompile(`!?\[([^\]]*)\]\([^)]*\)`)
)

// links names each relative link of a Markdown file that leads nowhere: no such
// file, or no such heading in it.
func links(root, path string, text []byte) (complaints []string) {
	for n, line := range prose(string(text)) {
		line = code.ReplaceAllString(line, "")
		found := append(inline.FindAllStringSubmatch(line, -1), reference.FindAllStringSubmatch(line, -1)...)
		for _, link := range found {
			if why := broken(root, path, link[1]); why != "" {
				complaints = append(complaints, fmt.Sprintf("%s:%d: link to %s: %s", path, n+1, link[1], why))
			}
		}
	}
	return complaints
}

// broken says why a link leads nowhere, or "". Other sites are not asked.
func broken(root, from, link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return err.Error()
	}
	if u.Scheme != "" || u.Host != "" {
		return ""
	}
	target := filepath.Join(root, from)
	if u.Path != "" {
		target = filepath.Join(root, filepath.Dir(from), u.Path)
		if strings.HasPrefix(u.Path, "/") {
			return "it begins at the root of a file system"
		}
	}
	info, err := os.Stat(target)
	if err != nil {
		return "there is no such file"
	}
	if u.Fragment == "" || info.IsDir() || !strings.HasSuffix(target, ".md") {
		return ""
	}
	text, err := os.ReadFile(target)
	if err != nil {
		return err.Error()
	}
	if !anchors(string(text))[u.Fragment] {
		return "there is no such heading"
	}
	return ""
}

// prose is the lines of a Markdown text, those of code blocks emptied.
func prose(text string) []string {
	lines := strings.Split(text, "\n")
	fence := ""
	for i, line := range lines {
		trimmed := strings.TrimSpace(line)
		switch {
		case fence == "" && (strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~")):
			fence = trimmed[:3]
			lines[i] = ""
		case fence != "":
			if strings.HasPrefix(trimmed, fence) {
				fence = ""
			}
			lines[i] = ""
		}
	}
	return lines
}

// anchors are the names headings get where Markdown is usually read: lower
// case, signs left out, spaces as hyphens, a number when there was one before.
func anchors(text string) map[string]bool {
	names := map[string]bool{}
	for _, line := range prose(text) {
		m := heading.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, linkText.ReplaceAllString(m[1], "$1"))
		unique := name
		for i := 1; names[unique]; i++ {
			unique = fmt.Sprintf("%s-%d", name, i)
		}
		names[unique] = true
	}
	return names
}
