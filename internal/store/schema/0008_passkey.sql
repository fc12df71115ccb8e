-- +goose Up
-- Passkeys (WebAuthn), and the questions that one answers.

CREATE TABLE passkey (
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    member     TEXT   NOT NULL,
    host       TEXT   NOT NULL, -- the relying party: it is good there and nowhere else
    credential BYTEA  NOT NULL, -- what it is found by; public
    data       BYTEA  NOT NULL, -- its public key, flags and counter, sealed
    name       BYTEA  NOT NULL, -- the member's own word for it, sealed
    code_kind  TEXT   NOT NULL, -- of the code that let it in
    code_by    TEXT   NOT NULL, -- keyed hash of where that code went
    uses       BIGINT NOT NULL, -- right answers: of two at the same moment, one counts
    made_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL, -- 0: never
    muted_at   BIGINT NOT NULL, -- 0: not; its counter went backwards, so there are two of it
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX passkey_credential ON passkey (fund, host, credential);
CREATE INDEX passkey_member ON passkey (fund, member, made_at);
CREATE TABLE passkey_session ( -- a question to a browser; deleted before its answer is looked at, so that it is answered once
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL, -- SHA-256 of what the cookie holds, of a sign-in or a journey
    member     TEXT   NOT NULL, -- '': to sign in, whoever it is
    host       TEXT   NOT NULL,
    data       BYTEA  NOT NULL, -- sealed
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (fund, id)
);
CREATE INDEX passkey_session_ending ON passkey_session (fund, expires_at);
