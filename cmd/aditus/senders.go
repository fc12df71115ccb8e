package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"aditus/internal/access"
	"aditus/internal/deliver"
	"aditus/internal/settings"
)

// senders are the ways in which messages leave, by kind: a kind that the settings
// say nothing of has none. Close ends them.
func senders(s settings.Settings) (all map[access.Kind]deliver.Sender, close func() error, err error) {
	all = map[access.Kind]deliver.Sender{}
	var closers []func() error
	closeAll := func() error {
		var faults []error
		for _, c := range closers {
			faults = append(faults, c())
		}
		return errors.Join(faults...)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, closeAll())
		}
	}()
	m, err := mailer("smtp", s.SMTP.CA, deliver.SMTPConfig{Host: s.SMTP.Host, Port: s.SMTP.Port, TLS: s.SMTP.TLS,
		Username: s.SMTP.Username, Password: s.SMTP.Password})
	if err != nil {
		return nil, nil, err
	}
	all[access.Email], closers = m, append(closers, m.Close)
	if s.PEC.Host != "" {
		m, err := mailer("pec", s.PEC.CA, deliver.SMTPConfig{Host: s.PEC.Host, Port: s.PEC.Port, TLS: s.PEC.TLS,
			Username: s.PEC.Username, Password: s.PEC.Password, From: s.PEC.From})
		if err != nil {
			return nil, nil, err
		}
		all[access.PEC], closers = m, append(closers, m.Close)
	}
	if s.SMS.URL != "" {
		g, err := gateway(s.SMS)
		if err != nil {
			return nil, nil, err
		}
		all[access.SMS], closers = g, append(closers, g.Close)
	}
	return all, closeAll, nil
}

func mailer(section, ca string, c deliver.SMTPConfig) (m *deliver.SMTP, err error) {
	if c.RootCAs, err = authorities(section, ca); err != nil {
		return nil, err
	}
	if m, err = deliver.NewSMTP(c); err != nil {
		return nil, fmt.Errorf("%s: %w", section, err)
	}
	return m, nil
}

func gateway(s settings.SMS) (*deliver.Gateway, error) {
	c := deliver.GatewayConfig{Method: s.Method, URL: s.URL, Headers: s.Headers, Format: s.Format, Body: s.Body,
		From: s.From, Username: s.Username, Password: s.Password,
		Bounce:    deliver.Rule{Status: s.BounceStatus, At: s.BounceAt, Is: s.BounceIs},
		Permanent: deliver.Rule{Status: s.PermanentStatus, At: s.PermanentAt, Is: s.PermanentIs},
		Temporary: deliver.Rule{Status: s.TemporaryStatus, At: s.TemporaryAt, Is: s.TemporaryIs},
		Success:   deliver.Rule{Status: s.SuccessStatus, At: s.SuccessAt, Is: s.SuccessIs},
		ID:        s.IDAt, Reason: s.ReasonAt, Idempotent: s.Idempotent, PrivateHosts: s.PrivateHosts, Connections: s.Connections}
	var err error
	if c.Connect, err = time.ParseDuration(s.Connect); err != nil {
		return nil, fmt.Errorf("sms.connect: %w", err)
	}
	if c.Answer, err = time.ParseDuration(s.Answer); err != nil {
		return nil, fmt.Errorf("sms.answer: %w", err)
	}
	if c.RootCAs, err = authorities("sms", s.CA); err != nil {
		return nil, err
	}
	g, err := deliver.NewGateway(c)
	if err != nil {
		return nil, fmt.Errorf("sms.%w", err)
	}
	return g, nil
}

// authorities reads whom a server's certificate must come from; nil is the
// system's.
func authorities(section, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s.ca: %w", section, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s.ca: holds no certificate", section)
	}
	return pool, nil
}
