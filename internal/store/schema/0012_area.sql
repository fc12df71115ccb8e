-- +goose Up
-- The same without a list of kinds: they are those of access.Case, and grow.
CREATE TABLE desk_case_now ( -- for the fund's people to look at
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
INSERT INTO desk_case_now (fund, id, kind, member, why, journey, at, ended_at)
    SELECT fund, id, kind, member, why, journey, at, ended_at FROM desk_case;
DROP TABLE desk_case;
ALTER TABLE desk_case_now RENAME TO desk_case;
CREATE UNIQUE INDEX desk_case_one ON desk_case (fund, member, kind, why) WHERE ended_at = 0;
