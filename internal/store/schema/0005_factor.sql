-- +goose Up
-- People who enrol themselves: a user name, what they accepted, an app that makes
-- codes, and codes for the day that it is lost.

-- Who signs in with an e-mail address. A reserved one is held for a journey that
-- proved the mailbox, and is free again from a time on (S-21).
CREATE TABLE username (
    fund     TEXT   NOT NULL,
    found_by TEXT   NOT NULL, -- keyed hash of the name, folded
    member   TEXT   NOT NULL,
    name     BYTEA  NOT NULL, -- and the address as it is written to
    state    TEXT   NOT NULL CHECK (state IN ('reserved', 'active')),
    journey  TEXT   NOT NULL,
    until    BIGINT NOT NULL, -- of a reserved one; 0: for good
    PRIMARY KEY (fund, found_by)
);
CREATE INDEX username_member ON username (fund, member, found_by);
CREATE UNIQUE INDEX username_one ON username (fund, member) WHERE state = 'active';
CREATE TABLE consent ( -- what was read and accepted (S-6); never changed
    fund    TEXT   NOT NULL,
    member  TEXT   NOT NULL,
    what    TEXT   NOT NULL,
    version TEXT   NOT NULL,
    lang    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    journey TEXT   NOT NULL,
    PRIMARY KEY (fund, member, what, version, at)
);
CREATE TABLE factor ( -- an app that makes codes
    fund      TEXT   NOT NULL,
    id        TEXT   NOT NULL,
    member    TEXT   NOT NULL,
    secret    BYTEA  NOT NULL, -- emptied when it ends
    proved_at BIGINT NOT NULL,
    ended_at  BIGINT NOT NULL, -- 0: in use
    PRIMARY KEY (fund, id)
);
CREATE INDEX factor_member ON factor (fund, member, ended_at);
CREATE UNIQUE INDEX factor_one ON factor (fund, member) WHERE ended_at = 0;
CREATE TABLE totp_used ( -- the key: a code of an app is good once, on every node (RFC 6238 5.2)
    fund      TEXT   NOT NULL,
    member    TEXT   NOT NULL,
    step      BIGINT NOT NULL, -- half minutes since 1970
    challenge TEXT   NOT NULL,
    PRIMARY KEY (fund, member, step)
);
CREATE TABLE recovery_code (
    fund    TEXT   NOT NULL,
    member  TEXT   NOT NULL,
    hash    BYTEA  NOT NULL, -- keyed
    made_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL, -- 0: not
    PRIMARY KEY (fund, member, hash)
);
