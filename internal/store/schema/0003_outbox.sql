-- +goose Up
-- Queues by kind: each begins at its own place in the index, what expires before
-- what can wait, so that nothing stands behind a gateway it does not go to.
DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (fund, kind, (expires_at = 0), next_at, id) WHERE state = 'queued';
-- How often nobody knew whether the message had been taken. NULL is 0: a row of
-- a program before this one.
ALTER TABLE outbox ADD COLUMN doubts BIGINT;
