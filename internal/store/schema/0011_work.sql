-- +goose Up
CREATE TABLE work_spent ( -- proofs of work that were used, until they could not be used again in any case
    fund  TEXT   NOT NULL,
    id    TEXT   NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (fund, id)
);
