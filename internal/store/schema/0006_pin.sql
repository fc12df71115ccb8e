-- +goose Up
-- Secrets that are given back in two halves, the PIN of acts, and what makes a
-- mobile reliable.

CREATE TABLE pin ( -- typed before a code is sent; it confirms nothing by itself
    fund    TEXT   NOT NULL,
    member  TEXT   NOT NULL,
    hash    TEXT   NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (fund, member)
);
-- A temporary password is good while the challenge of the other half is open.
CREATE TABLE handed (
    fund      TEXT   NOT NULL,
    id        TEXT   NOT NULL, -- what the challenge is about
    challenge TEXT   NOT NULL,
    member    TEXT   NOT NULL,
    hash      TEXT   NOT NULL, -- emptied at its use
    made_at   BIGINT NOT NULL,
    used_at   BIGINT NOT NULL, -- 0: not
    PRIMARY KEY (fund, id)
);
CREATE INDEX handed_member ON handed (fund, member, made_at);
CREATE TABLE mobile_trust ( -- what a number earned or lost, beside what the register says
    fund     TEXT   NOT NULL,
    member   TEXT   NOT NULL,
    number   TEXT   NOT NULL, -- keyed hash
    source   TEXT   NOT NULL CHECK (source IN ('', 'sms', 'desk', 'form')),
    by_whom  TEXT   NOT NULL, -- a journey, or a person of the office
    at       BIGINT NOT NULL, -- 0: only lost
    failures BIGINT NOT NULL,
    lost_at  BIGINT NOT NULL, -- 0: not
    lost_why TEXT   NOT NULL,
    PRIMARY KEY (fund, member, number)
);
CREATE TABLE desk_case ( -- for the fund's people to look at
    fund     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    kind     TEXT   NOT NULL CHECK (kind IN ('recovery', 'half_delivered', 'not_me')),
    member   TEXT   NOT NULL,
    why      TEXT   NOT NULL,
    journey  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    ended_at BIGINT NOT NULL, -- 0: open
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX desk_case_one ON desk_case (fund, member, kind, why) WHERE ended_at = 0;

-- Sign-ins for which the change of a password was put off; NULL is none.
ALTER TABLE credential ADD COLUMN postponed BIGINT;

-- Keyed hash of the mobile of an entry, to count the people who have it.
ALTER TABLE entry ADD COLUMN mobile TEXT;
ALTER TABLE entry_change ADD COLUMN mobile TEXT;
CREATE INDEX entry_mobile ON entry (fund, mobile) WHERE mobile IS NOT NULL;
