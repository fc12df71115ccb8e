-- +goose Up
-- One schema for both engines: TEXT, BIGINT (Unix ms), BYTEA; no booleans, no
-- sequences, no deferred constraint. Every table belongs to a fund, and every
-- key begins with it. BYTEA columns hold what is sealed with the fund's keys.

CREATE TABLE registry ( -- which version of its register a fund shows
    fund         TEXT   NOT NULL PRIMARY KEY,
    version      BIGINT NOT NULL,
    published_at BIGINT NOT NULL
);
CREATE TABLE registry_import (
    fund         TEXT   NOT NULL,
    version      BIGINT NOT NULL,
    file         TEXT   NOT NULL, -- its name, for people
    digest       TEXT   NOT NULL, -- SHA-256 of its bytes
    state        TEXT   NOT NULL CHECK (state IN ('staging', 'published', 'dropped')),
    totals       TEXT   NOT NULL, -- JSON: outcome -> rows
    started_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL,
    PRIMARY KEY (fund, version)
);
CREATE TABLE entry ( -- a row of the register; seen once its version is published
    fund    TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    member  TEXT   NOT NULL, -- the person: entries of one person share it
    number  TEXT   NOT NULL,
    login   TEXT   NOT NULL, -- keyed hash of what the person types to be known
    status  TEXT   NOT NULL,
    held    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    digest  TEXT   NOT NULL, -- keyed hash of the normalised row
    record  BYTEA  NOT NULL,
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX entry_number ON entry (fund, number);
CREATE INDEX entry_login ON entry (fund, login);
CREATE INDEX entry_member ON entry (fund, member);
CREATE TABLE entry_change ( -- what the next version changes in rows that are there
    fund    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    id      TEXT   NOT NULL,
    member  TEXT   NOT NULL,
    login   TEXT   NOT NULL,
    status  TEXT   NOT NULL,
    held    TEXT   NOT NULL,
    digest  TEXT   NOT NULL,
    record  BYTEA  NOT NULL,
    PRIMARY KEY (fund, version, id)
);
CREATE TABLE person_key ( -- drop the salt, and what the audit trail says of the person is noise
    fund   TEXT  NOT NULL,
    member TEXT  NOT NULL,
    salt   BYTEA NOT NULL,
    PRIMARY KEY (fund, member)
);
CREATE TABLE credential (
    fund     TEXT   NOT NULL,
    member   TEXT   NOT NULL,
    kind     TEXT   NOT NULL CHECK (kind IN ('password')),
    hash     TEXT   NOT NULL,
    source   TEXT   NOT NULL CHECK (source IN ('registry', 'member')),
    made_at  BIGINT NOT NULL,
    due_at   BIGINT NOT NULL, -- 0: never
    reset_at BIGINT NOT NULL, -- when a code gave it back last; 0: never
    reset_by TEXT   NOT NULL, -- keyed hash of the address that code went to
    PRIMARY KEY (fund, member, kind)
);
CREATE TABLE channel (
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    member     TEXT   NOT NULL,
    kind       TEXT   NOT NULL CHECK (kind IN ('email', 'sms', 'pec')),
    address    BYTEA  NOT NULL,
    found_by   TEXT   NOT NULL, -- keyed hash of the comparable address
    source     TEXT   NOT NULL,
    on_file_at BIGINT NOT NULL,
    proved_at  BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL, -- 0: in use
    PRIMARY KEY (fund, id)
);
CREATE INDEX channel_member ON channel (fund, member, ended_at);
CREATE UNIQUE INDEX channel_one ON channel (fund, member) WHERE ended_at = 0;
CREATE UNIQUE INDEX channel_address ON channel (fund, found_by) WHERE ended_at = 0;
CREATE TABLE enrolment (
    fund    TEXT   NOT NULL,
    member  TEXT   NOT NULL,
    level   TEXT   NOT NULL CHECK (level IN ('read', 'act')),
    journey TEXT   NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (fund, member)
);
CREATE TABLE journey (
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL, -- SHA-256 of what the cookie holds
    member     TEXT   NOT NULL,
    goal       TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    lang       TEXT   NOT NULL,
    session    TEXT   NOT NULL,
    device     TEXT   NOT NULL,
    state      TEXT   NOT NULL CHECK (state IN ('open', 'done', 'dropped')),
    chosen     BYTEA  NOT NULL, -- channel, address, password hash: what the next code will do
    started_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (fund, id)
);
CREATE INDEX journey_member ON journey (fund, member) WHERE state = 'open';
CREATE TABLE challenge (
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    member     TEXT   NOT NULL,
    purpose    TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    session    TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    masked     TEXT   NOT NULL,
    mac        BYTEA  NOT NULL, -- emptied once nothing can be answered any more,
    wiped_at   BIGINT NOT NULL, -- then; 0: it is there
    tries_left BIGINT NOT NULL CHECK (tries_left >= -3),
    state      TEXT   NOT NULL CHECK (state IN ('open', 'passed', 'spent', 'burnt', 'killed', 'replaced', 'bounced', 'lapsed')),
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (fund, id)
);
-- One live code for each person and purpose (F-13). A code that was burnt or
-- cancelled keeps the place until it would have expired.
CREATE UNIQUE INDEX challenge_one_live ON challenge (fund, member, purpose) WHERE state IN ('open', 'burnt', 'killed');
CREATE INDEX challenge_subject ON challenge (fund, member, purpose, issued_at);
CREATE INDEX challenge_ending ON challenge (expires_at, fund) WHERE wiped_at = 0;
CREATE TABLE operation (
    fund         TEXT   NOT NULL,
    id           TEXT   NOT NULL,
    member       TEXT   NOT NULL,
    session      TEXT   NOT NULL,
    act          TEXT   NOT NULL,
    content      BYTEA  NOT NULL, -- the values
    digest       TEXT   NOT NULL,
    state        TEXT   NOT NULL CHECK (state IN ('draft', 'coded', 'confirmed', 'withdrawn', 'lapsed', 'handled')),
    number       TEXT   NOT NULL,
    lang         TEXT   NOT NULL,
    challenge    TEXT   NOT NULL,
    drafted_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL,
    held_until   BIGINT NOT NULL,
    held_for     TEXT   NOT NULL,
    PRIMARY KEY (fund, id)
);
CREATE INDEX operation_member ON operation (fund, member, changed_at);
CREATE UNIQUE INDEX operation_number ON operation (fund, number);
CREATE TABLE confirmation ( -- never changed
    fund       TEXT   NOT NULL,
    operation  TEXT   NOT NULL, -- the key: one operation, one confirmation
    id         TEXT   NOT NULL,
    member     TEXT   NOT NULL,
    session    TEXT   NOT NULL,
    challenge  TEXT   NOT NULL,
    digest     TEXT   NOT NULL,
    method     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    held_until BIGINT NOT NULL,
    receipt    BYTEA  NOT NULL,
    key_id     TEXT   NOT NULL,
    signature  TEXT   NOT NULL,
    PRIMARY KEY (fund, operation)
);
CREATE UNIQUE INDEX confirmation_challenge ON confirmation (fund, challenge);
CREATE TABLE session (
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL, -- SHA-256 of what the cookie holds
    member     TEXT   NOT NULL,
    level      TEXT   NOT NULL CHECK (level IN ('read', 'act')),
    method     TEXT   NOT NULL,
    lang       TEXT   NOT NULL,
    device     TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    proved_at  BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL, -- 0: lives
    PRIMARY KEY (fund, id)
);
CREATE INDEX session_member ON session (fund, member, started_at);
CREATE TABLE device ( -- a browser that a member used before
    fund      TEXT   NOT NULL,
    id        TEXT   NOT NULL, -- SHA-256 of what the cookie holds
    member    TEXT   NOT NULL,
    agent     TEXT   NOT NULL,
    first_at  BIGINT NOT NULL,
    proved_at BIGINT NOT NULL, -- a code was answered on it; 0: never
    seen_at   BIGINT NOT NULL,
    PRIMARY KEY (fund, id, member)
);
CREATE INDEX device_member ON device (fund, member, id);
CREATE TABLE throttle ( -- waits that grow with wrong answers; key is a keyed hash, whether or not the subject exists
    fund    TEXT   NOT NULL,
    key     TEXT   NOT NULL,
    wrong   BIGINT NOT NULL,
    free_at BIGINT NOT NULL, -- nothing is heard before
    until   BIGINT NOT NULL, -- the count starts again from then on
    PRIMARY KEY (fund, key)
);
CREATE TABLE tally ( -- how often, in the present hour and day
    fund       TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    hour_used  BIGINT NOT NULL,
    hour_until BIGINT NOT NULL,
    day_used   BIGINT NOT NULL,
    day_until  BIGINT NOT NULL,
    PRIMARY KEY (fund, key)
);
CREATE TABLE outbox (
    fund        TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    member      TEXT   NOT NULL,
    challenge   TEXT   NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('email', 'sms', 'pec', 'letter')),
    lang        TEXT   NOT NULL,
    key         TEXT   NOT NULL,
    body        BYTEA  NOT NULL, -- address and values; emptied at the final state
    state       TEXT   NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'expired', 'discarded')),
    queued_at   BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL, -- 0: never
    next_at     BIGINT NOT NULL, -- not before
    held_until  BIGINT NOT NULL, -- a worker's lease
    holder      TEXT   NOT NULL,
    fence       BIGINT NOT NULL, -- grows with each claim: an old holder cannot close the row
    tries       BIGINT NOT NULL,
    ended_at    BIGINT NOT NULL,
    provider_id TEXT   NOT NULL,
    said        TEXT   NOT NULL, -- the gateway's last words, without the address
    PRIMARY KEY (fund, id)
);
CREATE INDEX outbox_due ON outbox (fund, next_at) WHERE state = 'queued';
CREATE INDEX outbox_member ON outbox (fund, member, queued_at);
CREATE INDEX outbox_challenge ON outbox (fund, challenge) WHERE challenge <> '';
CREATE TABLE event ( -- append-only
    fund   TEXT   NOT NULL,
    id     TEXT   NOT NULL,
    kind   TEXT   NOT NULL,
    member TEXT   NOT NULL, -- whom it is about, or ''
    body   TEXT   NOT NULL, -- the bytes that are hashed; no personal value in clear
    at     BIGINT NOT NULL,
    n      BIGINT,          -- these two by the sealer, once
    hash   TEXT,
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX event_sealed ON event (fund, n) WHERE n IS NOT NULL;
CREATE INDEX event_unsealed ON event (fund, at, id) WHERE n IS NULL;
CREATE INDEX event_member ON event (fund, member, at);
CREATE TABLE clock_mark ( -- the latest time seen: a clock before it is wrong (R6)
    fund   TEXT   NOT NULL PRIMARY KEY,
    latest BIGINT NOT NULL
);
CREATE TABLE key_check ( -- a word sealed with the fund's keys: another key file is noticed at the start
    fund   TEXT  NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);
CREATE TABLE lease (
    fund       TEXT   NOT NULL,
    work       TEXT   NOT NULL,
    holder     TEXT   NOT NULL,
    held_until BIGINT NOT NULL,
    PRIMARY KEY (fund, work)
);
