-- +goose Up
CREATE TABLE member_freeze ( -- a member said «that was not me»: nothing is changed or confirmed until the office ends it
    fund     TEXT   NOT NULL,
    id       TEXT   NOT NULL,
    member   TEXT   NOT NULL,
    session  TEXT   NOT NULL, -- in which it was said
    since    BIGINT NOT NULL,
    ended_at BIGINT NOT NULL, -- 0: in force
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX member_freeze_one ON member_freeze (fund, member) WHERE ended_at = 0;
