package script

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"aditus/internal/access"
	"aditus/internal/audit"
	"aditus/internal/session"
	"aditus/internal/store"
)

// sit opens a session of somebody in the browser in use, as if they had just
// signed in there, and goes to the first page. Login is as the register has it
// in its normal form. For scripts that are about what comes after.
func (w *world) sit(login, level string) error {
	ctx, secret, token := context.Background(), access.NewSecret(), ""
	err := w.app.DB.Write(ctx, w.fund.ID, func(tx *store.Tx) error {
		found, err := tx.MembersByLogin(login)
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("%d people are called %s", len(found), login)
		}
		device := access.Device{ID: session.ID(secret), Member: found[0].ID, Agent: "Firefox, Windows"}
		if level == string(access.LevelAct) {
			device.Proved = tx.Now()
		}
		if err := tx.UseDevice(device); err != nil {
			return err
		}
		token, err = w.app.Sessions.Start(tx, w.fund, access.Session{Member: found[0].ID, Level: access.Level(level), Method: "password",
			Lang: w.fund.Languages[0], Device: device.ID, Agent: device.Agent, ProvedAt: device.Proved}, "new", audit.Where{})
		return err
	})
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"session": token, "device": secret} {
		w.client.Jar.SetCookies(w.home, []*http.Cookie{{Name: "__Host-" + name, Value: value, Path: "/", Secure: true, Expires: time.Now().Add(time.Hour)}})
	}
	return w.open("/")
}
