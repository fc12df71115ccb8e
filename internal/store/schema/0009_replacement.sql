-- +goose Up
-- A lost factor: a letter with a code, and the replacement that waits a day.

CREATE TABLE factor_letter ( -- good is the one that was not ended; a newer one ends it
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    member     TEXT   NOT NULL,
    hash       BYTEA  NOT NULL, -- keyed; emptied at its end
    by_whom    TEXT   NOT NULL, -- the person of the office
    made_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL, -- 0: not
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX factor_letter_one ON factor_letter (fund, member) WHERE ended_at = 0;
-- A replacement can be used from ready_at until lapses_at, once, unless it was
-- stopped. Whether it has lapsed its times say, and nothing has to come by.
CREATE TABLE replacement (
    fund       TEXT   NOT NULL,
    id         TEXT   NOT NULL,
    member     TEXT   NOT NULL,
    source     TEXT   NOT NULL CHECK (source IN ('letter', 'staff')),
    by_whom    TEXT   NOT NULL, -- a journey, or the person of the office
    stop       BYTEA  NOT NULL, -- keyed hash of the code that stops it
    state      TEXT   NOT NULL CHECK (state IN ('waiting', 'used', 'stopped', 'lapsed')),
    started_at BIGINT NOT NULL,
    ready_at   BIGINT NOT NULL,
    lapses_at  BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL, -- 0: not
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX replacement_one ON replacement (fund, member) WHERE state = 'waiting';
CREATE INDEX replacement_stop ON replacement (fund, member, stop);

-- The same table, with more kinds of case than could be foreseen: which there are,
-- the program says (access.Case).
ALTER TABLE desk_case RENAME TO desk_case_before;
DROP INDEX desk_case_one;
CREATE TABLE desk_case (
    fund     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    member   TEXT   NOT NULL,
    why      TEXT   NOT NULL,
    journey  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    ended_at BIGINT NOT NULL, -- 0: open
    PRIMARY KEY (fund, id)
);
INSERT INTO desk_case (fund, id, kind, member, why, journey, at, ended_at)
    SELECT fund, id, kind, member, why, journey, at, ended_at FROM desk_case_before;
DROP TABLE desk_case_before;
CREATE UNIQUE INDEX desk_case_one ON desk_case (fund, member, kind, why) WHERE ended_at = 0;
