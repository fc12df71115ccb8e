-- +goose Up
-- The same table without a list of kinds: which there are, the program says
-- (access.Case).
ALTER TABLE desk_case RENAME TO desk_case_old;
DROP INDEX desk_case_one;
CREATE TABLE desk_case ( -- for the fund's people to look at
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
    SELECT fund, id, kind, member, why, journey, at, ended_at FROM desk_case_old;
DROP TABLE desk_case_old;
CREATE UNIQUE INDEX desk_case_one ON desk_case (fund, member, kind, why) WHERE ended_at = 0;
