-- +goose Up
-- People who act for others, and people with several profiles.

CREATE TABLE mandate ( -- one member acts for another, in their own name (C-22); shown to the office with a proof
    fund           TEXT   NOT NULL,
    id             TEXT   NOT NULL,
    representative TEXT   NOT NULL, -- who acts
    member         TEXT   NOT NULL, -- for whom
    kind           TEXT   NOT NULL, -- parent, administrator, …: a word of the register's
    proof          BYTEA  NOT NULL, -- the document that was shown
    by_whom        TEXT   NOT NULL, -- the person of the office who saw it
    since          BIGINT NOT NULL,
    until          BIGINT NOT NULL, -- it is over by itself then; 0: when it is ended
    ended_at       BIGINT NOT NULL, -- 0: not ended
    ended_why      TEXT   NOT NULL,
    PRIMARY KEY (fund, id)
);
CREATE UNIQUE INDEX mandate_one ON mandate (fund, representative, member) WHERE ended_at = 0;
CREATE INDEX mandate_member ON mandate (fund, member, id) WHERE ended_at = 0;
CREATE INDEX mandate_ending ON mandate (fund, until) WHERE ended_at = 0 AND until <> 0;

-- The member whose profile is open; '' while none was chosen, NULL where there is but one.
ALTER TABLE session ADD COLUMN profile TEXT;

-- Who acts, where it is not the member; NULL where it is.
ALTER TABLE operation ADD COLUMN actor TEXT;

-- The version whose represented people were looked at; NULL: none was.
ALTER TABLE registry ADD COLUMN looked BIGINT;
CREATE INDEX entry_represented ON entry (fund, id) WHERE held = 'represented';
