-- +goose Up
CREATE TABLE work_spent ( -- proofs of work that were used, until they could not be used again in any case
    fund  TEXT   NOT NULL,
    id    TEXT   NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (fund, id)
);

-- About how long it takes to verify a hash of another system, in microseconds; 0 or
-- NULL for one of ours. What is there was made here.
ALTER TABLE credential ADD COLUMN cost BIGINT;
CREATE INDEX credential_cost ON credential (fund, cost) WHERE cost > 0;
